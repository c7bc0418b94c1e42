// People, devices, tokens, codes, contacts and blocks.
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;

TEST_P(StoreConformance, APersonIsFoundByIdAndByNumber) {
  User ann = user("+491510000001");
  ann.about = "about";
  ann.avatar_media_id = 7;
  ann.privacy.last_seen = LastSeenPrivacy::contacts;
  write([&](Store& store) { store.accounts().insert_user(ann); });
  const auto found =
      read([&](const Store& store) { return store.accounts().find_user_by_phone("+491510000001"); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, ann.id);
  EXPECT_EQ(found->display_name, ann.display_name);
  EXPECT_EQ(found->about, "about");
  EXPECT_EQ(found->avatar_media_id, 7u);
  EXPECT_EQ(found->privacy, ann.privacy);
  EXPECT_EQ(found->created_at, ann.created_at);
  EXPECT_FALSE(found->last_seen_at);
  EXPECT_FALSE(found->deleted);
}

TEST_P(StoreConformance, ANumberThatIsGivenUpIsFreeForSomebodyElse) {
  User ann = user("+491510000001");
  write([&](Store& store) { store.accounts().insert_user(ann); });
  ann.phone_number.clear();
  ann.deleted = true;
  User next = user("+491510000001");
  write([&](Store& store) {
    store.accounts().update_user(ann);
    store.accounts().insert_user(next);
  });
  EXPECT_EQ(read([](const Store& store) { return store.accounts().find_user_by_phone("+491510000001"); })->id,
            next.id);
  EXPECT_TRUE(read([&](const Store& store) { return store.accounts().find_user(ann.id); })->deleted);
}

TEST_P(StoreConformance, UpdatingAPersonLeavesWhenTheyWereLastSeen) {
  User ann = user("+491510000001");
  const Timestamp seen = from_unix_ms(1'790'000'001'000);
  write([&](Store& store) {
    store.accounts().insert_user(ann);
    store.accounts().set_last_seen(ann.id, seen);
    ann.display_name = "Other";
    store.accounts().update_user(ann);
  });
  const auto found = read([&](const Store& store) { return store.accounts().find_user(ann.id); });
  EXPECT_EQ(found->display_name, "Other");
  EXPECT_EQ(found->last_seen_at, seen);
}

TEST_P(StoreConformance, DevicesAreListedByAge) {
  const UserId ann = person();
  const DeviceId first = device_of(ann), second = device_of(ann);
  device_of(person());
  std::vector<DeviceId> listed;
  for (const Device& device : read([&](const Store& store) { return store.accounts().devices_of(ann); }))
    listed.push_back(device.id);
  EXPECT_THAT(listed, ElementsAre(first, second));
}

TEST_P(StoreConformance, ADeviceGoesWithItsTokens) {
  const UserId ann = person();
  const DeviceId device = device_of(ann), other = device_of(ann);
  RefreshToken mine{{1}, device, from_unix_ms(1), std::nullopt},
      others{{2}, other, from_unix_ms(1), std::nullopt};
  write([&](Store& store) {
    store.accounts().insert_refresh_token(mine);
    store.accounts().insert_refresh_token(others);
    store.accounts().delete_device(device);
  });
  read([&](const Store& store) {
    EXPECT_FALSE(store.accounts().find_device(device));
    EXPECT_FALSE(store.accounts().find_refresh_token(mine.hash));
    EXPECT_TRUE(store.accounts().find_refresh_token(others.hash));
    return 0;
  });
}

TEST_P(StoreConformance, SupersedingATokenKeepsTheTimeOfTheFirstTime) {
  const DeviceId device = device_of(person());
  const RefreshToken token{{1}, device, from_unix_ms(1), std::nullopt};
  write([&](Store& store) {
    store.accounts().insert_refresh_token(token);
    store.accounts().supersede_refresh_tokens(device, from_unix_ms(100));
    store.accounts().supersede_refresh_tokens(device, from_unix_ms(200));
  });
  EXPECT_EQ(read([&](const Store& store) {
              return store.accounts().find_refresh_token(token.hash);
            })->superseded_at,
            from_unix_ms(100));
}

TEST_P(StoreConformance, CodesAreListedNewestFirstUntilTheyAreForgotten) {
  Otp otp;
  otp.phone_number = "+491510000001";
  otp.place = {7};
  write([&](Store& store) {
    for (std::uint8_t i = 1; i <= 3; ++i) {
      otp.asked_at = from_unix_ms(i == 1 ? 1000 : 2000);
      otp.code_hash = TokenHash{i};
      store.accounts().insert_otp(otp);
    }
    otp.phone_number = "+491510000002";
    store.accounts().insert_otp(otp);
  });
  const auto codes = [&](std::size_t limit = 10) {
    return read([&](const Store& store) { return store.accounts().otps_of("+491510000001", limit); });
  };
  ASSERT_EQ(codes().size(), 3u);
  EXPECT_EQ(codes()[0].code_hash, TokenHash{3}) << "of the same time the one asked for last";
  EXPECT_EQ(codes()[2].code_hash, TokenHash{1});
  EXPECT_EQ(codes()[0].place, TokenHash{7});
  EXPECT_EQ(codes(2).size(), 2u);

  Otp tried = codes()[0];
  tried.wrong_tries = 3;
  tried.wrong_tries_elsewhere = 2;
  write([&](Store& store) { store.accounts().update_otp(tried); });
  EXPECT_EQ(codes()[0].wrong_tries, 3);
  EXPECT_EQ(codes()[0].wrong_tries_elsewhere, 2);
  EXPECT_EQ(codes()[1].wrong_tries, 0);

  write([](Store& store) { store.accounts().use_up_otps("+491510000001"); });
  EXPECT_EQ(codes().size(), 3u);
  EXPECT_FALSE(codes()[0].code_hash);
  write([](Store& store) { store.accounts().forget_otps_asked_before(from_unix_ms(2000)); });
  EXPECT_EQ(codes().size(), 2u);
  EXPECT_EQ(read([](const Store& store) { return store.accounts().otps_of("+491510000002", 10); }).size(),
            1u);
}

TEST_P(StoreConformance, TheLatestPlacesOfAPersonAreKept) {
  const UserId ann = person(), ben = person();
  write([&](Store& store) {
    for (std::uint8_t i = 1; i <= 4; ++i)
      store.accounts().note_place(ann, TokenHash{i}, from_unix_ms(i), 3);
    store.accounts().note_place(ann, TokenHash{2}, from_unix_ms(5), 3);
    store.accounts().note_place(ann, TokenHash{5}, from_unix_ms(6), 3);
    store.accounts().note_place(ben, TokenHash{9}, from_unix_ms(1), 3);
  });
  EXPECT_THAT(read([&](const Store& store) { return store.accounts().places_of(ann); }),
              ::testing::UnorderedElementsAre(TokenHash{4}, TokenHash{2}, TokenHash{5}));
  write([&](Store& store) { store.accounts().forget_places(ann); });
  EXPECT_TRUE(read([&](const Store& store) { return store.accounts().places_of(ann); }).empty());
  EXPECT_EQ(read([&](const Store& store) { return store.accounts().places_of(ben); }).size(), 1u);
}

TEST_P(StoreConformance, ContactsAndBlocksAreTheirOwnersAlone) {
  const UserId ann = person(), ben = person();
  write([&](Store& store) {
    store.contacts().put_contact(ann, {ben, "+491510000002"});
    store.contacts().put_contact(ann, {ben, "+491510000003"});  // known by another number now
    store.contacts().put_block(ann, ben);
    store.contacts().put_block(ann, ben);
  });
  read([&](const Store& store) {
    const auto contacts = store.contacts().contacts_of(ann, {}, 10);
    EXPECT_EQ(contacts.size(), 1u);
    EXPECT_EQ(contacts.at(0).phone_number, "+491510000003");
    EXPECT_EQ(store.contacts().count_contacts(ann), 1u);
    EXPECT_TRUE(store.contacts().has_contact(ann, ben));
    EXPECT_FALSE(store.contacts().has_contact(ben, ann));
    EXPECT_TRUE(store.contacts().is_blocked(ann, ben));
    EXPECT_FALSE(store.contacts().is_blocked(ben, ann));
    EXPECT_EQ(store.contacts().count_blocks(ann), 1u);
    return 0;
  });
  write([&](Store& store) {
    EXPECT_TRUE(store.contacts().delete_contact(ann, ben));
    EXPECT_FALSE(store.contacts().delete_contact(ann, ben));
    store.contacts().delete_block(ann, ben);
  });
  EXPECT_FALSE(read([&](const Store& store) { return store.contacts().is_blocked(ann, ben); }));
}

}  // namespace
}  // namespace sotto::server

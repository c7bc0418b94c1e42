// The stream of a person, merged from every source.
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StreamConformance : public StoreConformance {
 protected:
  StreamEntries next(UserId user, std::size_t limit, Place after = {}, Place receipts_after = {}) {
    return read([&](const Store& store) {
      return store.stream().next({user, after, receipts_after, limit});
    });
  }
  static std::vector<std::string> kinds(const StreamEntries& found) {
    static constexpr const char* kNames[] = {"message", "change", "receipt", "gap"};
    std::vector<std::string> kinds;
    for (const StreamEntry& entry : found.entries)
      kinds.emplace_back(kNames[entry.what.index()]);
    return kinds;
  }
  Change rename(ConversationId chat, const std::vector<UserId>& audience) {
    const Change change{id<ChangeId>(), chat, ChangeKind::renamed, audience.front(), {}};
    write([&](Store& store) { store.conversations().insert_change(change, audience); });
    return change;
  }
  Receipt delivered(const StoredMessage& message, UserId by) {
    const Receipt receipt{id<ReceiptId>(),  message.sender, message.conversation, message.id, by,
                          Status::delivered};
    write([&](Store& store) { store.receipts().insert_delivered(receipt); });
    return receipt;
  }
  /// From now on its messages are stored once.
  void make_large(ConversationId chat) {
    write([&](Store& store) { store.conversations().set_log_from(chat, id<MessageId>()); });
  }
};

INSTANTIATE_TEST_SUITE_P(Backends, StreamConformance, ::testing::ValuesIn(backends()), name_of);

TEST_P(StreamConformance, EverySourceIsInItInTheOrderOfPlaces) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben}), large = group({ann, ben});
  make_large(large);
  const auto gone = say(chat, ann, {ann, ben});
  write([&](Store& store) { store.messages().remove_oldest(gone.id, 9); });
  const auto first = say(chat, ann, {ann, ben});
  const auto logged = say(large, ben, {});
  const auto receipt = delivered(first, ben);
  const auto change = rename(chat, {ann, ben});
  const auto logged_too = say(large, ben, {});
  const auto second = say(chat, ben, {ann, ben});

  const StreamEntries found = next(ann, 100);
  EXPECT_THAT(kinds(found),
              ElementsAre("gap", "message", "message", "receipt", "change", "message", "message"));
  EXPECT_THAT(stream_of(ann),
              ElementsAre(place_of(gone.id), place_of(first.id), place_of(logged.id), place_of(receipt.id),
                          place_of(change.id), place_of(logged_too.id), place_of(second.id)));
  EXPECT_FALSE(found.more);
  EXPECT_EQ(std::get<Gap>(found.entries[0].what).conversation, chat);
  EXPECT_EQ(std::get<MessageId>(found.entries[2].what), logged.id);
  EXPECT_EQ(std::get<Receipt>(found.entries[3].what).user, ben);
  EXPECT_EQ(std::get<ChangeId>(found.entries[4].what), change.id);
}

TEST_P(StreamConformance, APageOfAnySizeLeadsToTheSameStream) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben}), large = group({ann, ben}), larger = group({ann, ben});
  make_large(large);
  make_large(larger);
  for (int i = 0; i < 4; ++i) {
    say(larger, ann, {});
    delivered(say(chat, ann, {ann, ben}), ben);
    say(large, ben, {});
    rename(chat, {ann, ben});
  }
  const std::vector<Place> all = stream_of(ann);
  ASSERT_EQ(all.size(), 20u);
  for (const std::size_t limit : {1u, 2u, 3u, 7u, 20u, 21u}) {
    std::vector<Place> places;
    for (bool more = true; more;) {
      const StreamEntries page = next(ann, limit, places.empty() ? Place{} : places.back());
      ASSERT_FALSE(page.entries.empty());
      EXPECT_LE(page.entries.size(), limit);
      for (const StreamEntry& entry : page.entries)
        places.push_back(entry.place);
      more = page.more;
    }
    EXPECT_EQ(places, all) << limit;
  }
}

TEST_P(StreamConformance, ReceiptsAreLeftOutWhereTheyAreNotWanted) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const auto early = delivered(say(chat, ann, {ann, ben}), ben);
  delivered(say(chat, ann, {ann, ben}), ben);
  EXPECT_THAT(kinds(next(ann, 9)), ElementsAre("message", "receipt", "message", "receipt"));
  EXPECT_THAT(kinds(next(ann, 9, {}, place_of(early.id))), ElementsAre("message", "message", "receipt"));
  EXPECT_THAT(kinds(next(ann, 9, {}, StreamQuery::kNoReceipts)), ElementsAre("message", "message"));
}

TEST_P(StreamConformance, WhoLeftALargeGroupHasWhatWasSaidUntilThen) {
  const UserId ann = person(), ben = person();
  const ConversationId large = group({ann, ben});
  make_large(large);
  const auto before = say(large, ann, {});
  write([&](Store& store) { store.conversations().end_membership(large, ben, id<Place>()); });
  const auto after = say(large, ann, {});
  EXPECT_THAT(stream_of(ben), ElementsAre(place_of(before.id)));
  EXPECT_THAT(stream_of(ann), ElementsAre(place_of(before.id), place_of(after.id)));
}

TEST_P(StreamConformance, ADeletedConversationHasNoLog) {
  const UserId ann = person(), ben = person();
  const ConversationId large = group({ann, ben});
  make_large(large);
  say(large, ann, {});
  write([&](Store& store) { store.conversations().mark_deleted(large, id<Place>()); });
  EXPECT_THAT(stream_of(ann), IsEmpty());
}

}  // namespace
}  // namespace sotto::server

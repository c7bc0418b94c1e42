// Conversations, memberships and their changes.
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(StoreConformance, MembersAreAscendingByUser) {
  const UserId ann = person(), ben = person(), cem = person();
  const ConversationId chat = group({cem, ann, ben});
  const ConversationPtr state = read([&](const Store& store) { return store.conversations().find(chat); });
  std::vector<UserId> members;
  for (const Member& member : state->members)
    members.push_back(member.user);
  EXPECT_THAT(members, ElementsAre(ann, ben, cem));
}

TEST_P(StoreConformance, ADirectConversationIsFoundInEitherOrder) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  write([&](Store& store) { store.conversations().set_direct(ann, ben, chat); });
  read([&](const Store& store) {
    EXPECT_EQ(store.conversations().find_direct(ann, ben), chat);
    EXPECT_EQ(store.conversations().find_direct(ben, ann), chat);
    EXPECT_FALSE(store.conversations().find_direct(ann, ann));
    return 0;
  });
}

TEST_P(StoreConformance, ACreationKeyIsItsCreatorsAlone) {
  const UserId ann = person(), ben = person();
  ConversationState state;
  state.id = id<ConversationId>();
  state.kind = ConversationKind::group;
  state.last_change = Place{state.id.value};
  state.members = {{ann, Role::admin, state.last_change}};
  write([&](Store& store) { store.conversations().insert(state, ann, "key"); });
  read([&](const Store& store) {
    EXPECT_EQ(store.conversations().find_by_creation_key(ann, "key"), state.id);
    EXPECT_FALSE(store.conversations().find_by_creation_key(ben, "key"));
    EXPECT_FALSE(store.conversations().find_by_creation_key(ann, "other"));
    return 0;
  });
}

TEST_P(StoreConformance, WhoLeavesAndComesBackHasTwoPeriods) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  const auto left = id<Place>(), back = id<Place>();
  write([&](Store& store) {
    store.conversations().end_membership(chat, ben, left);
    store.conversations().add_member(chat, {ben, Role::member, back});
  });
  const auto periods = read([&](const Store& store) { return store.conversations().periods(chat, ben); });
  ASSERT_EQ(periods.size(), 2u);
  EXPECT_EQ(periods[0].left_id, left);
  EXPECT_EQ(periods[1].joined_id, back);
  EXPECT_FALSE(periods[1].left_id);
}

TEST_P(StoreConformance, RolesAndNamesChange) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  write([&](Store& store) {
    store.conversations().set_role(chat, ben, Role::admin);
    store.conversations().rename(chat, "Other");
  });
  const auto state = read([&](const Store& store) { return store.conversations().find(chat); });
  EXPECT_EQ(state->name, "Other");
  EXPECT_EQ(state->find(ben)->role, Role::admin);
  EXPECT_EQ(state->find(ann)->role, Role::member);
}

TEST_P(StoreConformance, ADeletedConversationIsFoundWithoutMembers) {
  const UserId ann = person(), ben = person();
  const ConversationId chat = group({ann, ben});
  write([&](Store& store) { store.conversations().mark_deleted(chat, id<Place>()); });
  read([&](const Store& store) {
    EXPECT_TRUE(store.conversations().is_deleted(chat));
    EXPECT_TRUE(store.conversations().find(chat)->deleted);
    EXPECT_THAT(store.conversations().find(chat)->members, IsEmpty());
    EXPECT_THAT(store.conversations().inbox(ann), IsEmpty());
    return 0;
  });
}

TEST_P(StoreConformance, AChangeReachesItsAudienceInOrder) {
  const UserId ann = person(), ben = person(), cem = person();
  const ConversationId chat = group({ann, ben});
  Change first{id<ChangeId>(), chat, ChangeKind::renamed, ann, {}};
  Change second{id<ChangeId>(), chat, ChangeKind::members_added, ann, {cem}};
  write([&](Store& store) {
    store.conversations().insert_change(first, std::vector{ann, ben});
    store.conversations().insert_change(second, std::vector{ann, ben, cem});
  });
  EXPECT_THAT(stream_of(ben), ElementsAre(place_of(first.id), place_of(second.id)));
  EXPECT_THAT(stream_of(ben, place_of(first.id)), ElementsAre(place_of(second.id)));
  EXPECT_THAT(stream_of(cem), ElementsAre(place_of(second.id)));
  read([&](const Store& store) {
    const auto found = store.conversations().find_change(second.id);
    EXPECT_EQ(found->kind, ChangeKind::members_added);
    EXPECT_THAT(found->affected, ElementsAre(cem));
    EXPECT_EQ(store.conversations().find(chat)->last_change, Place{second.id.value});
    return 0;
  });
}

}  // namespace
}  // namespace sotto::server

// Groups: roles, sizes, coming and going.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using testing::World;

class Groups : public ::testing::Test {
 protected:
  static Limits limits() {
    Limits limits;
    limits.group_members = 5;
    return limits;
  }
  auto create(const Caller& who, const NewGroup& group) {
    return world.write([&](Store& db, WriteContext& c) { return world.groups.create(db, c, who, group); });
  }
  auto add(const Caller& who, ConversationId group, const std::vector<UserId>& users) {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.groups.add_members(db, c, who, group, users); });
  }
  auto remove(const Caller& who, ConversationId group, UserId user) {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.groups.remove_member(db, c, who, group, user); });
  }
  auto rename(const Caller& who, ConversationId group, const std::string& name) {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.groups.rename(db, c, who, group, name); });
  }
  auto set_role(const Caller& who, ConversationId group, UserId user, Role role) {
    return world.write(
        [&](Store& db, WriteContext& c) { return world.groups.set_role(db, c, who, group, user, role); });
  }
  ConversationPtr state(ConversationId group) {
    return world.read([&](const Store& db, Timestamp) { return db.conversations().find(group); });
  }
  std::vector<ChangeKind> changes() {
    std::vector<ChangeKind> kinds;
    for (const auto& told : world.told<ConversationChange>())
      kinds.push_back(told.value.change.kind);
    return kinds;
  }

  World world{limits()};
  Caller ann = world.person("Ann");
  Caller ben = world.person("Ben");
  Caller cid = world.person("Cid");
};

TEST_F(Groups, TheCreatorIsItsAdminAndEverybodyIsTold) {
  const auto group = create(ann, {"Friends", {cid.user, ben.user}, {}});
  ASSERT_TRUE(group);
  EXPECT_EQ((*group)->name, "Friends");
  EXPECT_EQ((*group)->members.size(), 3u);
  EXPECT_EQ((*group)->find(ann.user)->role, Role::admin);
  EXPECT_EQ((*group)->find(ben.user)->role, Role::member);
  const auto told = world.told<ConversationChange>();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].value.change.kind, ChangeKind::created);
  EXPECT_THAT(told[0].people(), UnorderedElementsAre(ann.user, ben.user, cid.user));
  EXPECT_EQ(told[0].value.state->last_change, place_of(told[0].value.change.id));
}

TEST_F(Groups, BadListsOfMembersAreNamedAndMakeNothing) {
  const auto twice = create(ann, {"G", {ben.user, ben.user}, {}});
  EXPECT_EQ(twice.error().code, ServiceCode::bad_request);
  EXPECT_THAT(twice.error().detail, HasSubstr(to_string(ben.user)));
  const auto nobody = create(ann, {"G", {UserId{42}}, {}});
  EXPECT_EQ(nobody.error().code, ServiceCode::not_found);
  EXPECT_THAT(nobody.error().detail, HasSubstr("42"));
  EXPECT_EQ(create(ann, {"G", std::vector<UserId>(6, UserId{1}), {}}).error().code,
            ServiceCode::group_too_large);
  EXPECT_EQ(create(ann, {"", {}, {}}).error().code, ServiceCode::bad_request);
  EXPECT_EQ(create(ann, {std::string(101, 'n'), {}, {}}).error().code, ServiceCode::bad_request);
  EXPECT_EQ(create(ann, {"a\nb", {}, {}}).error().code, ServiceCode::bad_request);
  EXPECT_EQ(create(ann, {"\xc0\xaf", {}, {}}).error().code, ServiceCode::bad_request);
  EXPECT_EQ(world.count("conversations"), 0);
}

TEST_F(Groups, ANameMayHaveAHundredCodePointsOfAnyScript) {
  std::string name;
  for (int i = 0; i < 100; ++i)
    name += "\xe6\xbc\xa2";
  EXPECT_TRUE(create(ann, {name, {}, {}}));
  EXPECT_FALSE(create(ann, {name + "x", {}, {}}));
}

TEST_F(Groups, TheLimitCountsTheCreatorToo) {
  std::vector<UserId> four = {ben.user, cid.user, world.person("D").user, world.person("E").user};
  const auto full = create(ann, {"Full", four, {}});
  ASSERT_TRUE(full);
  EXPECT_EQ(add(ann, (*full)->id, {world.person("F").user}).error().code, ServiceCode::group_too_large);
  four.push_back(world.person("G").user);
  EXPECT_EQ(create(ann, {"Over", four, {}}).error().code, ServiceCode::group_too_large);
  four.push_back(ann.user);
  EXPECT_EQ(create(ann, {"Over", four, {}}).error().code, ServiceCode::group_too_large);
}

TEST_F(Groups, TooManyMembersAreToldBeforeAnybodyIsLookedUp) {
  const std::vector<UserId> nobody = {UserId{1}, UserId{2}, UserId{3}, UserId{4}, UserId{5}};
  EXPECT_EQ(create(ann, {"Over", nobody, {}}).error().code, ServiceCode::group_too_large);
}

TEST_F(Groups, ACreationKeySeenBeforeAnswersWithTheFirstGroup) {
  const auto first = create(ann, {"G", {ben.user}, "key"});
  const auto again = create(ann, {"G", {ben.user}, "key"});
  EXPECT_EQ((*first)->id, (*again)->id);
  EXPECT_TRUE(world.events.empty());
  EXPECT_NE((*create(ben, {"G", {}, "key"}))->id, (*first)->id);
  EXPECT_EQ(create(ann, {"G", {}, std::string(kMaxCreationKey + 1, 'k')}).error().code,
            ServiceCode::bad_request);
}

TEST_F(Groups, OnlyAdminsChangeAGroup) {
  const ConversationId group = world.group(ann, {ben, cid});
  EXPECT_EQ(rename(ben, group, "Mine").error().code, ServiceCode::not_allowed);
  EXPECT_EQ(add(ben, group, {world.person("D").user}).error().code, ServiceCode::not_allowed);
  EXPECT_EQ(remove(ben, group, cid.user).error().code, ServiceCode::not_allowed);
  EXPECT_EQ(set_role(ben, group, ben.user, Role::admin).error().code, ServiceCode::not_allowed);
  const auto deleted =
      world.write([&](Store& db, WriteContext& c) { return world.groups.remove(db, c, ben, group); });
  EXPECT_EQ(deleted.error().code, ServiceCode::not_allowed);

  ASSERT_TRUE(set_role(ann, group, ben.user, Role::admin));
  EXPECT_TRUE(rename(ben, group, "Ours"));
  EXPECT_EQ(state(group)->name, "Ours");
}

TEST_F(Groups, ToAStrangerAGroupIsAsIfItWereNotThere) {
  const ConversationId group = world.group(ann, {cid});
  for (const ConversationId id : {group, ConversationId{5}}) {
    const ServiceError refused = rename(ben, id, "x").error();
    EXPECT_EQ(refused.code, ServiceCode::not_found);
    EXPECT_EQ(refused.detail, "conversation_id: no conversation " + to_string(id));
  }
  world.remove(ann, group, cid);
  EXPECT_EQ(rename(cid, group, "x").error().code, ServiceCode::not_a_member);
  const ConversationId direct = world.direct(ann, ben)->id;
  EXPECT_EQ(rename(ann, direct, "x").error().code, ServiceCode::not_found);
  EXPECT_EQ(remove(ann, direct, ann.user).error().code, ServiceCode::not_found);
}

TEST_F(Groups, AddingWhoIsInAlreadyChangesNothing) {
  const ConversationId group = world.group(ann, {ben});
  ASSERT_TRUE(add(ann, group, {ben.user}));
  EXPECT_TRUE(world.events.empty());
  ASSERT_TRUE(add(ann, group, {ben.user, cid.user}));
  EXPECT_THAT(world.told<ConversationChange>()[0].value.change.affected, ElementsAre(cid.user));
  EXPECT_EQ(add(ann, group, {}).error().code, ServiceCode::bad_request);
}

TEST_F(Groups, AnyoneMayLeaveAndTheOthersStay) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(remove(ben, group, ben.user));
  EXPECT_THAT(changes(), ElementsAre(ChangeKind::members_removed));
  EXPECT_EQ(state(group)->members.size(), 2u);
  EXPECT_EQ(remove(ben, group, ben.user).error().code, ServiceCode::not_a_member);
  EXPECT_EQ(remove(ann, group, ben.user).error().code, ServiceCode::not_found);
}

TEST_F(Groups, WhenTheLastAdminLeavesTheLongestStandingMemberTakesOver) {
  const ConversationId group = world.group(ann, {cid});
  world.add(ann, group, ben);  // a smaller id than Cid's, but later
  ASSERT_TRUE(remove(ann, group, ann.user));
  EXPECT_THAT(changes(), ElementsAre(ChangeKind::members_removed, ChangeKind::role_changed));
  EXPECT_EQ(state(group)->find(cid.user)->role, Role::admin);
  EXPECT_EQ(state(group)->find(ben.user)->role, Role::member);
}

TEST_F(Groups, AnAdminWhoIsNotTheLastLeavesWithoutAnHeir) {
  const ConversationId group = world.group(ann, {ben, cid});
  ASSERT_TRUE(set_role(ann, group, cid.user, Role::admin));
  ASSERT_TRUE(remove(ann, group, ann.user));
  EXPECT_THAT(changes(), ElementsAre(ChangeKind::members_removed));
  EXPECT_EQ(state(group)->admins(), 1u);
}

TEST_F(Groups, TheLastAdminCannotStepDown) {
  const ConversationId group = world.group(ann, {ben});
  EXPECT_EQ(set_role(ann, group, ann.user, Role::member).error().code, ServiceCode::not_allowed);
  ASSERT_TRUE(set_role(ann, group, ben.user, Role::admin));
  EXPECT_TRUE(set_role(ann, group, ann.user, Role::member));
}

TEST_F(Groups, AGroupIsDeletedWhenItsLastMemberLeaves) {
  const ConversationId group = world.group(ann, {});
  ASSERT_TRUE(remove(ann, group, ann.user));
  EXPECT_THAT(changes(), ElementsAre(ChangeKind::deleted));
  EXPECT_TRUE(state(group)->deleted);
}

TEST_F(Groups, DeletingAnAccountLeavesEveryGroupAndFreesTheNumber) {
  const ConversationId group = world.group(ann, {ben, cid});
  const ConversationId direct = world.direct(ann, ben)->id;
  const std::string number = world.me(ann)->phone_number;
  const Caller other = world.device_of(ann);
  ASSERT_TRUE(world.write([&](Store& db, WriteContext& c) { return world.users.remove(db, c, ann); }));
  EXPECT_EQ(world.events_of<DeviceRevoked>().size(), 2u);
  EXPECT_EQ(state(group)->admins(), 1u);
  EXPECT_FALSE(state(group)->has(ann.user));
  EXPECT_FALSE(state(direct)->has(ann.user));
  EXPECT_EQ(world.say(ben, direct, "are you there?").error().code, ServiceCode::not_found);
  EXPECT_EQ(world.say(ben, ann, "are you there?").error().code, ServiceCode::not_found);
  const auto found =
      world.read([&](const Store& db, Timestamp) { return world.users.find(db, ben, ann.user); });
  EXPECT_EQ(found.error().code, ServiceCode::not_found);
  const auto free =
      world.read([&](const Store& db, Timestamp) { return !db.accounts().find_user_by_phone(number); });
  EXPECT_TRUE(free);
  EXPECT_FALSE(world.me(other));
}

}  // namespace
}  // namespace sotto::server

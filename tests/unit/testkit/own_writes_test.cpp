// With the real server: what an operation has changed is there when it has completed, without waiting for the
// stream.
#include <algorithm>

#include "tests/unit/testkit/people.hpp"

namespace sotto::testing {
namespace {

struct OwnWrites : ::testing::Test {
  People people;
  Client& alice = *people.alice;
  UserId bob = people.bob->account()->user_id;
  ConversationId group;

  void SetUp() override {
    const auto made = people.world.wait(alice.create_group("friends", {}));
    ASSERT_TRUE(made.ok());
    group = made->id;
  }
  std::optional<Role> role_of(UserId user) {
    const auto members = people.world.wait(alice.members(group));
    for (const Member& member : *members)
      if (member.user_id == user) return member.role;
    return std::nullopt;
  }
  Conversation conversation() { return *people.world.wait(alice.conversation(group)); }
  template <class T>
  void done(Pending<T> operation) {
    const auto result = people.world.wait(std::move(operation));
    ASSERT_TRUE(result.ok()) << result.error().message;
  }
};

TEST_F(OwnWrites, OfAGroupShowAsSoonAsTheOperationHasCompleted) {
  EXPECT_EQ(conversation().name, "friends");
  done(alice.add_members(group, {bob}));
  EXPECT_EQ(role_of(bob), Role::member);
  done(alice.rename_group(group, "better friends"));
  EXPECT_EQ(conversation().name, "better friends");
  done(alice.set_role(group, bob, Role::admin));
  EXPECT_EQ(role_of(bob), Role::admin);
  done(alice.remove_member(group, bob));
  EXPECT_EQ(role_of(bob), std::nullopt);
  done(alice.delete_group(group));
  EXPECT_TRUE(conversation().is_deleted);
  EXPECT_FALSE(conversation().is_member);
}

TEST_F(OwnWrites, OfAGroupShowWithoutAConnectionToTheStream) {
  done(alice.disconnect());
  done(alice.add_members(group, {bob}));
  EXPECT_EQ(role_of(bob), Role::member);
  done(alice.leave_group(group));
  EXPECT_FALSE(conversation().is_member);
  // The stream tells the same when it comes.
  done(alice.connect());
  done(alice.wait_until_synced(1min));
  EXPECT_FALSE(conversation().is_member);
  EXPECT_EQ(conversation().name, "friends");
}

TEST_F(OwnWrites, OfPeopleAndTheProfileShowToo) {
  done(alice.discover({kBobsPhone}));
  EXPECT_EQ(people.world.wait(alice.contacts())->size(), 1u);
  done(alice.remove_contact(bob));
  EXPECT_TRUE(people.world.wait(alice.contacts())->empty());
  done(alice.block(bob));
  EXPECT_EQ(*people.world.wait(alice.blocked()), std::vector<UserId>{bob});
  done(alice.unblock(bob));
  EXPECT_TRUE(people.world.wait(alice.blocked())->empty());
  ProfileUpdate update;
  update.display_name = "Alice";
  done(alice.update_profile(update));
  EXPECT_EQ(people.world.wait(alice.me())->display_name, "Alice");
}

TEST_F(OwnWrites, ARevokedDeviceIsGoneFromTheList) {
  auto laptop = people.open("laptop");
  people.world.sign_in(*laptop, kAlicesPhone);
  const DeviceId device = laptop->account()->device_id;
  EXPECT_EQ(people.world.wait(alice.devices())->size(), 2u);
  done(alice.revoke_device(device));
  const auto devices = people.world.wait(alice.devices());
  EXPECT_TRUE(
      std::none_of(devices->begin(), devices->end(), [&](const auto& d) { return d.device_id == device; }));
}

TEST_F(OwnWrites, TheLimitsOfTheServerAreTheClients) {
  std::vector<UserId> many;
  for (std::uint64_t i = 0; i < 500; ++i)
    many.push_back(UserId{1 + i});
  const auto refused = people.world.wait(alice.create_group("too many", many));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::group_too_large) << "with the creator they are 501";
}

}  // namespace
}  // namespace sotto::testing

// An operation that changes something has completed when local reads show it, however far the stream is
// behind the answer.
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

std::string group_answer(std::uint64_t change_id, const std::string& name, const std::string& members) {
  return R"({"conversation_id":"901","change_id":")" + std::to_string(change_id) + R"(","name":")" + name +
         R"(","members":[)" + members + R"(],"updated_at":"1790000000000"})";
}

constexpr char kMeAdmin[] = R"({"user_id":"100","role":"admin","joined_id":"950"})";
constexpr char kPeerMember[] = R"({"user_id":"101","role":"member","joined_id":"950"})";
constexpr char kPeerAdmin[] = R"({"user_id":"101","role":"admin","joined_id":"950"})";
constexpr char kThirdSince[] = R"({"user_id":"102","role":"member","joined_id":"1010"})";

struct OwnWrites : ::testing::Test {
  Device device;
  bool done = false;

  void SetUp() override {
    device.sign_in();
    device.go_online();
    device.receive(group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}, "old"));
    device.take_events<ConversationChanged>();
  }

  Reply<void> reply() {
    return [this](const Result<void>& r) {
      EXPECT_TRUE(r.ok()) << r.error().message;
      done = true;
    };
  }
  void answer(const std::string& body, int status = 200) {
    device.respond(device.take_request(), status, body);
    EXPECT_TRUE(done) << "completes with its answer, whatever the stream does";
    done = false;
  }
  std::vector<UserId> members() {
    std::vector<UserId> users;
    const auto members = device.engine->members(kGroup);
    for (const Member& member : *members)
      users.push_back(member.user_id);
    std::sort(users.begin(), users.end());
    return users;
  }
  std::string name() { return device.engine->conversation(kGroup)->name; }
  std::vector<ConversationChange> told() {
    std::vector<ConversationChange> changes;
    for (const auto& event : device.take_events<ConversationChanged>())
      if (event.change != ConversationChange::updated) changes.push_back(event.change);
    return changes;
  }
};

TEST_F(OwnWrites, AddedMembersShowAtOnceAndStayThroughAStreamThatLags) {
  device.engine->add_members(kGroup, {kThird}, device.now, reply());
  answer(group_answer(1010, "old", std::string(kMeAdmin) + "," + kPeerMember + "," + kThirdSince));
  EXPECT_EQ(members(), (std::vector<UserId>{kMe, kPeer, kThird}));
  EXPECT_EQ(told(), std::vector<ConversationChange>{});

  // What happened before it comes now, with the state of then.
  device.receive(message_from(kPeer, 1000, kGroup.value, "before"));
  device.receive(group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "earlier"));
  EXPECT_EQ(members(), (std::vector<UserId>{kMe, kPeer, kThird}));
  EXPECT_EQ(name(), "old") << "the answer was newer";
  EXPECT_EQ(told(), std::vector<ConversationChange>{ConversationChange::renamed});

  auto change =
      group_change(lite::Conversation::members_added, 1010, kGroup.value, {kMe, kPeer, kThird}, "old");
  change.mutable_conversation()->add_affected_user_ids(kThird.value);
  device.receive(joined(change, kThird, 1010));
  EXPECT_EQ(members(), (std::vector<UserId>{kMe, kPeer, kThird}));
  EXPECT_EQ(told(), std::vector<ConversationChange>{ConversationChange::members_added}) << "once";
}

TEST_F(OwnWrites, WhoWasAddedIsNotWaitedForInMessagesOfBefore) {
  const LocalId before = device.send(kGroup, "before");
  device.receive(ack_of(device.take_message(), 1000, kGroup.value));
  device.engine->add_members(kGroup, {kThird}, device.now, reply());
  answer(group_answer(1010, "old", std::string(kMeAdmin) + "," + kPeerMember + "," + kThirdSince));
  const LocalId after = device.send(kGroup, "after");
  device.receive(ack_of(device.take_message(), 1020, kGroup.value));
  device.receive(receipt(lite::Status::read, kPeer, 1021, kGroup.value, 1020));
  EXPECT_EQ(device.message(before).state, MessageState::read);
  EXPECT_EQ(device.message(after).state, MessageState::sent);
}

TEST_F(OwnWrites, ARemovalThatIsNoticedLateEndsWhereItHappened) {
  device.receive(joined(
      group_change(lite::Conversation::members_added, 960, kGroup.value, {kMe, kPeer, kThird}), kThird, 960));
  // Somebody else removes the third; this device renames the group, and the answer is ahead of the stream.
  device.engine->rename_group(kGroup, "new", device.now, reply());
  answer(group_answer(1010, "new", std::string(kMeAdmin) + "," + kPeerMember));
  EXPECT_EQ(members(), (std::vector<UserId>{kMe, kPeer}));
  auto removed = group_change(lite::Conversation::members_removed, 1000, kGroup.value, {kMe, kPeer}, "old");
  removed.mutable_conversation()->add_affected_user_ids(kThird.value);
  device.receive(removed);
  EXPECT_EQ(name(), "new");
  device.receive(message_from(kMe, 1005, kGroup.value, "from my other device, after they had left"));
  const LocalId id = device.engine->messages({kGroup, {}, {}, 1})->messages.at(0).local_id;
  EXPECT_EQ(device.engine->receipts(id)->size(), 1u) << "the message does not concern the third";
}

TEST_F(OwnWrites, ARenameShowsAtOnce) {
  device.engine->rename_group(kGroup, "new", device.now, reply());
  answer(group_answer(1010, "new", std::string(kMeAdmin) + "," + kPeerMember));
  EXPECT_EQ(name(), "new");
  device.receive(group_change(lite::Conversation::role_changed, 1001, kGroup.value, {kMe, kPeer}, "old"));
  EXPECT_EQ(name(), "new");
}

TEST_F(OwnWrites, ARemovedMemberIsGoneAtOnce) {
  device.engine->remove_member(kGroup, kPeer, device.now, reply());
  answer(group_answer(1010, "old", kMeAdmin));
  EXPECT_EQ(members(), std::vector<UserId>{kMe});
  device.receive(group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "old"));
  EXPECT_EQ(members(), std::vector<UserId>{kMe});
}

TEST_F(OwnWrites, ARoleShowsAtOnce) {
  const auto role = [&] {
    const auto members = device.engine->members(kGroup);
    for (const Member& member : *members)
      if (member.user_id == kPeer) return member.role;
    return Role::member;
  };
  device.engine->set_role(kGroup, kPeer, Role::admin, device.now, reply());
  answer(group_answer(1010, "old", std::string(kMeAdmin) + "," + kPeerAdmin));
  EXPECT_EQ(role(), Role::admin);
  device.receive(group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "old"));
  EXPECT_EQ(role(), Role::admin);
}

TEST_F(OwnWrites, AGroupThatWasLeftShowsSoAtOnceAndKeepsItsName) {
  device.engine->leave_group(kGroup, device.now, reply());
  answer(R"({"conversation_id":"901","change_id":"1010","deleted":false})");
  EXPECT_FALSE(device.engine->conversation(kGroup)->is_member);
  EXPECT_EQ(name(), "old");
  EXPECT_EQ(device.try_send(kGroup, "x").error().code, ErrorCode::not_a_member);
  device.receive(group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "earlier"));
  EXPECT_FALSE(device.engine->conversation(kGroup)->is_member);
  // The server gives the last place to whoever takes over as an admin, behind the removal itself.
  auto left = group_change(lite::Conversation::members_removed, 1009, kGroup.value, {}, "");
  left.mutable_conversation()->add_affected_user_ids(kMe.value);
  device.receive(left);
  EXPECT_EQ(told(), (std::vector<ConversationChange>{ConversationChange::renamed,
                                                     ConversationChange::members_removed}));
  // Added again.
  device.receive(group_change(lite::Conversation::members_added, 1020, kGroup.value, {kMe, kPeer}, "now"));
  EXPECT_TRUE(device.engine->conversation(kGroup)->is_member);
  EXPECT_EQ(name(), "now");
}

TEST_F(OwnWrites, ADeletedGroupShowsSoAtOnce) {
  device.engine->delete_group(kGroup, device.now, reply());
  answer(R"({"conversation_id":"901","change_id":"1010","deleted":true})");
  EXPECT_TRUE(device.engine->conversation(kGroup)->is_deleted);
  device.receive(group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "earlier"));
  EXPECT_TRUE(device.engine->conversation(kGroup)->is_deleted);
}

TEST_F(OwnWrites, ANewGroupIsThereAtOnceAndToldByTheStream) {
  device.engine->create_group("fresh", {kPeer}, device.now, [&](const Result<Conversation>& r) {
    ASSERT_TRUE(r.ok());
    EXPECT_EQ(r->name, "fresh");
    done = true;
  });
  answer(R"({"conversation_id":"1005","change_id":"1010","name":"fresh","members":[)" +
             std::string(kMeAdmin) + "," + kPeerMember + "]}",
         201);
  EXPECT_EQ(device.engine->conversation(ConversationId{1005})->member_count, 2u);
  EXPECT_EQ(device.engine->conversations()->size(), 2u);
  device.receive(group_change(lite::Conversation::created, 1010, 1005, {kMe, kPeer}, "fresh"));
  EXPECT_EQ(told(), std::vector<ConversationChange>{ConversationChange::created});
}

TEST_F(OwnWrites, AnAnswerOlderThanTheStreamChangesNothing) {
  device.engine->rename_group(kGroup, "mine", device.now, reply());
  device.receive(group_change(lite::Conversation::renamed, 1010, kGroup.value, {kMe, kPeer}, "mine"));
  device.receive(group_change(lite::Conversation::renamed, 1011, kGroup.value, {kMe, kPeer}, "theirs"));
  answer(group_answer(1010, "mine", std::string(kMeAdmin) + "," + kPeerMember));
  EXPECT_EQ(name(), "theirs");
}

TEST_F(OwnWrites, AnAnswerThatCannotBeReadIsAnError) {
  for (const std::string body :
       {"", "[]", "{}", R"({"conversation_id":"901"})",
        R"({"conversation_id":"901","change_id":"18446744073709551615"})",
        R"({"conversation_id":"0","change_id":"1010"})",
        R"({"conversation_id":"901","change_id":"1010","members":[{"user_id":"0"}]})"}) {
    ErrorCode code = ErrorCode::internal;
    device.engine->rename_group(kGroup, "new", device.now, [&](const Result<void>& r) {
      code = r.ok() ? ErrorCode::internal : r.error().code;
    });
    device.respond(device.take_request(), 200, body);
    EXPECT_EQ(code, ErrorCode::protocol_violation) << body;
    EXPECT_EQ(name(), "old") << body;
  }
}

TEST_F(OwnWrites, ContactsThatWereAskedForBeforeAChangeDoNotUndoIt) {
  const auto contacts = [&] {
    std::vector<UserId> users;
    for (const Contact& contact : device.store->people.contacts())
      users.push_back(contact.user_id);
    return users;
  };
  device.engine->discover({"+491709876543"}, device.now,
                          [&](const Result<std::vector<Contact>>&) { done = true; });
  answer(R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})");
  EXPECT_EQ(contacts(), std::vector<UserId>{kPeer});

  Result<std::vector<Contact>> listed = Error(ErrorCode::internal, "");
  device.engine->contacts(device.now, [&](Result<std::vector<Contact>> r) { listed = std::move(r); });
  const auto slow = device.take_request();
  device.engine->remove_contact(kPeer, device.now, reply());
  answer("", 204);
  EXPECT_TRUE(contacts().empty());
  device.respond(slow, 200,
                 R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})");
  EXPECT_TRUE(contacts().empty()) << "the list is of before";
  ASSERT_TRUE(listed.ok());
  EXPECT_TRUE(listed->empty());
}

TEST_F(OwnWrites, BlockingAndUnblockingShowAtOnce) {
  device.engine->block(kPeer, device.now, reply());
  answer("", 204);
  EXPECT_EQ(*device.engine->blocked(), std::vector<UserId>{kPeer});
  device.engine->unblock(kPeer, device.now, reply());
  answer("", 204);
  EXPECT_TRUE(device.engine->blocked()->empty());
}

TEST_F(OwnWrites, AProfileThatWasAskedForBeforeAnUpdateDoesNotUndoIt) {
  Result<Profile> me = Error(ErrorCode::internal, "");
  const auto keep = [&](Result<Profile> r) { me = std::move(r); };
  device.engine->me(device.now, keep);
  const auto slow = device.take_request();
  ProfileUpdate update;
  update.display_name = "New";
  device.engine->update_profile(update, device.now, [&](const Result<Profile>& r) {
    EXPECT_TRUE(r.ok());
    done = true;
  });
  answer(R"({"user_id":"100","display_name":"New","about":""})");
  device.respond(slow, 200, R"({"user_id":"100","display_name":"Old","about":""})");
  ASSERT_TRUE(me.ok());
  EXPECT_EQ(me->display_name, "New");
  EXPECT_EQ(device.store->people.profile(kMe)->display_name, "New");
}

}  // namespace
}  // namespace sotto::engine::testing

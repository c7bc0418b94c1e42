#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

struct Calls : ::testing::Test {
  Device device;
  void SetUp() override { device.sign_in(); }
};

TEST_F(Calls, LoginRefusesAnotherAccountInThisDirectory) {
  Result<Account> account = Error(ErrorCode::internal, "");
  device.engine->login({"+491701234567", "000000"}, device.now,
                       [&](Result<Account> r) { account = std::move(r); });
  const auto request = device.take_request();
  EXPECT_EQ(request.what.body,
            R"({"phone_number":"+491701234567","otp":"000000","device_name":"sotto","device_id":"200"})");
  device.respond(
      request, 200,
      R"({"access_token":"A","refresh_token":"R","expires_in":60,"user_id":"999","device_id":"5"})");
  ASSERT_FALSE(account.ok());
  EXPECT_EQ(account.error().code, ErrorCode::invalid_state);
  EXPECT_EQ(device.engine->account()->user_id, kMe);
}

TEST_F(Calls, LoginErrorsKeepTheServersMeaning) {
  for (const auto& [word, code] :
       {std::pair{"otp_invalid", ErrorCode::otp_invalid}, std::pair{"otp_expired", ErrorCode::otp_expired},
        std::pair{"otp_exhausted", ErrorCode::otp_exhausted}}) {
    ErrorCode got = ErrorCode::internal;
    device.engine->login({"+491701234567", "1"}, device.now,
                         [&](Result<Account> r) { got = r.error().code; });
    device.respond(device.take_request(), 401, std::string(R"({"code":")") + word + R"("})");
    EXPECT_EQ(got, code);
  }
}

TEST_F(Calls, AnErrorsTextHoldsAServersWordAndNothingElseOfIt) {
  const auto text_of = [this](const std::string& code) {
    std::string text;
    device.engine->login({"+491701234567", "1"}, device.now,
                         [&](Result<Account> r) { text = r.error().message; });
    device.respond(device.take_request(), 400, R"({"code":")" + code + R"("})");
    return text;
  };
  EXPECT_EQ(text_of("a_word_of_tomorrow"), "the server answered 400 a_word_of_tomorrow");
  for (const std::string& code :
       {std::string(R"(\u001b]0;owned\u0007)"), std::string("two words"), std::string("+491701234567"),
        std::string(3000, 'x'), std::string("Ünknown")})
    EXPECT_EQ(text_of(code), "the server answered 400") << code;
}

TEST_F(Calls, MalformedAnswersAreErrorsAndNeverHalfApplied) {
  for (const std::string body :
       {"", "[]", "{", "null", R"({"access_token":"A"})",
        R"({"user_id":"100","device_id":"200","access_token":5})",
        R"({"access_token":"A","refresh_token":"R","user_id":"18446744073709551615","device_id":"200"})"}) {
    ErrorCode got = ErrorCode::internal;
    device.engine->login({"+491701234567", "1"}, device.now,
                         [&](Result<Account> r) { got = r.error().code; });
    device.respond(device.take_request(), 200, body);
    EXPECT_EQ(got, ErrorCode::protocol_violation) << body;
  }
  EXPECT_EQ(as_text(device.store->account.load()->tokens.access.view()), "A1");
}

TEST_F(Calls, CreatingAGroupRepeatsItselfUnderOneKeyWhenTheAnswerIsLost) {
  Result<Conversation> group = Error(ErrorCode::internal, "");
  device.engine->create_group("friends", {kPeer}, device.now,
                              [&](Result<Conversation> r) { group = std::move(r); });
  const auto first = device.take_request();
  EXPECT_EQ(first.what.body, R"({"name":"friends","member_ids":["101"]})");
  ASSERT_EQ(first.what.headers.size(), 1u);
  EXPECT_EQ(first.what.headers[0].first, "Idempotency-Key");
  device.engine->on_request_failed(first.request, Error(ErrorCode::connection_closed, "lost"), device.now);
  const auto second = device.take_request();
  EXPECT_EQ(second.what.headers, first.what.headers);
  device.respond(
      second, 201,
      R"({"conversation_id":"901","change_id":"902","name":"friends","members":[{"user_id":"100","role":"admin"},{"user_id":"101","role":"member"}]})");
  ASSERT_TRUE(group.ok());
  EXPECT_EQ(group->id, kGroup);
  EXPECT_EQ(group->member_count, 2u);
  EXPECT_EQ(group->my_role, Role::admin);
  EXPECT_EQ(device.engine->members(kGroup)->size(), 2u);
}

TEST_F(Calls, GroupCallsGoToTheirRoutes) {
  device.go_online();
  device.receive(group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}));
  const Reply<void> fine = [](Result<void> r) { EXPECT_TRUE(r.ok()); };
  const auto expect = [&](const std::string& method, const std::string& path, const std::string& body) {
    const auto request = device.take_request();
    EXPECT_EQ(request.what.method + " " + request.what.path, method + " " + path);
    EXPECT_EQ(request.what.body, body);
    EXPECT_EQ(as_text(request.what.bearer.view()), "A1");
    device.respond(request, 200, R"({"conversation_id":"901","change_id":"950"})");
  };
  device.engine->rename_group(kGroup, "new", device.now, fine);
  expect("PATCH", "/api/groups/901", R"({"name":"new"})");
  device.engine->add_members(kGroup, {kThird}, device.now, fine);
  expect("POST", "/api/groups/901/members", R"({"user_ids":["102"]})");
  device.engine->remove_member(kGroup, kPeer, device.now, fine);
  expect("DELETE", "/api/groups/901/members/101", "");
  device.engine->set_role(kGroup, kPeer, Role::admin, device.now, fine);
  expect("PUT", "/api/groups/901/members/101/role", R"({"role":"admin"})");
  device.engine->leave_group(kGroup, device.now, fine);
  expect("DELETE", "/api/groups/901/members/100", "");
  device.engine->delete_group(kGroup, device.now, fine);
  expect("DELETE", "/api/groups/901", "");
}

TEST_F(Calls, GroupCallsOnWhatIsNoGroupAreRefusedHere) {
  ErrorCode code = ErrorCode::internal;
  const Reply<void> keep = [&](Result<void> r) { code = r.ok() ? ErrorCode::internal : r.error().code; };
  device.engine->leave_group(ConversationId{4711}, device.now, keep);
  EXPECT_EQ(code, ErrorCode::not_found);
  device.engine->rename_group(kGroup, "", device.now, keep);
  EXPECT_EQ(code, ErrorCode::invalid_argument);
  device.engine->create_group("x", std::vector<UserId>(501, kPeer), device.now,
                              [&](Result<Conversation> r) { code = r.error().code; });
  EXPECT_EQ(code, ErrorCode::group_too_large);
}

TEST_F(Calls, PeopleAreFoundByNumberAndRememberedOffline) {
  Result<Contact> found = Error(ErrorCode::internal, "");
  const auto find = [&] {
    device.engine->find_user("+491709876543", device.now, [&](Result<Contact> r) { found = std::move(r); });
    device.drain();
  };
  find();
  device.respond(device.take_request(), 200,
                 R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->user_id, kPeer);
  find();
  EXPECT_TRUE(device.requests.empty());
  EXPECT_EQ(found->display_name, "Bo");

  Result<std::vector<Contact>> contacts = Error(ErrorCode::internal, "");
  device.engine->contacts(device.now, [&](Result<std::vector<Contact>> r) { contacts = std::move(r); });
  device.engine->on_request_failed(device.take_request().request, Error(ErrorCode::network_unreachable, ""),
                                   device.now);
  ASSERT_TRUE(contacts.ok());
  EXPECT_EQ(contacts->size(), 1u);
}

TEST_F(Calls, ContactsAreReadPageByPage) {
  Result<std::vector<Contact>> contacts = Error(ErrorCode::internal, "");
  device.engine->contacts(device.now, [&](Result<std::vector<Contact>> r) { contacts = std::move(r); });
  const auto page = [&](const std::string& path, const std::string& user, const std::string& next) {
    const auto request = device.take_request();
    EXPECT_EQ(request.what.path, path);
    device.respond(request, 200,
                   R"({"contacts":[{"phone_number":"+491709876543","user_id":")" + user +
                       R"(","display_name":"x"}],"next_cursor":)" + next + "}");
  };
  page("/api/contacts", "101", R"("101")");
  page("/api/contacts?cursor=101", "102", "null");
  ASSERT_TRUE(contacts.ok());
  EXPECT_EQ(contacts->size(), 2u);

  // A server that leads in a circle is not followed.
  device.engine->contacts(device.now, [&](Result<std::vector<Contact>> r) { contacts = std::move(r); });
  page("/api/contacts", "101", R"("101")");
  page("/api/contacts?cursor=101", "102", R"("101")");
  EXPECT_TRUE(device.requests.empty());
  EXPECT_EQ(contacts->size(), 2u);
}

TEST_F(Calls, WhatIsTooMuchForTheServerNowWaitsAndIsSentAgain) {
  Result<Profile> me = Error(ErrorCode::internal, "");
  int answers = 0;
  device.engine->me(device.now, [&](Result<Profile> r) {
    me = std::move(r);
    ++answers;
  });
  const auto too_many = [&](int seconds_to_wait) {
    HttpResponse response;
    response.status = 429;
    response.retry_after = std::chrono::seconds(seconds_to_wait);
    response.body = R"({"code":"rate_limited","detail":"too many requests"})";
    device.engine->on_response(device.take_request().request, std::move(response), device.now);
    device.drain();
  };
  too_many(3);
  device.pass(Milliseconds(2900));
  EXPECT_TRUE(device.requests.empty());
  EXPECT_EQ(answers, 0);
  device.pass(Milliseconds(200));
  device.respond(device.take_request(), 200, R"({"user_id":"100","display_name":"Ann","about":""})");
  EXPECT_TRUE(me.ok());

  // A wait of minutes is for the person to know of.
  device.engine->me(device.now, [&](Result<Profile> r) {
    me = std::move(r);
    ++answers;
  });
  too_many(600);
  EXPECT_EQ(answers, 2);
}

TEST_F(Calls, BlockingIsRememberedHere) {
  device.engine->block(kPeer, device.now, [](Result<void> r) { EXPECT_TRUE(r.ok()); });
  const auto request = device.take_request();
  EXPECT_EQ(request.what.method + request.what.path, "PUT/api/blocks/101");
  device.respond(request, 204, "");
  EXPECT_EQ(*device.engine->blocked(), std::vector<UserId>{kPeer});
}

TEST_F(Calls, TheOwnProfileIsReadFromHereWhereTheServerIsOutOfReach) {
  Result<Profile> me = Error(ErrorCode::internal, "");
  const auto ask = [&] { device.engine->me(device.now, [&](Result<Profile> r) { me = std::move(r); }); };
  ask();
  device.respond(device.take_request(), 200,
                 R"({"user_id":"100","display_name":"Ann","about":"hi","privacy":{"last_seen":"contacts"}})");
  ASSERT_TRUE(me.ok());
  EXPECT_EQ(me->last_seen, LastSeenPrivacy::contacts);
  ask();
  device.engine->on_request_failed(device.take_request().request, Error(ErrorCode::timed_out, ""),
                                   device.now);
  ASSERT_TRUE(me.ok());
  EXPECT_EQ(me->display_name, "Ann");
}

TEST_F(Calls, ANewDeviceLearnsItsOlderConversationsAndTheirMembers) {
  device.say_hello();
  device.receive(synced(0));
  const auto inbox = device.take_request();
  EXPECT_EQ(inbox.what.path, "/api/conversations?limit=100");
  device.respond(inbox, 200,
                 R"({"conversations":[
    {"conversation_id":"150","kind":"direct","name":"Bo","peer_user_id":"101","unread_count":2,"updated_at":"1790000000000",
     "last_message":{"message_id":"190","conversation_id":"150","sender_id":"101","content":"old","created_at":"1790000000000","status":"sent"}},
    {"conversation_id":"151","kind":"group","name":"friends","last_message":null,"unread_count":0,"updated_at":"1790000000000"}],
    "next_cursor":"a b"})");
  const auto second = device.take_request();
  EXPECT_EQ(second.what.path, "/api/conversations?limit=100&cursor=a%20b");
  device.respond(second, 200, R"({"conversations":[]})");
  const auto members = device.take_request();
  EXPECT_EQ(members.what.path, "/api/groups/151");
  device.respond(
      members, 200,
      R"({"conversation_id":"151","change_id":"152","name":"friends","members":[{"user_id":"100","role":"member"},{"user_id":"102","role":"admin"}]})");
  EXPECT_TRUE(device.requests.empty());
  auto conversations = device.engine->conversations();
  ASSERT_TRUE(conversations.ok());
  ASSERT_EQ(conversations->size(), 2u);
  EXPECT_EQ((*conversations)[0].last_message->text, "old");
  EXPECT_EQ((*conversations)[0].peer_id, kPeer);
  EXPECT_EQ((*conversations)[1].member_count, 2u);
  device.crash();
  device.say_hello();
  device.receive(synced(0));
  EXPECT_TRUE(device.requests.empty()) << "asked once for good";
}

TEST_F(Calls, WhoWasListedBeforeTheChangeThatAddedThemCameIsNotWaitedForInWhatIsOlder) {
  // The answer about a group is of when it was made: it may be ahead of the stream.
  device.say_hello();
  device.receive(synced(0));
  device.respond(
      device.take_request(), 200,
      R"({"conversations":[{"conversation_id":"151","kind":"group","name":"friends","last_message":null,"unread_count":0}]})");
  const auto members = device.take_request();
  ASSERT_EQ(members.what.path, "/api/groups/151");
  device.respond(
      members, 200,
      R"({"conversation_id":"151","change_id":"1002","name":"friends","members":[{"user_id":"100"},{"user_id":"101"},{"user_id":"102","joined_id":"1002"}]})");
  device.receive(message_from(kMe, 1000, 151, "from my other device"));
  device.receive(receipt(lite::Status::read, kPeer, 1001, 151, 1000));
  const LocalId id = device.engine->messages({ConversationId{151}, {}, {}, 1})->messages.at(0).local_id;
  auto added = group_change(lite::Conversation::members_added, 1002, 151, {kMe, kPeer, kThird});
  added.mutable_conversation()->add_affected_user_ids(kThird.value);
  device.receive(joined(added, kThird, 1002));
  EXPECT_EQ(device.message(id).state, MessageState::read);
}

TEST_F(Calls, PresenceIsSubscribedAgainOnEveryConnectionAndOnlyForThoseAskedFor) {
  device.engine->subscribe_presence({kPeer}, device.now, {});
  device.go_online();
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].presence_subscribe().user_ids(0), kPeer.value);
  lite::ServerFrame presence;
  presence.mutable_presence()->set_user_id(kPeer.value);
  presence.mutable_presence()->set_online(true);
  device.receive(presence);
  presence.mutable_presence()->set_user_id(kThird.value);
  device.receive(presence);
  EXPECT_EQ(device.take_events<PresenceChanged>().size(), 1u);
}

TEST_F(Calls, TypingIsToldAtMostEvery3Seconds) {
  device.go_online();
  device.receive(group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}));
  device.take_frames();
  for (int i = 0; i < 10; ++i)
    device.engine->set_typing(kGroup, device.now);
  EXPECT_EQ(device.take_frames().size(), 1u);
  device.pass(Milliseconds{3000});
  device.engine->set_typing(kGroup, device.now);
  EXPECT_EQ(device.take_frames().size(), 1u);
}

TEST_F(Calls, DraftsAreKeptAndSyncLeavesThemAlone) {
  device.go_online();
  device.receive(group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}));
  device.engine->set_draft(kGroup, {"half a sen", MessageId{1000}, 10}, device.now, {});
  device.receive(message_from(kPeer, 1000, kGroup.value, "x"));
  device.crash();
  auto draft = device.engine->draft(kGroup);
  ASSERT_TRUE(draft.ok());
  EXPECT_EQ(draft->text, "half a sen");
  EXPECT_EQ(draft->cursor, 10u);
  EXPECT_TRUE(device.engine->conversation(kGroup)->has_draft);
  device.engine->set_draft(kGroup, {}, device.now, {});
  EXPECT_FALSE(device.engine->conversation(kGroup)->has_draft);
}

TEST_F(Calls, WithoutAnAccountOperationsAreRefused) {
  Device fresh;
  ErrorCode code = ErrorCode::internal;
  fresh.engine->connect(fresh.now, [&](Result<void> r) { code = r.error().code; });
  EXPECT_EQ(code, ErrorCode::invalid_state);
  EXPECT_EQ(fresh.try_send(kPeer, "x").error().code, ErrorCode::invalid_state);
}

}  // namespace
}  // namespace sotto::engine::testing

#include "base/snowflake.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

const PhoneNumber kNumber{"+491709876543"};
constexpr const char* kBoHasIt =
    R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})";

std::vector<std::string> contents(const std::vector<lite::OutgoingMessage>& messages) {
  std::vector<std::string> texts;
  for (const auto& message : messages)
    texts.push_back(message.content());
  return texts;
}

struct Outbox : ::testing::Test {
  Device device;
  void SetUp() override { device.sign_in(); }

  /// A direct conversation that both sides know.
  void with_chat() {
    device.go_online();
    device.receive(direct_created(950, kChat.value, kPeer));
    device.take_frames();
  }
};

TEST_F(Outbox, StoresAMessageWhileOfflineAndSendsItOnConnecting) {
  const LocalId id = device.send(kPeer, "hello");
  EXPECT_EQ(device.message(id).state, State::queued);
  EXPECT_TRUE(is_provisional(device.message(id).conversation_id));

  device.go_online();
  const auto frame = device.take_message();
  EXPECT_EQ(frame.receiver_id(), kPeer.value);
  EXPECT_EQ(frame.content(), "hello");
  EXPECT_EQ(device.message(id).state, State::in_flight);

  device.receive(ack_of(frame, 1000, kChat.value));
  EXPECT_EQ(device.message(id).state, State::sent);
  EXPECT_EQ(device.message(id).message_id, MessageId{1000});
  EXPECT_EQ(device.message(id).conversation_id, kChat);
}

TEST_F(Outbox, AProvisionalIdStaysValidForEver) {
  const LocalId id = device.send(kPeer, "one");
  const ConversationId provisional = device.message(id).conversation_id;
  device.go_online();
  device.receive(ack_of(device.take_message(), 1000, kChat.value));
  const auto identified = device.take_events<ConversationIdentified>();
  ASSERT_EQ(identified.size(), 1u);
  EXPECT_EQ(identified[0].provisional, provisional);
  EXPECT_EQ(identified[0].id, kChat);

  device.send(provisional, "two");
  EXPECT_EQ(device.take_message().conversation_id(), kChat.value);
  device.crash();
  EXPECT_EQ(device.texts(provisional), (std::vector<std::string>{"one", "two"}));
}

TEST_F(Outbox, PagesGoOnPastMessagesThatHaveNoIdYet) {
  with_chat();
  device.receive(message_from(kPeer, 1000, kChat.value, "theirs"));
  device.lose_connection();
  for (int i = 0; i < 5; ++i)
    device.send(kChat, std::to_string(i));
  MessagesQuery query;
  query.conversation = kChat;
  query.limit = 2;
  std::vector<std::string> seen;
  for (bool more = true; more && seen.size() < 10;) {
    const auto page = device.engine->messages(query);
    ASSERT_TRUE(page.ok());
    for (const Message& each : page->messages)
      seen.push_back(each.text);
    more = !page->messages.empty();
    if (more) query.before_local = page->messages.back().local_id;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"4", "3", "2", "1", "0", "theirs"}));
}

TEST_F(Outbox, APageBeforeARowOfAnotherConversationIsNotFound) {
  with_chat();
  const LocalId elsewhere = device.send(UserId{kPeer.value + 1}, "elsewhere");
  MessagesQuery query;
  query.conversation = kChat;
  query.before_local = elsewhere;
  const auto page = device.engine->messages(query);
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code, ErrorCode::not_found);
  query.before_local = LocalId{};
  query.before = MessageId{7};
  query.after = MessageId{8};
  EXPECT_FALSE(device.engine->messages(query).ok());
}

TEST_F(Outbox, AMessageAndItsKeySurviveACrashBeforeTheFirstAttempt) {
  const LocalId id = device.send(kPeer, "hello");
  const std::string key = device.message(id).idempotency_key;
  device.crash();
  device.go_online();
  const auto frame = device.take_message();
  EXPECT_EQ(frame.idempotency_key(), key);
  EXPECT_EQ(frame.content(), "hello");
}

TEST_F(Outbox, AMessageWhoseAckWasLostIsSentAgainUnderTheSameKeyAndAddress) {
  device.go_online();
  const LocalId id = device.send(kPeer, "hello");
  const auto first = device.take_message();
  device.lose_connection();
  EXPECT_EQ(device.message(id).state, State::queued);
  // Meanwhile the conversation has become known; the retry is still the same request.
  device.pass(Milliseconds{1000});
  device.go_online();
  const auto second = device.take_message();
  EXPECT_EQ(second.idempotency_key(), first.idempotency_key());
  EXPECT_EQ(second.receiver_id(), kPeer.value);
  EXPECT_EQ(device.engine->metrics().resends, 1u);
}

TEST_F(Outbox, ACrashInFlightSendsAgainUnderTheSameKey) {
  device.go_online();
  const LocalId id = device.send(kPeer, "hello");
  const auto first = device.take_message();
  device.crash();
  EXPECT_EQ(device.message(id).state, State::queued);
  device.go_online();
  EXPECT_EQ(device.take_message().idempotency_key(), first.idempotency_key());
  EXPECT_EQ(device.life(id),
            (std::vector<State>{State::queued, State::in_flight, State::queued, State::in_flight}));
}

TEST_F(Outbox, ACrashAfterTheAckSendsNothingAgain) {
  device.go_online();
  const LocalId id = device.send(kPeer, "hello");
  device.receive(ack_of(device.take_message(), 1000, kChat.value));
  device.crash();
  EXPECT_EQ(device.message(id).state, State::sent);
  device.go_online();
  EXPECT_TRUE(device.take_messages().empty());
}

TEST_F(Outbox, KeepsTheOrderAndPipelinesUpTo32AConversation) {
  with_chat();
  for (int i = 0; i < 40; ++i)
    device.send(kChat, std::to_string(i));
  auto sent = device.take_messages();
  ASSERT_EQ(sent.size(), 32u);
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(sent[static_cast<std::size_t>(i)].content(), std::to_string(i));
  device.receive(ack_of(sent[0], 1000, kChat.value));
  device.receive(ack_of(sent[1], 1001, kChat.value));
  const auto more = device.take_messages();
  ASSERT_EQ(more.size(), 2u);
  EXPECT_EQ(more[0].content(), "32");
  EXPECT_EQ(more[1].content(), "33");
}

TEST_F(Outbox, ConversationsAreIndependent) {
  with_chat();
  for (int i = 0; i < 32; ++i)
    device.send(kChat, "x");
  device.send(kThird, "to somebody else");
  const auto sent = device.take_messages();
  ASSERT_EQ(sent.size(), 33u);
  EXPECT_EQ(sent.back().receiver_id(), kThird.value);
}

TEST_F(Outbox, APermanentFailureStopsItsConversationAndSaysWhy) {
  with_chat();
  const LocalId bad = device.send(kChat, "bad");
  device.receive(error_of(device.take_message(), "blocked"));
  EXPECT_EQ(device.message(bad).state, State::failed);
  ASSERT_TRUE(device.message(bad).failure.has_value());
  EXPECT_EQ(device.message(bad).failure->code, ErrorCode::blocked);
  EXPECT_TRUE(device.message(bad).can_retry);

  const LocalId next = device.send(kChat, "next");
  EXPECT_EQ(device.message(next).state, State::blocked);
  EXPECT_TRUE(device.take_messages().empty());
  EXPECT_EQ(device.engine->conversation(kChat)->blocked_by, bad);
  // The cause is as durable as the message.
  device.crash();
  device.go_online();
  EXPECT_TRUE(device.take_messages().empty());
  EXPECT_EQ(device.message(bad).failure->code, ErrorCode::blocked);
  EXPECT_EQ(device.message(next).state, State::blocked);
}

TEST_F(Outbox, WhatWasInFlightBehindAFailedMessageIsBlockedAfterACrash) {
  with_chat();
  const LocalId bad = device.send(kChat, "bad");
  const LocalId next = device.send(kChat, "next");
  device.receive(error_of(device.take_messages().front(), "blocked"));
  device.crash();
  EXPECT_EQ(device.message(bad).state, State::failed);
  EXPECT_EQ(device.message(next).state, State::blocked);
}

TEST_F(Outbox, RetryingAFailedMessageSendsItAndWhatItBlockedInOrder) {
  with_chat();
  const LocalId bad = device.send(kChat, "bad");
  const auto refused = device.take_message();
  device.receive(error_of(refused, "not_allowed"));
  device.send(kChat, "next");
  bool done = false;
  device.engine->retry_message(bad, device.now, [&](Result<void> r) { done = r.ok(); });
  EXPECT_TRUE(done);
  const auto sent = device.take_messages();
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_EQ(sent[0].idempotency_key(), refused.idempotency_key());
  EXPECT_EQ(sent[1].content(), "next");
}

TEST_F(Outbox, DeletingAFailedMessageLetsWhatItBlockedGoOn) {
  with_chat();
  const LocalId bad = device.send(kChat, "bad");
  device.receive(error_of(device.take_message(), "too_large"));
  const LocalId next = device.send(kChat, "next");
  device.engine->delete_message(bad, device.now, [](Result<void> r) { EXPECT_TRUE(r.ok()); });
  EXPECT_EQ(device.take_message().content(), "next");
  EXPECT_EQ(device.message(next).state, State::in_flight);
  EXPECT_EQ(device.take_events<MessageRemoved>().size(), 1u);
  EXPECT_FALSE(device.engine->message(bad).ok());
}

TEST_F(Outbox, AfterInternalEverythingIsSentAgainInOrderOnceNothingIsInFlight) {
  with_chat();
  for (const char* text : {"a", "b", "c"})
    device.send(kChat, text);
  const auto sent = device.take_messages();
  ASSERT_EQ(sent.size(), 3u);
  device.receive(error_of(sent[0], "internal"));
  device.pass(Milliseconds{2000});
  EXPECT_TRUE(device.take_messages().empty()) << "b and c are still out: a must not overtake or be overtaken";
  device.receive(error_of(sent[1], "internal"));
  device.receive(error_of(sent[2], "internal"));
  device.pass(Milliseconds{2000});
  const auto again = device.take_messages();
  ASSERT_EQ(again.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(again[i].idempotency_key(), sent[i].idempotency_key());
}

TEST_F(Outbox, RateLimitedWaitsForTheTimeTheServerGives) {
  with_chat();
  device.send(kChat, "a");
  auto frame = error_of(device.take_message(), "rate_limited");
  frame.mutable_error()->set_retry_after_ms(5000);
  device.receive(frame);
  device.pass(Milliseconds{4900});
  EXPECT_TRUE(device.take_messages().empty());
  device.pass(Milliseconds{200});
  EXPECT_EQ(device.take_messages().size(), 1u);
}

TEST_F(Outbox, AMessageExpiresWithAnEventAndBlocksNothing) {
  OutgoingMessage soon{"soon", {}, {}, Milliseconds{60'000}};
  LocalId id;
  device.engine->send(kPeer, soon, device.now, [&](Result<SendReceipt> r) { id = r->local_id; });
  device.send(kPeer, "later");
  device.pass(Milliseconds{61'000});
  EXPECT_EQ(device.message(id).state, State::expired);
  const auto changes = device.take_events<MessageChanged>();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].message.state, State::expired);
  device.go_online();
  EXPECT_EQ(device.take_message().content(), "later");
}

TEST_F(Outbox, ADefaultMessageExpiresAfter24HoursAlsoAcrossARestartOnceTheServerSaysSo) {
  const LocalId id = device.send(kPeer, "old");
  device.now.wall += std::chrono::hours(25);
  device.server_clock += std::chrono::hours(25);
  device.crash();
  EXPECT_EQ(device.message(id).state, State::queued) << "only the wall clock tells how long it was off";
  device.go_online();
  EXPECT_EQ(device.message(id).state, State::expired);
  EXPECT_TRUE(device.take_messages().empty());
}

TEST_F(Outbox, AClockThatIsADayAheadForAMomentExpiresNothing) {
  device.go_online();
  device.lose_connection();
  device.engine->disconnect(device.now, {});
  const LocalId before = device.send(kPeer, "before");
  device.now.wall += std::chrono::hours(25);
  device.engine->on_timer(device.now);
  const LocalId meanwhile = device.send(kPeer, "meanwhile");
  device.now.wall -= std::chrono::hours(25);
  device.engine->on_timer(device.now);
  EXPECT_EQ(device.message(before).state, State::queued);
  EXPECT_EQ(device.message(meanwhile).state, State::queued);
  device.go_online();
  EXPECT_EQ(device.take_messages().size(), 2u);
}

TEST_F(Outbox, AStartUnderAClockThatIsADayAheadExpiresNothing) {
  const LocalId id = device.send(kPeer, "hello");
  device.now.wall += std::chrono::hours(25);
  device.crash();
  device.pass(std::chrono::seconds(5));
  EXPECT_EQ(device.message(id).state, State::queued);
  device.go_online();
  EXPECT_EQ(device.take_message().content(), "hello");
}

TEST_F(Outbox, AMessageWrittenUnderAClockThatWasYearsBehindIsSent) {
  device.now.wall = from_unix_ms(0);
  device.crash();
  const LocalId id = device.send(kPeer, "hello");
  device.now.wall = from_unix_ms(kStart);
  device.engine->on_timer(device.now);
  device.go_online();
  EXPECT_EQ(device.take_message().content(), "hello");
  device.lose_connection();
  device.engine->disconnect(device.now, {});
  device.pass(std::chrono::hours(23));
  EXPECT_EQ(device.message(id).state, State::queued);
  device.pass(std::chrono::hours(2));
  EXPECT_EQ(device.message(id).state, State::expired);
}

TEST_F(Outbox, AMessageIsDatedByTheNewestThingThatTheServerHasTold) {
  with_chat();
  auto newest = message_from(kPeer, snowflake_floor(from_unix_ms(kStart)), kChat.value, "hello");
  newest.mutable_message()->set_created_at(kStart);
  device.receive(newest);
  device.pass(std::chrono::seconds(1));
  device.now.wall = from_unix_ms(0);
  device.crash();
  device.send(kChat, "answer");
  device.now.wall = from_unix_ms(kStart) + std::chrono::hours(1);
  device.server_clock = device.now.wall;
  device.crash();
  device.go_online();
  EXPECT_EQ(device.take_message().content(), "answer");
}

TEST_F(Outbox, AServersClockThatIsADayAheadExpiresNothing) {
  const LocalId id = device.send(kPeer, "hello");
  device.server_clock += std::chrono::hours(25);
  device.go_online();
  EXPECT_EQ(device.message(id).state, State::in_flight);
}

TEST_F(Outbox, AnExpiredMessageThatTheServerGotAfterAllIsSent) {
  device.go_online();
  const LocalId id = device.send(kPeer, "hello");
  const auto frame = device.take_message();
  device.lose_connection();
  device.engine->disconnect(device.now, {});
  device.pass(std::chrono::hours(25));
  EXPECT_EQ(device.message(id).state, State::expired);
  device.say_hello();
  auto echo = message_from(kMe, 1000, kChat.value, "hello");
  echo.mutable_message()->set_idempotency_key(frame.idempotency_key());
  device.receive(echo);
  EXPECT_EQ(device.message(id).state, State::sent);
  EXPECT_EQ(device.texts(kChat), std::vector<std::string>{"hello"});
}

TEST_F(Outbox, OnlyWhatWasNeverGivenToTheNetworkCanBeCancelled) {
  const LocalId id = device.send(kPeer, "no");
  Result<void> done;
  device.engine->cancel_message(id, device.now, [&](Result<void> r) { done = r; });
  EXPECT_TRUE(done.ok());
  EXPECT_EQ(device.message(id).state, State::cancelled);
  device.go_online();
  EXPECT_TRUE(device.take_messages().empty());

  const LocalId out = device.send(kPeer, "gone");
  device.engine->cancel_message(out, device.now, [&](Result<void> r) { done = r; });
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::invalid_state);
}

TEST_F(Outbox, NoAckFor30SecondsEndsTheConnectionAndSendsAgain) {
  with_chat();
  device.send(kChat, "a");
  const auto first = device.take_message();
  const std::size_t opened = device.opened;
  // Pongs come, acks do not.
  for (int i = 0; i < 7; ++i) {
    device.engine->on_pong(device.connection, device.now);
    device.pass(Milliseconds{4500});
  }
  EXPECT_FALSE(device.closed_with.empty());
  EXPECT_GT(device.opened, opened);
  device.go_online();
  EXPECT_EQ(device.take_message().idempotency_key(), first.idempotency_key());
}

TEST_F(Outbox, ANumberIsLookedUpAndTheMessageGoesToItsPerson) {
  const LocalId id = device.send(PhoneNumber{"+491709876543"}, "hello");
  device.go_online();
  EXPECT_TRUE(device.take_messages().empty());
  const auto request = device.take_request();
  EXPECT_EQ(request.what.path, "/api/contacts");
  EXPECT_EQ(request.what.body, R"({"phone_numbers":["+491709876543"]})");
  device.respond(request, 200,
                 R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})");
  EXPECT_EQ(device.take_message().receiver_id(), kPeer.value);
  EXPECT_EQ(device.message(id).state, State::in_flight);
  EXPECT_EQ(device.engine->conversation(device.message(id).conversation_id)->name, "Bo");
}

TEST_F(Outbox, ANumberThatNobodyHasFailsTheMessage) {
  const LocalId id = device.send(PhoneNumber{"+491709876543"}, "hello");
  device.go_online();
  device.respond(device.take_request(), 200, R"({"contacts":[]})");
  EXPECT_EQ(device.message(id).state, State::failed);
  EXPECT_EQ(device.message(id).failure->code, ErrorCode::not_found);
}

TEST_F(Outbox, MessagesToOnePersonKeepTheirOrderHoweverTheyAreAddressed) {
  with_chat();
  device.send(kChat, "zero");
  device.send(kNumber, "one");
  device.send(kChat, "two");
  device.send(kPeer, "three");
  EXPECT_EQ(device.take_message().content(), "zero");
  device.respond(device.take_request(), 200, kBoHasIt);
  EXPECT_EQ(contents(device.take_messages()), (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(Outbox, WhatWaitsForANumberGoesOutInOrderAfterARestart) {
  with_chat();
  device.send(kNumber, "one");
  device.send(kChat, "two");
  device.crash();
  device.go_online();
  EXPECT_TRUE(device.take_messages().empty());
  device.respond(device.take_request(), 200, kBoHasIt);
  EXPECT_EQ(contents(device.take_messages()), (std::vector<std::string>{"one", "two"}));
}

TEST_F(Outbox, AGroupDoesNotWaitForANumber) {
  device.go_online();
  device.receive(group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}));
  device.take_frames();
  device.send(kNumber, "one");
  device.send(kGroup, "two");
  EXPECT_EQ(device.take_message().content(), "two");
}

TEST_F(Outbox, ANumberThatNobodyHasHoldsNothingBackOnceThatIsKnown) {
  with_chat();
  device.send(kNumber, "one");
  device.send(kChat, "two");
  EXPECT_TRUE(device.take_messages().empty());
  device.respond(device.take_request(), 200, R"({"contacts":[]})");
  EXPECT_EQ(device.take_message().content(), "two");
}

TEST_F(Outbox, AMessageToANumberThatIsTakenBackHoldsNothingBack) {
  with_chat();
  const LocalId one = device.send(kNumber, "one");
  device.send(kChat, "two");
  EXPECT_TRUE(device.take_messages().empty());
  device.engine->cancel_message(one, device.now, {});
  EXPECT_EQ(device.take_message().content(), "two");
}

TEST_F(Outbox, ANumberThatTheServerDoesNotLookUpForNowHoldsNothingBack) {
  with_chat();
  device.send(kNumber, "one");
  device.send(kChat, "two");
  device.respond(device.take_request(), 503);
  EXPECT_TRUE(device.take_messages().empty()) << "it is asked again in a moment";
  device.pass(std::chrono::seconds(2));
  device.respond(device.take_request(), 429);
  EXPECT_EQ(device.take_message().content(), "two");
}

TEST_F(Outbox, ANumberOfAKnownPersonMeetsTheConversationThatIsThere) {
  const LocalId by_number = device.send(PhoneNumber{"+491709876543"}, "one");
  const LocalId by_id = device.send(kPeer, "two");
  const ConversationId provisional = device.message(by_number).conversation_id;
  device.go_online();
  device.take_messages();
  device.respond(device.take_request(), 200,
                 R"({"contacts":[{"phone_number":"+491709876543","user_id":101,"display_name":"Bo"}]})");
  EXPECT_EQ(device.message(by_number).conversation_id, device.message(by_id).conversation_id);
  EXPECT_EQ(device.texts(provisional), (std::vector<std::string>{"one", "two"}));
}

TEST_F(Outbox, AMessageToANumberThatMeetsAStoppedConversationIsBlocked) {
  with_chat();
  device.send(kPeer, "bad");
  device.receive(error_of(device.take_message(), "blocked"));
  const LocalId next = device.send(kNumber, "next");
  device.respond(device.take_request(), 200, kBoHasIt);
  EXPECT_EQ(device.message(next).state, State::blocked);
}

TEST_F(Outbox, AStreamThatBringsTheConversationFirstMeetsWhatWasWrittenOffline) {
  const LocalId id = device.send(kPeer, "mine");
  device.say_hello();
  device.take_frames();
  device.receive_all({direct_created(950, kChat.value, kPeer),
                      message_from(kPeer, 960, kChat.value, "theirs"), synced(960)});
  EXPECT_EQ(device.message(id).conversation_id, kChat);
  EXPECT_EQ(device.texts(kChat), (std::vector<std::string>{"theirs", "mine"}));
  EXPECT_EQ(device.engine->conversations()->size(), 1u);
}

TEST_F(Outbox, BadInputIsRefusedAndStoresNothing) {
  const auto refused = [&](Target target, const std::string& text) {
    auto sent = device.try_send(std::move(target), text);
    return sent.ok() ? ErrorCode::internal : sent.error().code;
  };
  EXPECT_EQ(refused(kPeer, ""), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(kPeer, "\xff"), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(kPeer, std::string(16 * 1024 + 1, 'x')), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(UserId{0}, "x"), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(UserId{~0ull}, "x"), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(ConversationId{4711}, "x"), ErrorCode::not_found);
  EXPECT_EQ(refused(PhoneNumber{"12"}, "x"), ErrorCode::invalid_argument);
  EXPECT_EQ(refused(PhoneNumber{"+49 170"}, "x"), ErrorCode::invalid_argument);
  EXPECT_TRUE(device.engine->conversations()->empty());
}

TEST_F(Outbox, ABatchOfSendsIsOneCommit) {
  const auto before = device.engine->metrics().commits;
  device.engine->batch(device.now, [&] {
    for (int i = 0; i < 100; ++i)
      device.engine->send(kPeer, {std::to_string(i), {}, {}, {}}, device.now, {});
  });
  EXPECT_EQ(device.engine->metrics().commits, before + 1);
  EXPECT_EQ(device.engine->metrics().queue_depth, 100u);
}

}  // namespace
}  // namespace sotto::engine::testing

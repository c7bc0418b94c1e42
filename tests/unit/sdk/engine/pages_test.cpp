// Every page of the server is either taken, at its largest too, or an error that the app is told of, with a
// way
// on: nothing that could not be read counts as read.
#include "base/protocol.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/timing.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

constexpr ConversationId kOld{150};  // older than the device, which is 200

std::string message_json(std::uint64_t id, const std::string& content) {
  return R"({"message_id":")" + std::to_string(id) +
         R"(","conversation_id":"150","sender_id":"101","content":")" + content +
         R"(","created_at":"1790000000000","status":"sent"})";
}

const std::string kInboxWithOne =
    R"({"conversations":[{"conversation_id":"150","kind":"direct","name":"Bo","peer_user_id":"101","last_message":null}]})";

struct Pages : ::testing::Test {
  Device device;

  void SetUp() override { device.sign_in(); }
  bool inbox_loaded() { return device.store->account.load()->inbox_loaded; }
  void connect() {
    device.say_hello();
    device.receive(synced(0));
  }
  /// What the transport says of an answer beyond its own bound.
  void too_large(const SendRequest& request) {
    device.engine->on_request_failed(request.request, Error(ErrorCode::too_large, "larger than allowed"),
                                     device.now);
    device.drain();
  }
  Result<bool> answered = Error(ErrorCode::internal, "no answer");
  void fetch(std::size_t limit) {
    answered = Error(ErrorCode::internal, "no answer");
    device.engine->fetch_history(kOld, limit, device.now,
                                 [this](Result<bool> r) { answered = std::move(r); });
    device.drain();
  }
  void know_old_chat() {
    device.go_online();
    device.receive(message_from(kPeer, 1000, kOld.value, "new"));
  }
};

struct Unreadable : Pages, ::testing::WithParamInterface<const char*> {};

TEST_P(Unreadable, AnInboxPageIsToldAndAskedForAgain) {
  connect();
  device.respond(device.take_request(), 200, GetParam());
  EXPECT_FALSE(inbox_loaded());
  const auto errors = device.take_events<ErrorOccurred>();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].error.code, ErrorCode::protocol_violation);
  EXPECT_TRUE(device.requests.empty()) << "not at once";

  device.stay_online(kBackoffCap);
  device.respond(device.take_request(), 200, GetParam());
  EXPECT_TRUE(device.take_events<ErrorOccurred>().empty()) << "told once for each connection";

  device.stay_online(kBackoffCap);
  device.respond(device.take_request(), 200, kInboxWithOne);
  EXPECT_TRUE(inbox_loaded());
  EXPECT_EQ(device.engine->conversations()->size(), 1u);
}

TEST_P(Unreadable, APageOfHistoryIsAnErrorAndCanBeAskedForAgain) {
  know_old_chat();
  fetch(10);
  device.respond(device.take_request(), 200, GetParam());
  ASSERT_FALSE(answered.ok());
  EXPECT_EQ(answered.error().code, ErrorCode::protocol_violation);
  fetch(10);
  device.respond(device.take_request(), 200,
                 R"({"messages":[)" + message_json(190, "old") + R"(],"has_more":false})");
  ASSERT_TRUE(answered.ok());
  EXPECT_EQ(device.texts(kOld), (std::vector<std::string>{"old", "new"}));
}

TEST_P(Unreadable, AListOfContactsIsAnErrorAndForgetsNobody) {
  device.engine->discover({"+491709876543"}, device.now, {});
  device.respond(device.take_request(), 200,
                 R"({"contacts":[{"phone_number":"+491709876543","user_id":"101","display_name":"Bo"}]})");
  Result<std::vector<Contact>> contacts = std::vector<Contact>();
  device.engine->contacts(device.now, [&](Result<std::vector<Contact>> r) { contacts = std::move(r); });
  device.respond(device.take_request(), 200, GetParam());
  ASSERT_FALSE(contacts.ok());
  EXPECT_EQ(contacts.error().code, ErrorCode::protocol_violation);
  EXPECT_EQ(device.store->people.contacts().size(), 1u);
}

TEST_P(Unreadable, AListOfDevicesIsAnError) {
  Result<std::vector<sotto::Device>> devices = std::vector<sotto::Device>();
  device.engine->devices(device.now, [&](Result<std::vector<sotto::Device>> r) { devices = std::move(r); });
  device.respond(device.take_request(), 200, GetParam());
  ASSERT_FALSE(devices.ok());
  EXPECT_EQ(devices.error().code, ErrorCode::protocol_violation);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, Unreadable,
    ::testing::Values("", "<html>sign in to the wireless network</html>", "[]", "null", "{}",
                      R"({"conversations":{},"messages":"","contacts":null,"devices":1})",
                      R"({"conversations":[)"));

TEST_F(Pages, AnInboxPageThatIsTooLargeIsAskedForSmallerAtOnce) {
  connect();
  std::vector<std::string> asked;
  for (int i = 0; i < 7; ++i) {
    const auto request = device.take_request();
    asked.push_back(request.what.path.substr(request.what.path.find('?')));
    if (i < 6)
      i % 2 == 0 ? too_large(request) : device.respond(request, 200, std::string(kMaxAnswerBytes + 1, ' '));
    else
      device.respond(request, 200, kInboxWithOne);
  }
  EXPECT_EQ(asked, (std::vector<std::string>{"?limit=100", "?limit=50", "?limit=25", "?limit=12", "?limit=6",
                                             "?limit=3", "?limit=1"}));
  EXPECT_TRUE(inbox_loaded());
  EXPECT_EQ(device.engine->conversations()->size(), 1u);
  EXPECT_TRUE(device.take_events<ErrorOccurred>().empty());
}

TEST_F(Pages, AnInboxWhoseSmallestPageIsTooLargeIsToldAndAskedForAgain) {
  connect();
  for (int i = 0; i < 7; ++i)
    too_large(device.take_request());
  EXPECT_FALSE(inbox_loaded());
  const auto errors = device.take_events<ErrorOccurred>();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].error.code, ErrorCode::too_large);
  EXPECT_TRUE(device.requests.empty());
  device.stay_online(kBackoffCap);
  const auto again = device.take_request();
  EXPECT_EQ(again.what.path, "/api/conversations?limit=1");
  device.respond(again, 200, kInboxWithOne);
  EXPECT_TRUE(inbox_loaded());
}

TEST_F(Pages, AnInboxThatGoesRoundInCirclesIsToldAndNotTakenForLoaded) {
  for (const std::string body : {R"({"conversations":[],"next_cursor":"x"})",
                                 R"({"conversations":[{"conversation_id":"150"}],"next_cursor":"x"})"}) {
    connect();
    for (int i = 0; i < 2 && !device.requests.empty(); ++i)
      device.respond(device.take_request(), 200, body);
    EXPECT_FALSE(inbox_loaded()) << body;
    EXPECT_EQ(device.take_events<ErrorOccurred>().size(), 1u) << body;
    device.lose_connection();
    device.pass(Milliseconds{1000});
    device.requests.clear();
    device.crash();
  }
}

TEST_F(Pages, AnInboxWithoutAnEndCannotKeepTheClientBusy) {
  connect();
  std::size_t pages = 0;
  const auto serve = [&] {
    for (auto& request : std::exchange(device.requests, {})) {
      ++pages;
      const std::string number = std::to_string(pages);
      device.respond(request, 200,
                     R"({"conversations":[{"conversation_id":")" + std::to_string(10'000 + pages) +
                         R"(","kind":"group","name":"g"}],"next_cursor":")" + number + R"("})");
    }
  };
  for (int i = 0; i < 1000; ++i)
    serve();
  EXPECT_LE(pages, 20u);
  for (int second = 0; second < 60; ++second) {
    device.stay_online(Milliseconds{1000});
    for (int i = 0; i < 10; ++i)
      serve();
  }
  EXPECT_LE(pages, 82u);
  EXPECT_GE(pages, 60u) << "and an honest one gets on";
}

TEST_F(Pages, OneGroupThatCannotBeReadDoesNotHoldUpTheOthers) {
  connect();
  device.respond(device.take_request(), 200,
                 R"({"conversations":[{"conversation_id":"151","kind":"group","name":"a"},
                                     {"conversation_id":"152","kind":"group","name":"b"}]})");
  for (int i = 0; i < 2; ++i) {
    const auto request = device.take_request();
    if (request.what.path == "/api/groups/151")
      device.respond(request, 200, "<html>");
    else
      device.respond(
          request, 200,
          R"({"conversation_id":"152","change_id":"153","name":"b","members":[{"user_id":"100"}]})");
    device.stay_online(kBackoffCap);
  }
  EXPECT_EQ(device.engine->members(ConversationId{152})->size(), 1u);
  EXPECT_TRUE(device.requests.empty());
  device.engine->on_pong(device.connection, device.now);
  device.lose_connection();
  device.pass(Milliseconds{1000});
  device.say_hello();
  device.receive(synced(0));
  EXPECT_EQ(device.take_request().what.path, "/api/groups/151") << "asked for again on the next connection";
}

TEST_F(Pages, HistoryThatGoesOnWithoutGettingOlderIsAnErrorAndNotItsEnd) {
  know_old_chat();
  for (const std::string body :
       {R"({"messages":[],"has_more":true})", R"({"messages":[{"message_id":"0"}],"has_more":true})"}) {
    fetch(10);
    device.respond(device.take_request(), 200, body);
    ASSERT_FALSE(answered.ok()) << body;
    EXPECT_EQ(answered.error().code, ErrorCode::protocol_violation) << body;
  }
  EXPECT_TRUE(device.engine->messages({kOld, {}, {}, 10})->has_more);
}

TEST_F(Pages, TwoCallsForTheSamePageBringItOnceAndGoOn) {
  know_old_chat();
  fetch(1);
  const auto first = device.take_request();
  Result<bool> other = Error(ErrorCode::internal, "no answer");
  device.engine->fetch_history(kOld, 1, device.now, [&](Result<bool> r) { other = std::move(r); });
  const auto second = device.take_request();
  const std::string page = R"({"messages":[)" + message_json(190, "old") + R"(],"has_more":true})";
  device.respond(first, 200, page);
  device.respond(second, 200, page);
  ASSERT_TRUE(answered.ok() && other.ok());
  EXPECT_TRUE(*answered && *other);
  fetch(1);
  EXPECT_EQ(device.take_request().what.path, "/api/conversations/150/messages?before_id=190&limit=1");
}

TEST_F(Pages, HistoryThatIsTooLargeIsAskedForSmallerDownToOneMessage) {
  know_old_chat();
  fetch(10);
  too_large(device.take_request());
  device.respond(device.take_request(), 200, std::string(kMaxAnswerBytes + 1, ' '));
  too_large(device.take_request());
  const auto last = device.take_request();
  EXPECT_EQ(last.what.path, "/api/conversations/150/messages?before_id=200&limit=1");
  device.respond(last, 200, R"({"messages":[)" + message_json(190, "old") + R"(],"has_more":true})");
  ASSERT_TRUE(answered.ok());
  EXPECT_TRUE(*answered);
  // What was learnt is kept: the next page is small at once.
  fetch(10);
  EXPECT_EQ(device.take_request().what.path, "/api/conversations/150/messages?before_id=190&limit=1");
}

TEST_F(Pages, AMessageThatIsTooLargeByItselfBecomesAHoleThatSaysSo) {
  know_old_chat();
  fetch(1);
  too_large(device.take_request());
  ASSERT_TRUE(answered.ok());
  EXPECT_FALSE(*answered);
  EXPECT_EQ(device.take_events<HoleFound>().size(), 1u);
  auto view = device.engine->open_timeline(kOld, {}, device.now);
  ASSERT_TRUE(view.ok());
  device.drain();
  ASSERT_FALSE(device.timeline_changes.empty());
  const auto& rows = device.timeline_changes.back().changes.at(0).rows;
  ASSERT_EQ(rows.size(), 2u);
  const auto& hole = std::get<Hole>(rows[0].content);
  EXPECT_EQ(hole.cause, Hole::Cause::too_large);
  EXPECT_EQ(hole.to, MessageId{199});
  device.crash();
  EXPECT_FALSE(device.engine->messages({kOld, {}, {}, 10})->has_more);
}

TEST_F(Pages, TheLargestMessageInItsLongestFormIsTaken) {
  know_old_chat();
  // A message of the largest frame a server can be configured to take; each character is six bytes in JSON.
  std::string escaped;
  for (std::size_t i = 0; i < kMaxFrameBytes; ++i)
    escaped += "\\u0001";
  fetch(1);
  device.respond(device.take_request(), 200,
                 R"({"messages":[)" + message_json(190, escaped) + R"(],"has_more":false})");
  ASSERT_TRUE(answered.ok()) << answered.error().message;
  EXPECT_EQ(device.texts(kOld).at(0).size(), kMaxFrameBytes);
}

TEST_F(Pages, TimesOutOfRangeReadAsNone) {
  know_old_chat();
  fetch(2);
  std::string strange = message_json(190, "strange");
  strange.replace(strange.find("1790000000000"), 13, "9223372036854775807");
  device.respond(device.take_request(), 200, R"({"messages":[)" + strange + R"(],"has_more":false})");
  ASSERT_TRUE(answered.ok());
  const auto page = device.engine->messages({kOld, {}, {}, 10});
  ASSERT_EQ(page->messages.size(), 2u);
  EXPECT_EQ(page->messages[1].created_at, Timestamp{});

  Result<std::vector<sotto::Device>> devices = std::vector<sotto::Device>();
  device.engine->devices(device.now, [&](Result<std::vector<sotto::Device>> r) { devices = std::move(r); });
  device.respond(
      device.take_request(), 200,
      R"({"devices":[{"device_id":"5","device_name":"x","created_at":"9223372036854775807","last_seen_at":"18446744073709551615"}]})");
  ASSERT_TRUE(devices.ok());
  EXPECT_EQ(devices->at(0).created_at, Timestamp{});
  EXPECT_FALSE(devices->at(0).last_seen_at.has_value());
}

}  // namespace
}  // namespace sotto::engine::testing

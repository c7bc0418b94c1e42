// What the server takes is told in `hello`, kept for the next start, and kept to here.
#include "base/protocol.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

struct Limits : ::testing::Test {
  Device device;

  void SetUp() override { device.sign_in(); }
  void connect(const lite::Limits& limits) {
    lite::ServerFrame frame = hello();
    *frame.mutable_hello()->mutable_limits() = limits;
    const std::uint64_t cursor = device.say_hello(frame);
    device.receive(synced(cursor));
  }
  ErrorCode create_with(std::size_t others, const std::string& name = "g") {
    ErrorCode code = ErrorCode::internal;
    std::vector<UserId> users;
    for (std::size_t i = 0; i < others; ++i)
      users.push_back(UserId{1000 + i});
    const auto number = device.engine->create_group(
        name, users, device.now,
        [&](const Result<Conversation>& r) { code = r.ok() ? ErrorCode::internal : r.error().code; });
    device.engine->cancel(number, device.now);
    device.drain();
    return code;
  }
  ErrorCode send(std::size_t bytes) {
    const auto sent = device.try_send(kPeer, std::string(bytes, 'x'));
    return sent.ok() ? ErrorCode::internal : sent.error().code;
  }
};

TEST_F(Limits, BeforeTheFirstHelloTheProtocolsDefaultsHold) {
  EXPECT_EQ(create_with(499), ErrorCode::cancelled) << "asked the server";
  EXPECT_EQ(create_with(500), ErrorCode::group_too_large) << "with the creator they are 501";
  EXPECT_EQ(send(16 * 1024), ErrorCode::internal);
  EXPECT_EQ(send(16 * 1024 + 1), ErrorCode::invalid_argument);
}

TEST_F(Limits, AreThoseOfTheServerAlsoAfterARestartOffline) {
  lite::Limits limits;
  limits.set_group_members(3);
  limits.set_text_bytes(5);
  limits.set_group_name(4);
  limits.set_phone_numbers(1);
  connect(limits);
  const auto check = [&] {
    EXPECT_EQ(create_with(2), ErrorCode::cancelled);
    EXPECT_EQ(create_with(3), ErrorCode::group_too_large);
    EXPECT_EQ(create_with(1, "äöüß"), ErrorCode::cancelled) << "characters, not bytes";
    EXPECT_EQ(create_with(1, "fives"), ErrorCode::invalid_argument);
    EXPECT_EQ(send(5), ErrorCode::internal);
    EXPECT_EQ(send(6), ErrorCode::invalid_argument);
    ErrorCode code = ErrorCode::internal;
    device.engine->discover({"+491701234567", "+491701234568"}, device.now,
                            [&](const Result<std::vector<Contact>>& r) { code = r.error().code; });
    EXPECT_EQ(code, ErrorCode::invalid_argument);
  };
  check();
  device.crash();
  check();
}

TEST_F(Limits, MoreThanTheDefaultsIsTakenToo) {
  lite::Limits limits;
  limits.set_group_members(2000);
  limits.set_text_bytes(100'000);
  connect(limits);
  EXPECT_EQ(create_with(1999), ErrorCode::cancelled);
  EXPECT_EQ(send(100'000), ErrorCode::internal);
}

TEST_F(Limits, ReceiptsAndPresenceKeepToThem) {
  lite::Limits limits;
  limits.set_delivered_ids(3);
  limits.set_presence_users(1);
  connect(limits);
  device.take_frames();
  std::vector<lite::ServerFrame> frames;
  for (std::uint64_t id = 1000; id < 1010; ++id)
    frames.push_back(message_from(kPeer, id, kChat.value, "x"));
  device.receive_all(frames);
  int told = 0;
  for (const auto& frame : device.take_frames()) {
    EXPECT_LE(frame.delivered().message_ids_size(), 3);
    told += frame.delivered().message_ids_size();
  }
  EXPECT_EQ(told, 10);
  ErrorCode code = ErrorCode::internal;
  device.engine->subscribe_presence({kPeer, kThird}, device.now,
                                    [&](const Result<void>& r) { code = r.error().code; });
  EXPECT_EQ(code, ErrorCode::invalid_argument);
}

TEST_F(Limits, OfAHostileServerAreBounded) {
  lite::Limits limits;
  limits.set_text_bytes(~0u);
  limits.set_group_members(~0u);
  limits.set_page_items(~0u);
  connect(limits);
  EXPECT_EQ(send(kMaxFrameBytes + 1), ErrorCode::invalid_argument);
  bool asked = false;
  for (const auto& request : device.requests)
    asked = asked || request.what.path == "/api/conversations?limit=100";
  EXPECT_TRUE(asked);
}

TEST_F(Limits, NamesAndProfilesAreCheckedAsTheServerDoes) {
  EXPECT_EQ(create_with(1, ""), ErrorCode::invalid_argument);
  EXPECT_EQ(create_with(1, "two\nlines"), ErrorCode::invalid_argument);
  EXPECT_EQ(create_with(1, "\xff"), ErrorCode::invalid_argument);
  const auto update = [&](ProfileUpdate wanted) {
    ErrorCode code = ErrorCode::internal;
    const auto number = device.engine->update_profile(
        std::move(wanted), device.now,
        [&](const Result<Profile>& r) { code = r.ok() ? ErrorCode::internal : r.error().code; });
    device.engine->cancel(number, device.now);
    device.drain();
    return code;
  };
  ProfileUpdate wanted;
  wanted.about = "two\nlines";
  EXPECT_EQ(update(wanted), ErrorCode::cancelled);
  wanted.about = std::string(501, 'x');
  EXPECT_EQ(update(wanted), ErrorCode::invalid_argument);
  wanted = {};
  wanted.display_name = "";
  EXPECT_EQ(update(wanted), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sotto::engine::testing

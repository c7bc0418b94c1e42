// A server that was restored from a backup, and one that does not know this device's place: nothing is
// missed, and nothing goes round in a loop (docs/protocol.md, "When a server is restored").
#include "base/snowflake.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

/// 40 days ahead of the server's clock.
const std::uint64_t kFuture = snowflake_floor(from_unix_ms(kStart) + std::chrono::days(40));

struct Restored : ::testing::Test {
  Device device;
  void SetUp() override { device.sign_in(); }
  std::uint64_t cursor() { return device.store->account.load()->cursor; }

  /// Connects to a server whose stream has this name; returns the place asked for.
  std::uint64_t connect(std::uint64_t stream_id, std::uint64_t stream_from) {
    lite::ServerFrame frame = hello();
    frame.mutable_hello()->set_stream_id(stream_id);
    frame.mutable_hello()->set_stream_from(stream_from);
    return device.say_hello(frame);
  }
  void reconnect_later() {
    device.lose_connection();
    device.pass(Milliseconds{35'000});
    ASSERT_TRUE(device.connection_open);
  }
  lite::ServerFrame unknown_place() {
    lite::ServerFrame frame;
    frame.mutable_error()->set_code("unknown_place");
    return frame;
  }
  std::vector<std::uint64_t> places_asked_for() {
    std::vector<std::uint64_t> places;
    for (const auto& frame : device.take_frames())
      if (frame.has_sync()) places.push_back(frame.sync().last_seen_message_id());
    return places;
  }
};

TEST_F(Restored, TheFirstNameIsKeptWithThePlace) {
  EXPECT_EQ(connect(7, 0), kDevice.value);
  device.receive_all({message_from(kPeer, 1000, kChat.value, "a"), synced(1000)});
  reconnect_later();
  EXPECT_EQ(connect(7, 0), 1000u) << "the same stream";
  device.crash();
  EXPECT_EQ(connect(7, 500), 1000u) << "also after a crash";
}

TEST_F(Restored, AnotherStreamIsFollowedFromWhereItBegan) {
  connect(7, 0);
  device.receive_all({message_from(kPeer, 1000, kChat.value, "kept"),
                      message_from(kPeer, 2000, kChat.value, "lost"), synced(2000)});
  reconnect_later();
  EXPECT_EQ(connect(8, 1500), 1500u);
  // Ids of the new stream may be smaller than those of the old one.
  device.receive_all({message_from(kPeer, 1600, kChat.value, "new"), synced(1600)});
  EXPECT_EQ(device.engine->connection_state(), ConnectionState::online);
  device.receive(message_from(kPeer, 1601, kChat.value, "live"));
  EXPECT_TRUE(device.connection_open);
  EXPECT_EQ(device.texts(kChat), (std::vector<std::string>{"kept", "new", "live", "lost"}));
  EXPECT_EQ(cursor(), 1601u);
  reconnect_later();
  EXPECT_EQ(connect(8, 1500), 1601u) << "once";
}

TEST_F(Restored, APlaceBeforeTheBackupStays) {
  connect(7, 0);
  device.receive_all({message_from(kPeer, 1000, kChat.value, "a"), synced(1000)});
  reconnect_later();
  EXPECT_EQ(connect(8, 1500), 1000u);
}

TEST_F(Restored, GoingBackSurvivesACrashBeforeAnythingHasCome) {
  connect(7, 0);
  device.receive_all({message_from(kPeer, 2000, kChat.value, "a"), synced(2000)});
  reconnect_later();
  connect(8, 1500);
  device.crash();
  EXPECT_EQ(connect(8, 1500), 1500u);
}

TEST_F(Restored, APlaceTheServerDoesNotKnowStartsOverOnTheSameConnection) {
  connect(7, 0);
  device.receive_all({message_from(kPeer, 2000, kChat.value, "a"), synced(2000)});
  reconnect_later();
  connect(7, 0);
  device.receive(unknown_place());
  EXPECT_EQ(places_asked_for(), std::vector<std::uint64_t>{kDevice.value});
  device.receive_all({message_from(kPeer, 1600, kChat.value, "missed"), synced(1600)});
  EXPECT_EQ(device.engine->connection_state(), ConnectionState::online);
  EXPECT_EQ(device.texts(kChat), (std::vector<std::string>{"missed", "a"}));
  EXPECT_EQ(cursor(), 1600u);
}

TEST_F(Restored, AServerThatKnowsNoPlaceAtAllIsNotAskedInALoop) {
  connect(7, 0);
  device.receive(unknown_place());
  EXPECT_EQ(places_asked_for(), std::vector<std::uint64_t>{0}) << "from the device's own id, then from 0";
  device.receive(unknown_place());
  EXPECT_EQ(places_asked_for(), std::vector<std::uint64_t>{});
  EXPECT_FALSE(device.connection_open);
  EXPECT_EQ(device.take_events<ErrorOccurred>().size(), 1u);
}

TEST_F(Restored, WhatAHostileServerSaidOfThePlaceIsForgottenAtTheHonestOne) {
  connect(7, 0);
  device.receive_all({message_from(kPeer, 1000, kChat.value, "m1"), synced(1000)});
  reconnect_later();
  connect(7, 0);
  device.receive(synced(kFuture));  // hostile
  reconnect_later();
  EXPECT_EQ(connect(7, 0), kFuture);
  device.receive(unknown_place());
  device.receive_all({message_from(kPeer, 1000, kChat.value, "m1"),
                      message_from(kPeer, 1001, kChat.value, "m2"), synced(1001)});
  device.receive(message_from(kPeer, 1002, kChat.value, "m3"));
  EXPECT_TRUE(device.connection_open);
  EXPECT_EQ(device.texts(kChat), (std::vector<std::string>{"m1", "m2", "m3"}));

  // Under another name: the honest one's is another again.
  reconnect_later();
  connect(99, 0);
  device.receive(synced(kFuture));
  reconnect_later();
  EXPECT_EQ(connect(7, 0), kDevice.value);
}

TEST_F(Restored, ChangesReadingAndReceiptsOfAClockThatWasAheadDoNotHideWhatComesNow) {
  connect(7, 0);
  device.receive_all(
      {group_change(lite::Conversation::created, 950, kGroup.value, {kMe, kPeer}, "old"),
       group_change(lite::Conversation::renamed, kFuture, kGroup.value, {kMe, kPeer}, "of the future"),
       message_from(kPeer, kFuture + 1, kGroup.value, "of the future"), synced(kFuture + 1)});
  device.engine->mark_read(kGroup, MessageId{kFuture + 1}, device.now, {});
  device.receive(receipt(lite::Status::read, kPeer, kFuture + 2, kGroup.value, kFuture + 1));
  reconnect_later();
  EXPECT_EQ(connect(8, 1000), 1000u);
  device.receive_all({group_change(lite::Conversation::renamed, 1001, kGroup.value, {kMe, kPeer}, "now"),
                      message_from(kPeer, 1002, kGroup.value, "news"), synced(1002)});
  EXPECT_EQ(device.engine->conversation(kGroup)->name, "now");
  EXPECT_GE(device.engine->conversation(kGroup)->unread_count, 1u);
  const LocalId id = device.send(kGroup, "mine");
  device.receive(ack_of(device.take_message(), 1003, kGroup.value));
  device.receive(receipt(lite::Status::delivered, kPeer, 1004, kGroup.value, 1003));
  EXPECT_EQ(device.message(id).state, MessageState::delivered) << "and not read";
}

TEST_F(Restored, WhatWasToldBeyondTheBackupIsToldAgain) {
  connect(7, 0);
  device.receive_all({direct_created(950, kChat.value, kPeer), message_from(kPeer, 1400, kChat.value, "a"),
                      message_from(kPeer, 2000, kChat.value, "b"), synced(2000)});
  device.engine->mark_read(kChat, MessageId{2000}, device.now, {});
  device.stay_online(Milliseconds{30'000});
  for (const auto& frame : device.take_frames())
    if (frame.has_confirm()) {
      lite::ServerFrame confirmed;
      confirmed.mutable_confirmed()->set_number(frame.confirm().number());
      device.receive(confirmed);
    }
  EXPECT_EQ(device.store->account.load()->delivered_told, 2000u);
  device.engine->on_pong(device.connection, device.now);
  reconnect_later();
  EXPECT_EQ(connect(8, 1500), 1500u);
  // The message of after the backup had been copied by hand into the restored server, so it comes again.
  device.receive_all({message_from(kPeer, 2000, kChat.value, "b"), synced(2000)});
  bool delivered = false;
  bool read = false;
  for (const auto& frame : device.take_frames()) {
    delivered = delivered || (frame.has_delivered() && frame.delivered().message_ids(0) == 2000);
    read = read || (frame.has_read() && frame.read().up_to_message_id() == 2000);
  }
  EXPECT_TRUE(delivered);
  EXPECT_TRUE(read);
}

}  // namespace
}  // namespace sotto::engine::testing

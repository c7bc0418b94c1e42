#include "base/protocol.hpp"
#include "sdk/engine/timing.hpp"
#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {
namespace {

struct Receipts : ::testing::Test {
  Device device;
  void SetUp() override {
    device.sign_in();
    device.go_online();
  }
  void read(std::uint64_t up_to) {
    device.engine->mark_read(kChat, MessageId{up_to}, device.now,
                             [](Result<void> r) { EXPECT_TRUE(r.ok()); });
    device.drain();
  }
  std::uint32_t unread() { return device.engine->conversation(kChat)->unread_count; }
  /// A keep-alive round trip; the `confirm`s that came with it.
  std::vector<lite::Confirm> ping_pong() {
    device.take_frames();
    device.pass(kPingEvery);
    device.engine->on_pong(device.connection, device.now);
    device.drain();
    std::vector<lite::Confirm> asked;
    for (const auto& frame : device.take_frames())
      if (frame.has_confirm()) asked.push_back(frame.confirm());
    return asked;
  }
  void confirm(std::uint32_t number) {
    lite::ServerFrame frame;
    frame.mutable_confirmed()->set_number(number);
    device.receive(frame);
  }
};

TEST_F(Receipts, ReadingIsToldOnceASecondWithTheLastPosition) {
  for (std::uint64_t id = 1000; id < 1003; ++id)
    device.receive(message_from(kPeer, id, kChat.value, "x"));
  device.take_frames();
  EXPECT_EQ(unread(), 3u);
  read(1000);
  read(1001);
  EXPECT_EQ(unread(), 1u);
  EXPECT_TRUE(device.take_frames().empty());
  device.pass(kReadBatch);
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].read().up_to_message_id(), 1001u);
}

TEST_F(Receipts, ReadingNeverGoesBackAndNeverPastWhatIsHere) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  device.receive(message_from(kPeer, 1001, kChat.value, "y"));
  read(1001);
  read(1000);
  EXPECT_EQ(device.engine->conversation(kChat)->read_up_to, MessageId{1001});
  read(9999);
  EXPECT_EQ(device.engine->conversation(kChat)->read_up_to, MessageId{1001});
  device.receive(message_from(kPeer, 1002, kChat.value, "z"));
  EXPECT_EQ(unread(), 1u);
}

TEST_F(Receipts, ReadingOnAnotherDeviceCountsHere) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  device.take_frames();
  device.receive(receipt(lite::Status::read, kMe, 1001, kChat.value, 1000));
  EXPECT_EQ(unread(), 0u);
  device.pass(kReadBatch * 2);
  EXPECT_TRUE(device.take_frames().empty()) << "the server knows it already";
}

TEST_F(Receipts, WhatTheServerHasNotConfirmedIsToldAgainOnTheNextConnection) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  read(1000);
  device.pass(kReadBatch);
  EXPECT_EQ(device.take_frames().size(), 2u);
  EXPECT_EQ(ping_pong().size(), 1u) << "the answer to a ping says only that the frames have arrived";
  device.lose_connection();
  device.pass(Milliseconds{1000});
  device.say_hello();
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].delivered().message_ids(0), 1000u);
  EXPECT_EQ(frames[1].read().up_to_message_id(), 1000u);
}

TEST_F(Receipts, WhatTheServerHasConfirmedIsNotToldAgainNotEvenAfterACrash) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  read(1000);
  device.pass(kReadBatch);
  confirm(ping_pong().at(0).number());
  EXPECT_TRUE(ping_pong().empty()) << "there is nothing left to ask";
  device.crash();
  EXPECT_EQ(device.say_hello(), 1000u);
  EXPECT_TRUE(device.take_frames().empty());
}

TEST_F(Receipts, WhatIsToldAfterAskingIsNotConfirmedByTheAnswer) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  const auto asked = ping_pong();
  device.receive(message_from(kPeer, 1001, kChat.value, "y"));
  read(1001);
  device.pass(kReadBatch);
  confirm(asked.at(0).number());
  device.crash();
  device.say_hello();
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 2u);
  ASSERT_EQ(frames[0].delivered().message_ids_size(), 1);
  EXPECT_EQ(frames[0].delivered().message_ids(0), 1001u);
  EXPECT_EQ(frames[1].read().up_to_message_id(), 1001u);
}

TEST_F(Receipts, OneQuestionIsOutAtATimeSoAServerWithoutADiskCostsNoMemory) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  EXPECT_EQ(ping_pong().size(), 1u);
  device.receive(message_from(kPeer, 1001, kChat.value, "y"));
  EXPECT_TRUE(ping_pong().empty());
  confirm(1);
  EXPECT_EQ(ping_pong().size(), 1u) << "the second message";
}

TEST_F(Receipts, AConfirmationNobodyAskedForBreaksTheProtocol) {
  confirm(1);
  EXPECT_FALSE(device.connection_open);
}

TEST_F(Receipts, ACrashBetweenStoringAndTellingTellsLater) {
  std::string bytes;
  message_from(kPeer, 1000, kChat.value, "x").SerializeToString(&bytes);
  device.engine->on_frame(device.connection, as_bytes(bytes), device.now);
  device.now.steady += Milliseconds{20};
  device.engine->on_timer(device.now);  // committed; the frame to tell it dies with the process
  device.crash();
  device.say_hello();
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].delivered().message_ids(0), 1000u);
}

TEST_F(Receipts, WhatIsReadOfflineIsToldOnConnecting) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  confirm(ping_pong().at(0).number());
  device.lose_connection();
  read(1000);
  device.crash();
  device.say_hello();
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].read().up_to_message_id(), 1000u);
}

TEST_F(Receipts, SuspendTellsWhatWaits) {
  device.receive(message_from(kPeer, 1000, kChat.value, "x"));
  device.take_frames();
  read(1000);
  device.engine->suspend(device.now, {});
  const auto frames = device.take_frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_TRUE(frames[0].has_read());
}

TEST_F(Receipts, ADeliveredFrameIsBounded) {
  std::vector<lite::ServerFrame> frames;
  for (std::uint64_t i = 0; i < 1200; ++i)
    frames.push_back(message_from(kPeer, 1000 + i, kChat.value, "x"));
  device.receive_all(frames);
  std::size_t told = 0;
  for (const auto& frame : device.take_frames()) {
    EXPECT_LE(frame.delivered().message_ids_size(), static_cast<int>(ProtocolLimits{}.delivered_ids));
    told += static_cast<std::size_t>(frame.delivered().message_ids_size());
  }
  EXPECT_EQ(told, 1200u);
}

TEST_F(Receipts, TheCountKeptUpAlwaysEqualsTheOneRecomputed) {
  SeededRandom random(3);
  std::uint64_t id = 1000;
  for (int step = 0; step < 400; ++step) {
    switch (random.below(4)) {
      case 0:
        device.receive(message_from(kMe, ++id, kChat.value, "mine"));
        break;
      case 1:
        if (id > 1000) read(1000 + random.below(id - 999));
        break;
      case 2:
        if (id > 1000) {
          const std::uint64_t up_to = 1000 + random.below(id - 999);
          device.receive(receipt(lite::Status::read, kMe, ++id, kChat.value, up_to));
        }
        break;
      default:
        device.receive(message_from(kPeer, ++id, kChat.value, "theirs"));
    }
    auto conversation = device.store->conversations.find(kChat);
    if (!conversation) continue;
    ASSERT_EQ(conversation->unread,
              device.store->messages.count_unread(conversation->row, conversation->read_up_to))
        << "after step " << step;
  }
}

}  // namespace
}  // namespace sotto::engine::testing

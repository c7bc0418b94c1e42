// What a shard does with receipts: collects them, keeps them until they are durable, and then says so.
#include "tests/unit/server/gateway/shard_fixture.hpp"

namespace sotto::server {
namespace {

using testing::ElementsAre;

class ShardReceipts : public ShardTest {
 protected:
  ShardReceipts() {
    dispatcher.attach({&shard});
    session = &shard.open({UserId{7}, DeviceId{70}}, WireFormat::binary, sink, "token");
    turns.run();
    sink.take();
  }
  void pass(Milliseconds time) {
    turns.time += time;
    while (turns.wake <= turns.time) {
      shard.on_wake();
      turns.run();
    }
  }
  void say_read(std::uint64_t up_to) {
    v1::ClientFrame frame;
    frame.mutable_read()->set_conversation_id(5);
    frame.mutable_read()->set_up_to_message_id(up_to);
    say(frame);
  }
  void ask(std::uint32_t number) {
    v1::ClientFrame frame;
    frame.mutable_confirm()->set_number(number);
    say(frame);
  }
  void say(const v1::ClientFrame& frame) {
    ASSERT_TRUE(session->on_frame(encode_frame(WireFormat::binary, frame), false));
  }
  void end(bool committed) {
    storage.end_write(committed);
    turns.run();
  }
  std::vector<std::uint32_t> confirmed() {
    std::vector<std::uint32_t> numbers;
    for (const auto& frame : sink.take())
      if (frame.has_confirmed()) numbers.push_back(frame.confirmed().number());
    return numbers;
  }

  QueueDriver turns;
  Shard shard{0, turns, app, {}, dispatcher};
  FakeSink sink;
  Session* session = nullptr;
};

TEST_F(ShardReceipts, WhatComesWithinHalfASecondIsWrittenAsOne) {
  for (std::uint64_t id = 1; id <= 4; ++id) {
    say_read(id);
    pass(limits.receipt_flush / 5);
  }
  EXPECT_TRUE(storage.writes.empty());
  pass(limits.receipt_flush);
  EXPECT_EQ(storage.writes.size(), 1u);
}

TEST_F(ShardReceipts, AConfirmIsAnsweredOnceWhatCameBeforeItIsDurable) {
  say_read(1);
  ask(1);
  pass(limits.receipt_flush);
  EXPECT_THAT(confirmed(), ElementsAre()) << "written, and not committed yet";
  end(true);
  EXPECT_THAT(confirmed(), ElementsAre(1u));
}

TEST_F(ShardReceipts, AFailingDiskHoldsTheAnswerBackUntilTheReceiptsAreWritten) {
  say_read(1);
  ask(1);
  for (int failures = 0; failures < 3; ++failures) {
    pass(std::chrono::seconds(1));
    end(false);
    EXPECT_THAT(confirmed(), ElementsAre());
  }
  pass(std::chrono::seconds(1));
  end(true);
  EXPECT_THAT(confirmed(), ElementsAre(1u));
}

TEST_F(ShardReceipts, AConfirmBehindReceiptsThatAreOnTheirWayWaitsForThem) {
  say_read(1);
  pass(limits.receipt_flush);
  ask(1);
  pass(limits.receipt_flush * 2);
  EXPECT_THAT(confirmed(), ElementsAre());
  end(false);
  pass(std::chrono::seconds(1));
  EXPECT_THAT(confirmed(), ElementsAre());
  end(true);
  pass(limits.receipt_flush);
  EXPECT_THAT(confirmed(), ElementsAre(1u));
}

TEST_F(ShardReceipts, AConfirmBehindNothingIsAnsweredWithoutAWrite) {
  ask(1);
  ask(2);
  pass(limits.receipt_flush);
  EXPECT_THAT(confirmed(), ElementsAre(2u)) << "the last one for all";
  EXPECT_TRUE(storage.writes.empty());
}

TEST_F(ShardReceipts, AFullQueueOfTheWriterHoldsTheAnswerBack) {
  storage.full = true;
  say_read(1);
  ask(1);
  pass(limits.receipt_flush);
  EXPECT_THAT(confirmed(), ElementsAre());
  storage.full = false;
  pass(Milliseconds(5));
  end(true);
  EXPECT_THAT(confirmed(), ElementsAre(1u));
}

TEST_F(ShardReceipts, WhoHasGoneIsNotAnswered) {
  say_read(1);
  ask(1);
  pass(limits.receipt_flush);
  shard.erase(session->ref());
  end(true);
  EXPECT_THAT(confirmed(), ElementsAre());
  EXPECT_TRUE(shard.receipts_idle());
}

}  // namespace
}  // namespace sotto::server

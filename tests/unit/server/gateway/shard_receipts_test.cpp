// What a shard does with receipts: collects them, keeps them until they are durable, and then says so.
#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/gateway/dispatcher.hpp"
#include "server/gateway/shard.hpp"
#include "server/services/auth_service.hpp"
#include "server/services/conversation_service.hpp"
#include "server/services/message_service.hpp"
#include "server/services/receipt_service.hpp"
#include "server/services/stream_service.hpp"
#include "tests/unit/server/gateway/session_fixture.hpp"

namespace sotto::server {
namespace {

using testing::ElementsAre;

/// Keeps write jobs until the test says how they end; their work is not this test's concern.
class HeldStorage final : public Storage {
 public:
  bool write(std::unique_ptr<WriteJob>& job) override {
    if (!full) jobs.push_back(std::move(job));
    return !full;
  }
  bool read(std::unique_ptr<ReadJob>& job) override {
    job.reset();
    return true;
  }
  void end(bool committed) {
    ASSERT_FALSE(jobs.empty());
    const auto job = std::move(jobs.front());
    jobs.pop_front();
    job->done(committed);
  }
  std::deque<std::unique_ptr<WriteJob>> jobs;
  bool full = false;
};

class Turns final : public ShardDriver {
 public:
  void post(std::function<void()> work) override { posted.push_back(std::move(work)); }
  void wake_at(Timestamp at) override { wake = at; }
  [[nodiscard]] Timestamp now() const override { return time; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return to_unix_ms(time) * 1000; }
  std::deque<std::function<void()>> posted;
  Timestamp time = from_unix_ms(1'800'000'000'000);
  Timestamp wake = Timestamp::max();
};

class NoPush final : public PushSender {
  void send(PushNotice) override {}
};

class ShardReceipts : public testing::Test {
 protected:
  ShardReceipts() {
    dispatcher.attach({&shard});
    session = &shard.open({UserId{7}, DeviceId{70}}, WireFormat::binary, sink, "token");
    run();
    sink.take();
  }
  void run() {
    while (!turns.posted.empty()) {
      auto work = std::move(turns.posted.front());
      turns.posted.pop_front();
      work();
    }
  }
  void pass(Milliseconds time) {
    turns.time += time;
    while (turns.wake <= turns.time) {
      shard.on_wake();
      run();
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
    storage.end(committed);
    run();
  }
  std::vector<std::uint32_t> confirmed() {
    std::vector<std::uint32_t> numbers;
    for (const auto& frame : sink.take())
      if (frame.has_confirmed()) numbers.push_back(frame.confirmed().number());
    return numbers;
  }

  Limits limits;
  HeldStorage storage;
  Turns turns;
  Metrics metrics;
  MemorySessionRegistry registry;
  NoPush push;
  AuthService auth{limits, SecretBytes(Bytes(32, 1)), true};
  ConversationService conversations;
  MessageService messages{limits, conversations};
  ReceiptService receipts;
  StreamService streams;
  SeededRandom random{1};
  GatewayServices services{storage,  registry, push,    auth,   conversations,
                           messages, receipts, streams, random, limits};
  Dispatcher dispatcher{services, metrics};
  Shard shard{0, turns, services, {}, metrics, dispatcher};
  FakeSink sink;
  Session* session = nullptr;
};

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
  EXPECT_TRUE(storage.jobs.empty());
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

// What the server's store costs: accepting and committing 1:1 messages in batches, catching up, a page of
// history. CPU times count (fsync waits); bytes are what the process handed to the disk.
//
//   server_store_bench --benchmark_filter=Accept
//   SOTTO_BENCH_STORED=1000000 server_store_bench      puts that many messages in first
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/server/world.hpp"
#include <benchmark/benchmark.h>

namespace sotto::server {
namespace {

using testing::World;

constexpr std::size_t kPairs = 100;
constexpr std::size_t kBody = 100;

/// Bytes this process has sent to storage so far.
double bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string word;
  double value = 0;
  while (io >> word >> value) {
    if (word == "write_bytes:") return value;
  }
  return 0;
}

class AcceptJob final : public WriteJob {
 public:
  AcceptJob(World& world, const Caller& sender, NewMessage message)
      : world_(world), sender_(sender), message_(std::move(message)) {}
  void run(Store& store, WriteContext& context) override {
    auto answer = world_.messages.accept(store, context, sender_, message_);
    context.events.events.emplace_back(MessageAnswered{{0, 1}, message_.key, std::move(answer)});
  }
  void done(bool committed) override {
    if (!committed) std::abort();
  }

 private:
  World& world_;
  Caller sender_;
  NewMessage message_;
};

/// A hundred pairs, and as many messages between others as the environment asks for.
struct Crowd {
  explicit Crowd(const Limits& limits = {}) : world(limits) {
    (void)world.store().connection().db().exec("PRAGMA synchronous = FULL");
    for (std::size_t i = 0; i < kPairs; ++i) {
      a.push_back(world.person("A" + std::to_string(i)));
      b.push_back(world.person("B" + std::to_string(i)));
      conversations.push_back(world.direct(a.back(), b.back())->id);
    }
    const char* stored = std::getenv("SOTTO_BENCH_STORED");
    if (stored != nullptr) fill(std::strtoull(stored, nullptr, 10));
  }

  void fill(std::uint64_t messages) {
    for (std::uint64_t done = 0; done < messages; done += 4096)
      send(4096, body);
  }

  std::vector<std::unique_ptr<WriteJob>> jobs(std::size_t count, const std::string& text) {
    std::vector<std::unique_ptr<WriteJob>> made;
    made.reserve(count);
    for (std::size_t i = 0; i < count; ++i, ++next) {
      const std::size_t pair = next % kPairs;
      const Caller& sender = next / kPairs % 2 == 0 ? a[pair] : b[pair];
      made.push_back(std::make_unique<AcceptJob>(world, sender, world.message(conversations[pair], text)));
    }
    return made;
  }
  void send(std::size_t count, const std::string& text) {
    auto batch = jobs(count, text);
    world.now += Milliseconds(1);
    world.run(batch);
    world.events.clear();
  }

  World world;
  std::vector<Caller> a, b;
  std::vector<ConversationId> conversations;
  const std::string body = std::string(kBody, 'x');
  std::size_t next = 0;
};

void AcceptAndCommit(benchmark::State& state) {
  Crowd crowd;
  const auto batch = static_cast<std::size_t>(state.range(0));
  const double before = bytes_written();
  for (auto _ : state) {
    state.PauseTiming();
    auto jobs = crowd.jobs(batch, crowd.body);
    crowd.world.now += Milliseconds(1);
    state.ResumeTiming();
    crowd.world.run(jobs);
  }
  const auto messages = static_cast<double>(state.iterations()) * static_cast<double>(batch);
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.counters["bytes/message"] = (bytes_written() - before) / messages;
  state.counters["cpu/message"] =
      benchmark::Counter(messages, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(AcceptAndCommit)->Arg(1)->Arg(32)->Arg(256)->Arg(1024)->Arg(3200);

void DeliveredReceipts(benchmark::State& state) {
  Crowd crowd;
  const std::size_t count = 1024;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<ReceiptBatch::Delivered> items;
    auto jobs = crowd.jobs(count, crowd.body);
    crowd.world.now += Milliseconds(1);
    crowd.world.run(jobs);
    for (const auto& told : crowd.world.told<MessageView>()) {
      const StoredMessage& message = *told.value.message;
      items.push_back({told.audience.members_of->peer_of(message.sender), message.conversation, message.id});
    }
    ReceiptCollector collected{Milliseconds(500)};
    for (const auto& item : items) {
      collected.delivered({item.user, {}}, item.conversation, std::span(&item.message, 1), crowd.world.now);
    }
    const ReceiptBatch batch = collected.take();
    state.ResumeTiming();
    crowd.world.write([&](Store& store, WriteContext& context) {
      crowd.world.receipts.record(store, context, batch);
      return 0;
    });
  }
  state.counters["cpu/receipt"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * count,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(DeliveredReceipts);

void CatchUpTenThousand(benchmark::State& state) {
  Limits limits;
  if (state.range(0) == 0) limits.write_fanout_members = 1;  // from the log
  Crowd crowd(limits);
  const Caller& sender = crowd.a[0];
  const Caller& reader = crowd.b[0];
  for (int i = 0; i < 10'000; ++i) {
    (void)crowd.world.write([&](Store& store, WriteContext& context) {
      ServiceResult<Ack> last = storage_failed();
      for (int k = 0; k < 500; ++k, ++i) {
        last = crowd.world.messages.accept(store, context, sender,
                                           crowd.world.message(crowd.conversations[0], crowd.body));
      }
      return last;
    });
  }
  for (auto _ : state) {
    std::size_t messages = 0;
    Place after;
    StreamOptions options;
    options.receipts_after = StreamQuery::kNoReceipts;
    for (bool complete = false; !complete;) {
      const StreamPage page = crowd.world.read([&](const Store& store, Timestamp) {
        return crowd.world.stream.page(store, reader, after, options, [&](const StreamElement&) {
          ++messages;
          return true;
        });
      });
      after = page.next;
      complete = page.complete;
    }
    if (messages < 10'000) state.SkipWithError("messages are missing");
  }
}
BENCHMARK(CatchUpTenThousand)->Arg(1)->Arg(0)->Unit(benchmark::kMillisecond);

void HistoryPageOf50(benchmark::State& state) {
  Crowd crowd;
  crowd.fill(20'000);
  HistoryRequest request;
  for (auto _ : state) {
    const auto page = crowd.world.history_page(crowd.b[0], crowd.conversations[0], request);
    if (page->messages.size() != 50) state.SkipWithError("messages are missing");
  }
}
BENCHMARK(HistoryPageOf50)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sotto::server

BENCHMARK_MAIN();

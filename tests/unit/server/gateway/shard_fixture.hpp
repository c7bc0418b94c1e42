// What shards and the dispatcher run on, without threads or a store: turns that are taken when the test says
// so, and a storage that keeps every job until the test says how it ends.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/application/application.hpp"
#include "server/gateway/session/dispatcher.hpp"
#include "server/gateway/session/shard.hpp"
#include "tests/unit/server/fake_storage.hpp"
#include "tests/unit/server/gateway/session_fixture.hpp"

namespace sotto::server {

class QueueDriver final : public ShardDriver {
 public:
  void post(std::function<void()> work) override { posted.push_back(std::move(work)); }
  void wake_at(Timestamp at) override { wake = at; }
  [[nodiscard]] Timestamp now() const override { return time; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return to_unix_ms(time) * 1000; }
  void run() {
    while (!posted.empty()) {
      const auto work = std::move(posted.front());
      posted.pop_front();
      work();
    }
  }

  std::deque<std::function<void()>> posted;
  Timestamp time = from_unix_ms(1'800'000'000'000);
  Timestamp wake = Timestamp::max();
};

/// The jobs' work is not these tests' concern.
class HeldStorage final : public StorageDouble {
 public:
  bool write(std::unique_ptr<WriteJob>& job) override {
    if (!full) writes.push_back(std::move(job));
    return !full;
  }
  bool read(std::unique_ptr<ReadJob>& job) override {
    if (!full) reads.push_back(std::move(job));
    return !full;
  }
  /// The oldest write ends.
  void end_write(bool committed) {
    ASSERT_FALSE(writes.empty());
    const auto job = std::move(writes.front());
    writes.pop_front();
    job->done(committed);
  }

  bool full = false;
  std::deque<std::unique_ptr<WriteJob>> writes;
  std::deque<std::unique_ptr<ReadJob>> reads;
};

class ShardTest : public testing::Test {
 protected:
  HeldStorage storage;
  MemorySessionRegistry registry;
  NoPush push;
  NoOtp otp;
  SeededRandom random{1};
  Metrics metrics;
  Application app{Limits(),
                  true,
                  {.storage = storage,
                   .registry = registry,
                   .otp_sender = otp,
                   .push_sender = push,
                   .random = random,
                   .metrics = metrics}};
  const Limits& limits = app.limits;
  Dispatcher dispatcher{app};
};

}  // namespace sotto::server

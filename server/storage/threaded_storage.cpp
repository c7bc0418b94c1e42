#include "server/storage/threaded_storage.hpp"

#include <atomic>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"
#include "server/storage/batch_writer.hpp"
#include "server/storage/fair_queue.hpp"
#include "server/storage/job_queue.hpp"

namespace sotto::server {

namespace {
// Reads that wait. Each is a page or less, so this is some tens of milliseconds of work.
constexpr std::size_t kReadQueue = 4096;
// Of these, one person's: more than all their devices have under way at once, and far from all of it.
constexpr std::size_t kReadShare = 256;
// Between two complaints about the disk.
constexpr Milliseconds kComplaintInterval = std::chrono::seconds(10);

/// Jobs that nothing will run any more.
void give_up(JobQueue<WriteJob>& queue) {
  std::vector<std::unique_ptr<WriteJob>> left;
  while (queue.take(left, std::numeric_limits<std::size_t>::max())) {
    for (auto& job : left)
      job->done(false);
  }
}
void give_up(FairQueue<ReadJob>& queue) {
  while (std::unique_ptr<ReadJob> job = queue.take())
    job->done(false);
}
}  // namespace

class ThreadedStorage::Impl {
 public:
  Impl(OpenedStores stores, ThreadedStorageOptions options)
      : options_(std::move(options)),
        random_(options_.random != nullptr ? *options_.random : system_random()),
        token_key_(std::move(stores.token_key)),
        stream_(stores.stream),
        ids_(options_.node),
        writer_(std::move(stores.writer)),
        readers_(std::move(stores.readers)),
        writes_(options_.queue_capacity),
        reads_(kReadQueue, kReadShare) {
    ids_.resume_after(stores.last_id);
    if (Metrics* metrics = options_.metrics) {
      metrics->watch("sotto_write_queue_jobs", "Jobs that wait for the writer.",
                     [this] { return static_cast<double>(writes_.size()); });
      metrics->watch("sotto_read_queue_jobs", "Jobs that wait for a reader.",
                     [this] { return static_cast<double>(reads_.size()); });
    }
  }

  void start(EventSink& events) {
    threads_.emplace_back([this, &events] { run_writer(events); });
    for (auto& reader : readers_)
      threads_.emplace_back([this, store = reader.get()] { run_reader(*store); });
  }

  void close() {
    writes_.close();
    reads_.close();
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
    give_up(writes_);  // only if it was never started
    give_up(reads_);
    readers_.clear();
    writer_.reset();  // last, so that it can tidy up behind the readers
  }

  bool write(std::unique_ptr<WriteJob>& job) { return writes_.push(job); }
  bool read(std::unique_ptr<ReadJob>& job) { return reads_.push(job); }
  [[nodiscard]] const SecretBytes& token_key() const { return token_key_; }
  [[nodiscard]] StreamOrigin stream() const { return stream_; }

 private:
  void run_writer(EventSink& events) {
    BatchWriter writer(*writer_, ids_, random_, events);
    std::vector<std::unique_ptr<WriteJob>> batch;
    while (writes_.take(batch, options_.batch_limit)) {
      const std::uint64_t failures = writer.failures();
      const auto begun = std::chrono::steady_clock::now();
      writer.run(batch, options_.clock());
      if (Metrics* metrics = options_.metrics) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        metrics->batch_jobs.observe(static_cast<double>(batch.size()));
        metrics->commit_seconds.observe(took.count());
        metrics->commits_failed.add(writer.failures() - failures);
      }
      if (writer.failures() > failures) complain("commit_failed", writer.last_fault());
    }
  }

  void run_reader(TransactionalStore& store) {
    // One job at a time, so that the other reader gets the next.
    while (std::unique_ptr<ReadJob> job = reads_.take()) {
      if (store.begin()) job->run(store, options_.clock());
      const bool read = !store.failed();
      if (!read) complain("read_failed", store.fault());
      store.rollback();  // lets the snapshot go
      job->done(read);
    }
  }

  /// A disk that fails does so for every batch: once in a while is enough.
  void complain(log::Literal event, const StoreFault& fault) {
    const std::int64_t now = to_unix_ms(wall_clock_now());
    std::int64_t last = last_complaint_.load(std::memory_order_relaxed);
    if (now - last < kComplaintInterval.count() || !last_complaint_.compare_exchange_strong(last, now))
      return;
    log::error(event, {{"store_code", fault.code}, {"reason", log::text(fault.text)}});
  }

  ThreadedStorageOptions options_;
  std::atomic<std::int64_t> last_complaint_{0};
  Random& random_;
  SecretBytes token_key_;
  const StreamOrigin stream_;
  SnowflakeGenerator ids_;  // the writer's
  std::unique_ptr<TransactionalStore> writer_;
  std::vector<std::unique_ptr<TransactionalStore>> readers_;
  JobQueue<WriteJob> writes_;
  FairQueue<ReadJob> reads_;
  std::vector<std::thread> threads_;
};

ThreadedStorage::ThreadedStorage(OpenedStores stores, ThreadedStorageOptions options)
    : impl_(std::make_unique<Impl>(std::move(stores), std::move(options))) {}

ThreadedStorage::~ThreadedStorage() {
  close();
}

bool ThreadedStorage::write(std::unique_ptr<WriteJob>& job) {
  return impl_->write(job);
}

bool ThreadedStorage::read(std::unique_ptr<ReadJob>& job) {
  return impl_->read(job);
}

SecretBytes ThreadedStorage::token_key() const {
  return impl_->token_key().clone();
}

StreamOrigin ThreadedStorage::stream() const {
  return impl_->stream();
}

void ThreadedStorage::start(EventSink& events) {
  impl_->start(events);
}

void ThreadedStorage::close() {
  impl_->close();
}

}  // namespace sotto::server

#include "server/adapters/embedded/embedded_storage.hpp"

#include <atomic>
#include <fcntl.h>
#include <limits>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "server/adapters/embedded/file_lock.hpp"
#include "server/adapters/embedded/job_queue.hpp"
#include "server/adapters/sqlite/batch_writer.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"

namespace sotto::server {

namespace {
// Reads that wait. Each is a page or less, so this is some tens of milliseconds of work.
constexpr std::size_t kReadQueue = 4096;
// A reader takes one job at a time, so that the other reader gets the next.
constexpr std::size_t kReadsAtOnce = 1;
// Between two complaints about the disk.
constexpr Milliseconds kComplaintInterval = std::chrono::seconds(10);

/// The file holds messages and the key of access tokens: nobody else's business. SQLite makes its log and the
/// like with the same rights. What cannot be made here is reported when it is opened.
void make_private(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

/// Jobs that nothing will run any more.
template <class Job>
void give_up(JobQueue<Job>& queue) {
  std::vector<std::unique_ptr<Job>> left;
  while (queue.take(left, std::numeric_limits<std::size_t>::max())) {
    for (auto& job : left)
      job->done(false);
  }
}
}  // namespace

class EmbeddedStorage::Impl {
 public:
  Impl(EmbeddedOptions options, FileLock lock, OpenedDatabase opened, std::vector<sqlite::Database> readers)
      : options_(std::move(options)),
        random_(options_.random != nullptr ? *options_.random : system_random()),
        lock_(std::move(lock)),
        token_key_(std::move(opened.token_key)),
        ids_(options_.node),
        writer_(std::make_unique<SqliteStore>(std::move(opened.writer), SqliteStore::Role::writer)),
        writes_(options_.queue_capacity),
        reads_(kReadQueue) {
    ids_.resume_after(opened.last_id);
    for (sqlite::Database& db : readers) {
      readers_.push_back(std::make_unique<SqliteStore>(std::move(db), SqliteStore::Role::reader));
    }
    if (Metrics* metrics = options_.metrics) {
      metrics->watch("sotto_write_queue_jobs", "Jobs that wait for the writer.",
                     [this] { return static_cast<double>(writes_.size()); });
      metrics->watch("sotto_read_queue_jobs", "Jobs that wait for a reader.",
                     [this] { return static_cast<double>(reads_.size()); });
    }
  }

  void start(EventSink& events) {
    threads_.emplace_back([this, &events] { run_writer(events); });
    for (auto& reader : readers_) {
      threads_.emplace_back([this, store = reader.get()] { run_reader(*store); });
    }
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
    writer_.reset();  // the last connection: checkpoints and removes the WAL
  }

  bool write(std::unique_ptr<WriteJob>& job) { return writes_.push(job); }
  bool read(std::unique_ptr<ReadJob>& job) { return reads_.push(job); }
  [[nodiscard]] const SecretBytes& token_key() const { return token_key_; }

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
      if (writer.failures() > failures) complain("commit_failed", writer.last_error());
    }
  }

  void run_reader(SqliteStore& store) {
    std::vector<std::unique_ptr<ReadJob>> jobs;
    while (reads_.take(jobs, kReadsAtOnce)) {
      for (auto& job : jobs) {
        if (store.begin()) job->run(store, options_.clock());
        const bool read = !store.fault();
        if (!read) complain("read_failed", store.fault()->primary());
        store.rollback();  // lets the snapshot go
        job->done(read);
      }
    }
  }

  /// A disk that fails does so for every batch: once in a while is enough.
  void complain(log::Literal event, int sqlite_code) {
    const std::int64_t now = to_unix_ms(wall_clock_now());
    std::int64_t last = last_complaint_.load(std::memory_order_relaxed);
    if (now - last < kComplaintInterval.count() || !last_complaint_.compare_exchange_strong(last, now))
      return;
    log::error(event, {{"sqlite_code", sqlite_code}, {"reason", log::text(sqlite3_errstr(sqlite_code))}});
  }

  EmbeddedOptions options_;
  std::atomic<std::int64_t> last_complaint_{0};
  Random& random_;
  FileLock lock_;
  SecretBytes token_key_;
  SnowflakeGenerator ids_;  // the writer's
  std::unique_ptr<SqliteStore> writer_;
  std::vector<std::unique_ptr<SqliteStore>> readers_;
  JobQueue<WriteJob> writes_;
  JobQueue<ReadJob> reads_;
  std::vector<std::thread> threads_;
};

Result<std::unique_ptr<EmbeddedStorage>, OpenError> EmbeddedStorage::open(EmbeddedOptions options) {
  const std::string& path = options.path;
  make_private(path);
  std::optional<FileLock> lock = FileLock::take(path + ".lock");
  if (!lock) {
    return OpenError{"database " + path +
                     ": is in use by another process, or its folder is not there or read-only"};
  }
  Random& random = options.random != nullptr ? *options.random : system_random();
  Result<OpenedDatabase, OpenError> opened = open_database(path, options.clock(), random);
  if (!opened) return opened.error();
  std::vector<sqlite::Database> readers;
  for (unsigned i = 0; i < options.readers; ++i) {
    Result<sqlite::Database, OpenError> reader = open_reader(path);
    if (!reader) return reader.error();
    readers.push_back(*std::move(reader));
  }
  auto impl =
      std::make_unique<Impl>(std::move(options), *std::move(lock), *std::move(opened), std::move(readers));
  return std::unique_ptr<EmbeddedStorage>(new EmbeddedStorage(std::move(impl)));
}

EmbeddedStorage::EmbeddedStorage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EmbeddedStorage::~EmbeddedStorage() {
  close();
}

SecretBytes EmbeddedStorage::token_key() const {
  return impl_->token_key().clone();
}

void EmbeddedStorage::start(EventSink& events) {
  impl_->start(events);
}

void EmbeddedStorage::close() {
  impl_->close();
}

bool EmbeddedStorage::write(std::unique_ptr<WriteJob>& job) {
  return impl_->write(job);
}

bool EmbeddedStorage::read(std::unique_ptr<ReadJob>& job) {
  return impl_->read(job);
}

}  // namespace sotto::server

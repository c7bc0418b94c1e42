// The server's Storage on the virtual clock: the real store and the real group commit, one batch at a time.
// Each batch takes as long as a sync. On a disk that can die, a crash may come at any write within a batch,
// or between the commit and its publication.
//
//   auto storage = VirtualStorage::open({world, clock, world.random(), {}, {}}, "server.db", nullptr);
//   storage->start(events);
//   storage->write(job);
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "server/adapters/sqlite/open.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "server/ports/event_sink.hpp"
#include "server/ports/storage.hpp"
#include "server/storage/batch_writer.hpp"
#include "testkit/world.hpp"

namespace sotto::sim {

class VirtualStorage final : public server::Storage,
                             public std::enable_shared_from_this<VirtualStorage>,
                             private server::EventSink {
 public:
  struct Uses {
    World& world;
    std::function<Timestamp()> clock;
    Random& random;
    /// Called when the disk lost power or the process died in the middle of a batch. Only with
    /// `disk_is_dead`.
    std::function<void()> died;
    /// Empty: this disk never dies.
    std::function<bool()> disk_is_dead;
  };
  /// `vfs` is a SQLite VFS; nullptr: the system's. Null if the disk failed while opening: the server tries
  /// again later.
  static std::shared_ptr<VirtualStorage> open(Uses uses, const std::string& path, const char* vfs);

  void start(server::EventSink& events) override { events_ = &events; }
  /// Runs nothing more. Otherwise only a crash ends it.
  void close() override;
  /// The next batch that has something to publish crashes before it publishes.
  void die_before_publishing() { die_before_publishing_ = true; }

  [[nodiscard]] SecretBytes token_key() const override { return token_key_.clone(); }
  [[nodiscard]] server::StreamOrigin stream() const override { return stream_; }
  [[nodiscard]] bool idle() const { return waiting_.empty() && !batch_due_; }
  server::SqliteStore& reader() { return *reader_; }

  [[nodiscard]] bool write(std::unique_ptr<server::WriteJob>& job) override;
  [[nodiscard]] bool read(std::unique_ptr<server::ReadJob>& job) override;

 private:
  // Small, so that the queue fills up in simulated runs.
  static constexpr std::size_t kQueue = 64;
  // Smaller than the queue, so that jobs wait while a batch is committed.
  static constexpr std::size_t kBatch = 16;

  VirtualStorage(Uses uses, server::OpenedDatabase opened, sqlite::Database reader);
  void committed(std::shared_ptr<const server::EventBatch> batch) override;
  void batch_soon();
  void run_batch();
  /// Runs `work` after `delay`, unless the server is gone by then.
  void after(Milliseconds delay, std::function<void()> work);

  Uses uses_;
  SecretBytes token_key_;
  server::StreamOrigin stream_;
  SnowflakeGenerator ids_{1};
  std::unique_ptr<server::SqliteStore> writer_;
  std::unique_ptr<server::SqliteStore> reader_;
  server::EventSink* events_ = nullptr;
  std::vector<std::unique_ptr<server::WriteJob>> waiting_;
  bool batch_due_ = false;
  bool die_before_publishing_ = false;
  bool closed_ = false;
  bool dead_ = false;
};

}  // namespace sotto::sim

// The server's Storage on the virtual clock and disk: the real store and the real group commit, one batch at
// a time, each taking as long as a sync takes. A crash may come at any change of the disk within a batch, or
// between the commit and its publication.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "sdk/base/random.hpp"
#include "server/adapters/sqlite/batch_writer.hpp"
#include "server/adapters/sqlite/open.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "server/ports/event_sink.hpp"
#include "server/ports/storage.hpp"
#include "tests/simulation/world.hpp"

namespace sotto::sim {

class SimStorage final : public server::Storage, private server::EventSink {
 public:
  struct Uses {
    World& world;
    std::function<Timestamp()> clock;
    Random& random;
    /// Work for later; dropped if the server has died by then.
    std::function<void(Milliseconds, std::function<void()>)> after;
    /// The disk lost power, or the process its life, in the middle of a batch.
    std::function<void()> died;
    std::function<bool()> disk_is_dead;
  };
  /// Nothing if the disk failed while opening: the server tries again later.
  static std::unique_ptr<SimStorage> open(Uses uses, const char* vfs);

  void start(server::EventSink& events) { events_ = &events; }
  /// The next batch that has something to publish dies before it does.
  void die_before_publishing() { die_before_publishing_ = true; }

  [[nodiscard]] SecretBytes token_key() const { return token_key_.clone(); }
  [[nodiscard]] bool idle() const { return waiting_.empty() && !batch_due_; }
  server::SqliteStore& reader() { return *reader_; }

  [[nodiscard]] bool write(std::unique_ptr<server::WriteJob>& job) override;
  [[nodiscard]] bool read(std::unique_ptr<server::ReadJob>& job) override;

 private:
  // Small, so that "the queue is full" happens in simulated runs.
  static constexpr std::size_t kQueue = 64;

  SimStorage(Uses uses, server::OpenedDatabase opened, sqlite::Database reader);
  void committed(std::shared_ptr<const server::EventBatch> batch) override;
  void run_batch();

  Uses uses_;
  SecretBytes token_key_;
  SnowflakeGenerator ids_{1};
  std::unique_ptr<server::SqliteStore> writer_;
  std::unique_ptr<server::SqliteStore> reader_;
  server::EventSink* events_ = nullptr;
  std::vector<std::unique_ptr<server::WriteJob>> waiting_;
  bool batch_due_ = false;
  bool die_before_publishing_ = false;
  bool dead_ = false;
};

}  // namespace sotto::sim

#include "tests/simulation/sim_storage.hpp"

#include <utility>

namespace sotto::sim {

namespace {
constexpr char kDatabase[] = "server.db";
}  // namespace

std::unique_ptr<SimStorage> SimStorage::open(Uses uses, const char* vfs) {
  auto opened = server::open_database(kDatabase, uses.clock(), uses.random, vfs);
  if (!opened) {
    uses.world.tell([&] { return "server cannot start: " + opened.error().text; });
    return nullptr;
  }
  auto reader = server::open_reader(kDatabase, vfs);
  if (!reader) return nullptr;
  return std::unique_ptr<SimStorage>(new SimStorage(std::move(uses), *std::move(opened), *std::move(reader)));
}

SimStorage::SimStorage(Uses uses, server::OpenedDatabase opened, sqlite::Database reader)
    : uses_(std::move(uses)),
      token_key_(std::move(opened.token_key)),
      writer_(
          std::make_unique<server::SqliteStore>(std::move(opened.writer), server::SqliteStore::Role::writer)),
      reader_(std::make_unique<server::SqliteStore>(std::move(reader), server::SqliteStore::Role::reader)) {
  ids_.resume_after(opened.last_id);
}

bool SimStorage::write(std::unique_ptr<server::WriteJob>& job) {
  if (waiting_.size() >= kQueue) return false;
  waiting_.push_back(std::move(job));
  if (!batch_due_) {
    batch_due_ = true;
    // An fsync takes 0.5 to 3 ms, and now and then much longer (docs/performance.md).
    uses_.after(uses_.world.chance(5) ? uses_.world.between(20ms, 200ms) : uses_.world.between(1ms, 4ms),
                [this] { run_batch(); });
  }
  return true;
}

void SimStorage::run_batch() {
  batch_due_ = false;
  const auto batch = std::exchange(waiting_, {});
  server::BatchWriter writer(*writer_, ids_, uses_.random, *this);
  writer.run(batch, uses_.clock());
  // What the batch posted is dropped with the server: it is all for later.
  if (dead_ || uses_.disk_is_dead()) uses_.died();
}

void SimStorage::committed(std::shared_ptr<const server::EventBatch> batch) {
  if (std::exchange(die_before_publishing_, false)) dead_ = true;
  if (!dead_) events_->committed(std::move(batch));
}

bool SimStorage::read(std::unique_ptr<server::ReadJob>& job) {
  auto held = std::make_shared<std::unique_ptr<server::ReadJob>>(std::move(job));
  uses_.after(uses_.world.between(0ms, 2ms), [this, held] {
    if (reader_->begin()) (*held)->run(*reader_, uses_.clock());
    const bool read = !reader_->fault();
    reader_->rollback();
    // What is read takes time to encode: meanwhile batches are committed that it knows nothing of.
    uses_.after(uses_.world.between(0ms, 3ms), [held, read] { (*held)->done(read); });
  });
  return true;
}

}  // namespace sotto::sim

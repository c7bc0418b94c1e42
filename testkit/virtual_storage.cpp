#include "testkit/virtual_storage.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sotto::sim {

std::shared_ptr<VirtualStorage> VirtualStorage::open(Uses uses, const std::string& path, const char* vfs) {
  auto opened = server::open_database(path, uses.clock(), uses.random, vfs);
  if (!opened) {
    uses.world.tell([&] { return "server cannot start: " + opened.error().text; });
    return nullptr;
  }
  auto reader = server::open_reader(path, vfs);
  if (!reader) return nullptr;
  return std::shared_ptr<VirtualStorage>(
      new VirtualStorage(std::move(uses), *std::move(opened), *std::move(reader)));
}

VirtualStorage::VirtualStorage(Uses uses, server::OpenedDatabase opened, sqlite::Database reader)
    : uses_(std::move(uses)),
      token_key_(std::move(opened.token_key)),
      stream_(opened.stream),
      writer_(
          std::make_unique<server::SqliteStore>(std::move(opened.writer), server::SqliteStore::Role::writer)),
      reader_(std::make_unique<server::SqliteStore>(std::move(reader), server::SqliteStore::Role::reader)) {
  ids_.resume_after(opened.last_id);
}

void VirtualStorage::after(Milliseconds delay, std::function<void()> work) {
  uses_.world.after(delay, [weak = weak_from_this(), work = std::move(work)] {
    if (const auto alive = weak.lock()) work();
  });
}

bool VirtualStorage::write(std::unique_ptr<server::WriteJob>& job) {
  if (closed_ || waiting_.size() >= kQueue) return false;
  waiting_.push_back(std::move(job));
  if (!batch_due_) batch_soon();
  return true;
}

void VirtualStorage::close() {
  closed_ = true;
  while (batch_due_)
    run_batch();
}

void VirtualStorage::batch_soon() {
  batch_due_ = true;
  // An fsync takes a few milliseconds, and sometimes much longer (docs/performance.md).
  after(uses_.world.chance(5) ? uses_.world.between(20ms, 200ms) : uses_.world.between(1ms, 4ms),
        [this] { run_batch(); });
}

void VirtualStorage::run_batch() {
  batch_due_ = false;
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kBatch));
  const std::vector<std::unique_ptr<server::WriteJob>> batch(std::make_move_iterator(waiting_.begin()),
                                                             std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  if (!waiting_.empty()) batch_soon();
  server::BatchWriter writer(*writer_, ids_, uses_.random, *this);
  writer.run(batch, uses_.clock());
  // Work that the batch posted is dropped with the server.
  if (dead_ || (uses_.disk_is_dead && uses_.disk_is_dead())) uses_.died();
}

void VirtualStorage::committed(std::shared_ptr<const server::EventBatch> batch) {
  if (std::exchange(die_before_publishing_, false)) dead_ = true;
  if (!dead_) events_->committed(std::move(batch));
}

bool VirtualStorage::read(std::unique_ptr<server::ReadJob>& job) {
  if (closed_) return false;
  auto held = std::make_shared<std::unique_ptr<server::ReadJob>>(std::move(job));
  after(uses_.world.between(0ms, 2ms), [this, held] {
    if (reader_->begin()) (*held)->run(*reader_, uses_.clock());
    const bool read = !reader_->failed();
    reader_->rollback();
    // Encoding the result takes time, in which further batches are committed that it does not contain.
    after(uses_.world.between(0ms, 3ms), [held, read] { (*held)->done(read); });
  });
  return true;
}

}  // namespace sotto::sim

#include "server/adapters/sqlite/sqlite_store.hpp"

#include <utility>

#include <sqlite3.h>

namespace sotto::server {

namespace {
// 32 MiB between checkpoints: a page that is written by every batch goes to the main file once for hundreds
// of them.
constexpr int kCheckpointPages = 8192;
// A checkpoint that waits for nobody starts the log anew only if no reader looks into it just then. Among
// readers that never pause it would grow for ever, so past this the writer waits for them; they read a page
// at a time.
constexpr int kRestartPages = 8 * kCheckpointPages;

/// After each commit. An error is left to the next one: what is committed is safe in the log.
int checkpoint(void* /*unused*/, sqlite3* db, const char* name, int pages) {
  if (pages < kCheckpointPages) return SQLITE_OK;
  const int mode = pages < kRestartPages ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  sqlite3_wal_checkpoint_v2(db, name, mode, nullptr, nullptr);
  return SQLITE_OK;
}
}  // namespace

SqliteStore::SqliteStore(sqlite::Database db, Role role)
    : connection_(std::move(db)),
      conversations_(connection_, role == Role::writer ? &cache_ : nullptr),
      begin_(connection_, role == Role::writer ? "BEGIN IMMEDIATE" : "BEGIN") {
  if (role == Role::writer) sqlite3_wal_hook(connection_.db().handle(), checkpoint, nullptr);
}

bool SqliteStore::begin() {
  connection_.clear_fault();
  Use(begin_).run();
  changes_at_begin_ = sqlite3_total_changes64(connection_.db().handle());
  return !fault();
}

bool SqliteStore::commit(std::uint64_t last_id) {
  mailboxes_.flush();
  counts_.flush();
  // A batch that only refused has nothing to make durable and does not wait for the disk.
  const bool wrote = sqlite3_total_changes64(connection_.db().handle()) != changes_at_begin_;
  if (wrote) Use(note_last_id_, last_id).run();
  Use(commit_).run();
  return !fault();
}

void SqliteStore::rollback() {
  connection_.clear_fault();
  mailboxes_.drop();
  counts_.drop();
  cache_.clear();
  // Some errors (a full disk) have rolled back by themselves.
  if (connection_.db().in_transaction()) Use(rollback_).run();
  connection_.clear_fault();
}

StreamId SqliteStore::snapshot() const {
  Use use(last_id_);
  return use.next() ? use->id<StreamId>(0) : StreamId{};
}

StreamId SqliteStore::gone_up_to() const {
  Use use(gone_up_to_);
  return use.next() ? use->id<StreamId>(0) : StreamId{};
}

}  // namespace sotto::server

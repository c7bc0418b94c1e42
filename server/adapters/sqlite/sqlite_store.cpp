#include "server/adapters/sqlite/sqlite_store.hpp"

#include <utility>

#include <sqlite3.h>

namespace sotto::server {

namespace {
StoreFault::Kind kind_of(int primary_code) {
  switch (primary_code) {
    case SQLITE_FULL:
      return StoreFault::Kind::full;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_NOMEM:
      return StoreFault::Kind::disk;
    default:
      return StoreFault::Kind::work;
  }
}
}  // namespace

SqliteStore::SqliteStore(sqlite::Database db, Role role)
    : connection_(std::move(db)),
      conversations_(connection_, role == Role::writer ? &cache_ : nullptr),
      begin_(connection_, role == Role::writer ? "BEGIN IMMEDIATE" : "BEGIN") {
  if (role == Role::writer) checkpoints_.emplace(connection_.db().handle());
}

bool SqliteStore::begin() {
  connection_.clear_fault();
  Use(begin_).run();
  changes_at_begin_ = sqlite3_total_changes64(connection_.db().handle());
  return !failed();
}

bool SqliteStore::commit(std::uint64_t last_id) {
  mailboxes_.flush();
  counts_.flush();
  // A batch that only refused has nothing to make durable and does not wait for the disk.
  const bool wrote = sqlite3_total_changes64(connection_.db().handle()) != changes_at_begin_;
  if (wrote) Use(note_last_id_, last_id).run();
  Use(commit_).run();
  return !failed();
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

StoreFault SqliteStore::fault() const {
  const int code = connection_.fault()->primary();
  return {kind_of(code), code, sqlite3_errstr(code)};
}

bool SqliteStore::give_room_back() {
  return checkpoints_ && checkpoints_->give_room_back();
}

Place SqliteStore::snapshot() const {
  Use use(last_id_);
  return use.next() ? use->id<Place>(0) : Place{};
}

Place SqliteStore::gone_up_to() const {
  Use use(gone_up_to_);
  return use.next() ? use->id<Place>(0) : Place{};
}

Timestamp SqliteStore::believed_time() const {
  Use use(believed_time_);
  return use.next() ? use->time(0) : Timestamp{};
}

void SqliteStore::set_believed_time(Timestamp now) {
  Use(set_believed_time_, now).run();
}

void SqliteStore::touch() {
  Use(touch_).run();
}

}  // namespace sotto::server

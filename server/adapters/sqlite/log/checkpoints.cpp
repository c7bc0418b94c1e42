#include "server/adapters/sqlite/log/checkpoints.hpp"

#include <filesystem>
#include <sys/statvfs.h>

#include <sqlite3.h>

namespace sotto::server {

namespace {
// Between checkpoints: a page that is written by every batch goes to the main file once for hundreds of them.
constexpr int kCheckpointBytes = 32 << 20;
// A checkpoint that waits for nobody starts the log anew only if no reader looks into it just then. Among
// readers that never pause it would grow for ever, so past this the writer waits for them; they read a page
// at a time.
constexpr int kRestartBytes = 8 * kCheckpointBytes;
// Between two looks at the disk, which cost a system call each.
constexpr int kLookBytes = 1 << 20;
// SQLite's default, for a database that does not say.
constexpr int kDefaultPageBytes = 4096;

int page_bytes_of(sqlite3* db) {
  sqlite3_stmt* pragma = nullptr;
  int bytes = 0;
  if (sqlite3_prepare_v2(db, "PRAGMA page_size", -1, &pragma, nullptr) == SQLITE_OK &&
      sqlite3_step(pragma) == SQLITE_ROW) {
    bytes = sqlite3_column_int(pragma, 0);
  }
  sqlite3_finalize(pragma);
  return bytes > 0 ? bytes : kDefaultPageBytes;
}

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs facts {};
  if (folder.empty() || ::statvfs(folder.c_str(), &facts) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}
}  // namespace

Checkpoints::Checkpoints(sqlite3* db) : db_(db), page_bytes_(page_bytes_of(db)) {
  const char* file = sqlite3_db_filename(db, "main");
  if (file != nullptr) folder_ = std::filesystem::path(file).parent_path().string();
  sqlite3_wal_hook(db, &Checkpoints::after_commit, this);
}

int Checkpoints::after_commit(void* self, sqlite3* db, const char* name, int pages) {
  Checkpoints& mine = *static_cast<Checkpoints*>(self);
  int mode = SQLITE_CHECKPOINT_PASSIVE;
  if (pages >= kRestartBytes / mine.page_bytes_) {
    mode = SQLITE_CHECKPOINT_RESTART;
  } else if (pages < kCheckpointBytes / mine.page_bytes_) {
    if (pages < mine.looked_at_) mine.looked_at_ = 0;  // the log has begun anew
    if (pages - mine.looked_at_ < kLookBytes / mine.page_bytes_) return SQLITE_OK;
    mine.looked_at_ = pages;
    if (!mine.disk_is_short(pages)) return SQLITE_OK;
    mode = SQLITE_CHECKPOINT_TRUNCATE;
  }
  // An error is left to the next one: what is committed is safe in the log.
  sqlite3_wal_checkpoint_v2(db, name, mode, nullptr, nullptr);
  return SQLITE_OK;
}

bool Checkpoints::disk_is_short(int pages) const {
  const auto logged = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes_);
  return free_bytes(folder_) < 2 * (logged + kLookBytes);
}

bool Checkpoints::give_room_back() {
  looked_at_ = 0;
  int pages = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, nullptr);
  if (code != SQLITE_OK || pages <= 0) return false;
  return sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace sotto::server

#include "server/adapters/sqlite/checkpoints.hpp"

#include <filesystem>
#include <sys/statvfs.h>

#include <sqlite3.h>

namespace sotto::server {

namespace {
// SQLite's default, which the database has.
constexpr std::uint64_t kPageBytes = 4096;
// 32 MiB between checkpoints: a page that is written by every batch goes to the main file once for hundreds
// of them.
constexpr int kCheckpointPages = 8192;
// A checkpoint that waits for nobody starts the log anew only if no reader looks into it just then. Among
// readers that never pause it would grow for ever, so past this the writer waits for them; they read a page
// at a time.
constexpr int kRestartPages = 8 * kCheckpointPages;
// 1 MiB between two looks at the disk, which cost a system call each.
constexpr int kLookPages = 256;

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs facts {};
  if (folder.empty() || ::statvfs(folder.c_str(), &facts) != 0) return UINT64_MAX;
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}
}  // namespace

Checkpoints::Checkpoints(sqlite3* db) : db_(db) {
  const char* file = sqlite3_db_filename(db, "main");
  if (file != nullptr) folder_ = std::filesystem::path(file).parent_path().string();
  sqlite3_wal_hook(db, &Checkpoints::after_commit, this);
}

int Checkpoints::after_commit(void* self, sqlite3* db, const char* name, int pages) {
  Checkpoints& mine = *static_cast<Checkpoints*>(self);
  int mode = SQLITE_CHECKPOINT_PASSIVE;
  if (pages >= kRestartPages) {
    mode = SQLITE_CHECKPOINT_RESTART;
  } else if (pages < kCheckpointPages) {
    if (pages < mine.looked_at_) mine.looked_at_ = 0;  // the log has begun anew
    if (pages - mine.looked_at_ < kLookPages) return SQLITE_OK;
    mine.looked_at_ = pages;
    if (!mine.disk_is_short(pages)) return SQLITE_OK;
    mode = SQLITE_CHECKPOINT_TRUNCATE;
  }
  // An error is left to the next one: what is committed is safe in the log.
  sqlite3_wal_checkpoint_v2(db, name, mode, nullptr, nullptr);
  return SQLITE_OK;
}

bool Checkpoints::disk_is_short(int pages) const {
  return free_bytes(folder_) < 2 * kPageBytes * static_cast<std::uint64_t>(pages + kLookPages);
}

bool Checkpoints::give_room_back() {
  looked_at_ = 0;
  int pages = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &moved);
  if (code != SQLITE_OK || pages <= 0) return false;
  return sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace sotto::server

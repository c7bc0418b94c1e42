#include "sqlite/tuning.hpp"

#include <string>

#include <sqlite3.h>

#include "base/mutant.hpp"

namespace sotto::sqlite {
namespace {

SqliteResult<void> set_journal(Database& db, JournalMode mode) {
  // The pragma does not fail: it returns the mode that is now in force.
  const bool wal = mode == JournalMode::wal;
  SqliteResult<std::string> now =
      db.scalar_text(wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
  if (!now) return std::move(now).error();
  // A database in memory supports neither.
  if (*now == (wal ? "wal" : "delete") || *now == "memory") return {};
  return SqliteError{SQLITE_ERROR, "the journal mode stayed " + *now};
}

}  // namespace

SqliteResult<void> tune(Database& db, const Tuning& wanted) {
  sqlite3_busy_timeout(db.handle(), static_cast<int>(wanted.busy_timeout.count()));

  // Before anything reads the file: a WAL that was opened with shared memory keeps it.
  std::string first = wanted.exclusive ? "PRAGMA locking_mode = EXCLUSIVE;" : "";
  first +=
      // As FULL, and syncs the folder after a rollback journal is deleted. Otherwise power loss may bring the
      // journal back and undo the last commit. A WAL database needs it too: it starts out with a rollback
      // journal, which could undo its first commits.
      "PRAGMA synchronous = EXTRA;"
      // F_FULLFSYNC where plain fsync does not reach the disk (Apple); a no-op elsewhere.
      "PRAGMA fullfsync = ON;"
      "PRAGMA checkpoint_fullfsync = ON;"
      "PRAGMA cache_spill = OFF;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA cell_size_check = ON;";  // finds a malformed page when it is read
  first += "PRAGMA cache_size = -" + std::to_string(wanted.cache_kib) + ";";
  first += wanted.secure_delete ? "PRAGMA secure_delete = ON;" : "PRAGMA secure_delete = OFF;";
  SqliteResult<void> set = db.exec(first.c_str());
  if (!set) return set;

  set = set_journal(db, wanted.journal);
  if (!set) return set;

  std::string then = wanted.durability == Durability::normal ? "PRAGMA synchronous = NORMAL;" : "";
  if (mutant(Mutant::commit_not_synced)) then = "PRAGMA synchronous = OFF;";
  then += "PRAGMA wal_autocheckpoint = " + std::to_string(wanted.wal_autocheckpoint_pages) + ";";
  // An exclusive connection takes its locks on first use and keeps them. Take them now, so that a second
  // process fails when it opens.
  if (wanted.exclusive && sqlite3_db_readonly(db.handle(), "main") == 0) then += "BEGIN EXCLUSIVE; COMMIT;";
  return db.exec(then.c_str());
}

}  // namespace sotto::sqlite

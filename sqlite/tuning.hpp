// The settings of every SQLite connection in Sotto.
//
//   SqliteResult<void> tuned = tune(db, Tuning{.busy_timeout = std::chrono::seconds(5)});
//
// Call it right after opening, before any other statement: journal_mode needs an idle connection, and
// locking_mode=EXCLUSIVE must precede the first access in WAL mode.
#pragma once

#include <chrono>

#include "sqlite/database.hpp"

namespace sotto::sqlite {

enum class JournalMode { wal, rollback };
enum class Durability {
  full,    ///< a commit survives power loss
  normal,  ///< survives a crash of the process; power loss may undo the last commits, no more (WAL)
};

struct Tuning {
  JournalMode journal = JournalMode::wal;
  Durability durability = Durability::full;
  /// How long a statement waits for another connection's lock.
  std::chrono::milliseconds busy_timeout{5000};
  /// Page cache in KiB. 8 MiB holds the hot part of a client's database.
  int cache_kib = 8 * 1024;
  /// Only this connection uses the file. WAL then needs no shared memory file.
  bool exclusive = false;
  /// Deleted content is overwritten with zeros, so that deleted keys are gone from the file.
  bool secure_delete = false;
  /// WAL pages after which a commit checkpoints. SQLite's default, 1000, is 4 MiB.
  int wal_autocheckpoint_pages = 1000;
};

/// Besides `wanted`, it turns foreign keys on, keeps temporary data in memory, and turns `cache_spill` off:
/// SQLite 3.40 to 3.52 lose a committed transaction that spilled pages and then rolled back a statement (in
/// WAL mode its frames have no valid checksum until a checkpoint).
SqliteResult<void> tune(Database& db, const Tuning& wanted);

}  // namespace sotto::sqlite

// A copy of the database while the server runs, and the way back from one.
//
//   auto made = back_up(data + "/server.db", "/backup/sotto.db");
//   if (!made) return fail(made.error().text);
//   ...
//   auto restored = restore("/backup/sotto.db", data + "/server.db", now, random);  // the server is stopped
//   if (restored && restored->kept) tell("what was there is kept as " + *restored->kept);
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "server/adapters/sqlite/open.hpp"

namespace sotto::server {

struct BackupFacts {
  Timestamp newest{};  ///< of the newest thing in it: a message, a receipt, a change
  bool empty = false;  ///< nothing was ever stored in it
};

/// Writes everything committed into `file`, which must not exist. The server may run and is not held up. The
/// copy is read back and checked before it gets its name.
Result<BackupFacts, OpenError> back_up(const std::string& database, const std::string& file);

struct RestoreFacts {
  BackupFacts backup;
  std::optional<std::string> kept;  ///< where the database that was there is now, with its log
};

/// Puts the backup in the database's place and begins a new stream (StreamOrigin), so that clients notice.
/// Nothing is touched before a copy of the backup has been found whole and of a version this program knows.
/// What was there is kept under another name, and with it its write-ahead log, which would otherwise be
/// played over the restored file. `now` is part of that name.
Result<RestoreFacts, OpenError> restore(const std::string& backup, const std::string& database, Timestamp now,
                                        Random& random);

/// The complete copy that takes the database's place in the last step of a restore. As long as it is there,
/// a restore was interrupted and the database may be without its log.
std::string restoring_file(const std::string& database);

}  // namespace sotto::server

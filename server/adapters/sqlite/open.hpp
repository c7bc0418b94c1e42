// Opening the server's database file: everything that can be wrong with it is found here, before anyone is
// served.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "server/model/defaults.hpp"
#include "server/model/stream.hpp"
#include "sqlite/database.hpp"

namespace sotto::server {

/// One line that names the file and what is wrong with it.
struct OpenError {
  std::string text;
};

struct OpenedDatabase {
  sqlite::Database writer;
  SecretBytes token_key;
  std::uint64_t last_id = 0;  ///< every new id has to be greater
  StreamOrigin stream;
};

/// Makes the file if it is not there, brings its schema up to date, and writes to it once, so that a disk
/// that is full or read-only is noticed now. Refused, and left as it is: another program's file, a newer
/// schema, ids from further in the future than `max_clock_lag`. `vfs`: nullptr for the system's files, with
/// what is logged joined to fewer writes.
Result<OpenedDatabase, OpenError> open_database(const std::string& path, Timestamp now, Random& random,
                                                const char* vfs = nullptr,
                                                Milliseconds max_clock_lag = defaults::kClockLag);

/// A file that is there, of this program, in one piece: without the write-ahead log and with its schema up to
/// date. Errors name it `told_as`. For copies that nobody is served from.
Result<sqlite::Database, OpenError> open_existing(const std::string& path, const std::string& told_as);

/// A further connection for a reader.
Result<sqlite::Database, OpenError> open_reader(const std::string& path, const char* vfs = nullptr);

}  // namespace sotto::server

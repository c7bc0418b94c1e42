#include "server/adapters/embedded/embedded_storage.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <sqlite3.h>

#include "server/adapters/embedded/backup.hpp"
#include "server/adapters/sqlite/check.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "server/logging/log.hpp"

namespace sotto::server {

namespace {
// A start may take so much longer. Enough for some hundred MB, and most damage shows early: a log that does
// not belong to its file has pages of every table in it.
constexpr Milliseconds kCheckAtStart = std::chrono::seconds(2);
// SQLite's own way to the disk, on every system the server runs on.
constexpr const char* kPlainFiles = "unix";

Result<void, OpenError> check(sqlite::Database& db, const std::string& path) {
  const auto begun = std::chrono::steady_clock::now();
  const auto checked = check_database(db, kCheckAtStart);
  if (!checked) {
    return OpenError{"database " + path + ": cannot be read: " + sqlite3_errstr(checked.error().primary())};
  }
  if (checked->damage) {
    return OpenError{"database " + path + ": is damaged (" + *checked->damage +
                     "); restore it from a backup"};
  }
  const auto took =
      std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begun).count();
  log::info("database_checked", {{"ms", took}, {"complete", checked->complete}});
  return {};
}
}  // namespace

Result<std::unique_ptr<EmbeddedStorage>, OpenError> EmbeddedStorage::open(EmbeddedOptions options) {
  const std::string& path = options.path;
  std::error_code ignored;
  if (std::filesystem::exists(restoring_file(path), ignored)) {
    return OpenError{"database " + path + ": a restore was interrupted; run it again"};
  }
  // Made for its owner alone: it holds messages and the key of access tokens. SQLite makes its log and the
  // like with the same rights.
  std::optional<FileLock> lock = FileLock::take(path);
  if (!lock) {
    return OpenError{"database " + path +
                     ": is in use by another process, or its folder is not there or read-only"};
  }
  Random& random = options.threads.random != nullptr ? *options.threads.random : system_random();
  const char* vfs = options.joined_log ? nullptr : kPlainFiles;
  Result<OpenedDatabase, OpenError> opened =
      open_database(path, options.threads.clock(), random, vfs, options.max_clock_lag);
  if (!opened) return opened.error();
  if (auto sound = check(opened->writer, path); !sound) return sound.error();
  OpenedStores stores;
  stores.writer = std::make_unique<SqliteStore>(std::move(opened->writer), SqliteStore::Role::writer);
  stores.token_key = std::move(opened->token_key);
  stores.last_id = opened->last_id;
  stores.stream = opened->stream;
  for (unsigned i = 0; i < options.readers; ++i) {
    Result<sqlite::Database, OpenError> reader = open_reader(path);
    if (!reader) return reader.error();
    stores.readers.push_back(std::make_unique<SqliteStore>(*std::move(reader), SqliteStore::Role::reader));
  }
  return std::unique_ptr<EmbeddedStorage>(
      new EmbeddedStorage(*std::move(lock), std::move(stores), std::move(options.threads)));
}

}  // namespace sotto::server

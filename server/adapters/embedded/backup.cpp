#include "server/adapters/embedded/backup.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <sqlite3.h>

#include "base/snowflake.hpp"
#include "server/adapters/embedded/file_lock.hpp"
#include "server/adapters/sqlite/check.hpp"
#include "sqlite/transaction.hpp"

namespace sotto::server {

namespace fs = std::filesystem;

namespace {

/// Nobody is served meanwhile, or it runs beside the server: all of it is checked.
constexpr Milliseconds kAsLongAsItTakes = std::chrono::hours(24 * 365);

OpenError wrong(const std::string& file, const std::string& what) {
  return OpenError{file + ": " + what};
}

OpenError wrong(const std::string& file, const std::error_code& error) {
  return wrong(file, error.message());
}

std::string log_of(const std::string& database) {
  return database + "-wal";
}

void remove_with_log(const std::string& database) {
  std::error_code ignored;
  for (const std::string& file : {database, log_of(database), database + "-shm"})
    fs::remove(file, ignored);
}

/// A file or a folder, onto the disk.
Result<void, OpenError> sync(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return wrong(path, std::strerror(errno));
  const bool synced = ::fsync(descriptor) == 0;
  const int code = errno;
  ::close(descriptor);
  if (!synced) return wrong(path, std::strerror(code));
  return {};
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

/// Whole, ours, of a version this program knows. Brings its schema up to date.
Result<sqlite::Database, OpenError> open_whole(const std::string& file, const std::string& told_as) {
  Result<sqlite::Database, OpenError> db = open_existing(file, told_as);
  if (!db) return db;
  const auto checked = check_database(*db, kAsLongAsItTakes);
  if (!checked) return wrong(told_as, "cannot be read: " + std::string(sqlite3_errstr(checked.error().code)));
  if (checked->damage) return wrong(told_as, "is damaged (" + *checked->damage + ")");
  return db;
}

Result<BackupFacts, OpenError> facts_of(sqlite::Database& db, const std::string& file) {
  const auto last = db.scalar("SELECT last_id FROM progress WHERE id = 1");
  if (!last) return wrong(file, "is damaged: it does not say how far it goes");
  return BackupFacts{snowflake_time(static_cast<std::uint64_t>(*last)), *last == 0};
}

/// Copies the database's pages as they are in one moment.
Result<void, OpenError> copy_pages(const std::string& from, const std::string& to) {
  const auto source = sqlite::Database::open(from, sqlite::OpenMode::read_only);
  if (!source) return wrong(from, sqlite3_errstr(source.error().code));
  const auto target = sqlite::Database::open(to, sqlite::OpenMode::create);
  if (!target) return wrong(to, sqlite3_errstr(target.error().code));
  sqlite3_busy_timeout(source->handle(), 5000);
  sqlite3_backup* backup = sqlite3_backup_init(target->handle(), "main", source->handle(), "main");
  if (backup == nullptr) return wrong(to, sqlite3_errmsg(target->handle()));
  const int stepped = sqlite3_backup_step(backup, -1);  // all at once: one moment
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
  const int code = finished != SQLITE_OK ? finished : stepped;
  return wrong(code == SQLITE_FULL || code == SQLITE_READONLY || code == SQLITE_CANTOPEN ? to : from,
               sqlite3_errstr(code));
}

/// The server's user has to be able to open what root restores.
void give_to_owner_of_folder(const std::string& file) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(folder_of(file).c_str(), &folder) != 0) return;
  (void)!::chown(file.c_str(), folder.st_uid, folder.st_gid);
}

std::string name_for_kept(const std::string& database, Timestamp now) {
  const auto seconds = static_cast<std::time_t>(to_unix_ms(now) / 1000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  std::string name = database + ".before-restore-" + std::string(text.data(), length);
  std::error_code ignored;
  for (int n = 2; fs::exists(name, ignored); ++n)
    name = database + ".before-restore-" + std::string(text.data(), length) + "-" + std::to_string(n);
  return name;
}

/// A new stream that leaves the one before where the backup ends.
sqlite::SqliteResult<void> begin_new_stream(sqlite::Database& db, Random& random) {
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  std::uint64_t id = 0;
  for (const std::uint8_t byte : bytes)
    id = id << 8 | byte;
  sqlite::SqliteResult<sqlite::Transaction> tx = sqlite::Transaction::begin(db);
  if (!tx) return tx.error();
  sqlite::SqliteResult<sqlite::Statement> update = db.prepare(
      "UPDATE progress SET stream_id = ?1, "
      "stream_from = iif(stream_from = 0, last_id, min(stream_from, last_id)) WHERE id = 1");
  if (!update) return update.error();
  {
    sqlite::StatementScope use(*update);
    use->bind(1, (id >> 1) | 1);  // as all ids of the protocol: 63 bits, and not 0
    if (auto done = use->run(); !done) return done;
  }
  return tx->commit();
}

/// A copy beside the database, checked and named as a new stream, in one file.
Result<BackupFacts, OpenError> prepare(const std::string& backup, const std::string& copy, Random& random) {
  remove_with_log(copy);
  std::error_code error;
  fs::copy_file(backup, copy, error);
  if (error) return wrong(backup, error);
  // One that was copied by hand may have its log beside it.
  if (fs::exists(log_of(backup), error)) fs::copy_file(log_of(backup), log_of(copy), error);
  if (error) return wrong(log_of(backup), error);
  Result<BackupFacts, OpenError> facts = OpenError{};
  {
    Result<sqlite::Database, OpenError> db = open_whole(copy, backup);
    if (!db) return db.error();
    facts = facts_of(*db, backup);
    if (!facts) return facts;
    if (const auto begun = begin_new_stream(*db, random); !begun)
      return wrong(copy, sqlite3_errstr(begun.error().code));
  }
  give_to_owner_of_folder(copy);
  if (auto done = sync(copy); !done) return done.error();
  return facts;
}

}  // namespace

std::string restoring_file(const std::string& database) {
  return database + ".restoring";
}

Result<BackupFacts, OpenError> back_up(const std::string& database, const std::string& file) {
  std::error_code error;
  if (!fs::exists(database, error)) return wrong(database, "there is no database to back up");
  if (fs::exists(file, error)) return wrong(file, "is there already; a backup overwrites nothing");
  const std::string part = file + ".part";
  remove_with_log(part);
  const auto made = [&]() -> Result<BackupFacts, OpenError> {
    if (auto copied = copy_pages(database, part); !copied) return copied.error();
    Result<sqlite::Database, OpenError> db = open_whole(part, part);
    if (!db) return db.error();
    return facts_of(*db, part);
  }();
  if (!made) {
    remove_with_log(part);
    return made;
  }
  if (auto done = sync(part); !done) return done.error();
  fs::rename(part, file, error);
  if (error) return wrong(file, error);
  if (auto done = sync(folder_of(file)); !done) return done.error();
  return made;
}

Result<RestoreFacts, OpenError> restore(const std::string& backup, const std::string& database, Timestamp now,
                                        Random& random) {
  std::error_code error;
  if (!fs::is_regular_file(backup, error)) return wrong(backup, "there is no such file");
  if (fs::equivalent(backup, database, error)) return wrong(backup, "is the database itself");
  const bool is_new = !fs::exists(database, error);
  const std::optional<FileLock> lock = is_new ? std::nullopt : FileLock::take(database);
  if (!is_new && !lock) return wrong(database, "is in use by another process; stop the server first");
  const std::string copy = database + ".restore-copy";
  const Result<BackupFacts, OpenError> prepared = prepare(backup, copy, random);
  if (!prepared) {
    remove_with_log(copy);
    return prepared.error();
  }
  // From here on an interrupted restore is noticed at the server's start, and this is run again.
  fs::rename(copy, restoring_file(database), error);
  if (error) return wrong(restoring_file(database), error);
  RestoreFacts facts{*prepared, std::nullopt};
  const std::string kept = name_for_kept(database, now);
  if (fs::exists(log_of(database), error)) fs::rename(log_of(database), log_of(kept), error);
  if (!error) fs::remove(database + "-shm", error);
  if (!error && !is_new) {
    fs::rename(database, kept, error);
    facts.kept = kept;
  }
  if (!error) fs::rename(restoring_file(database), database, error);
  if (error) return wrong(database, error);
  if (auto done = sync(folder_of(database)); !done) return done.error();
  return facts;
}

}  // namespace sotto::server

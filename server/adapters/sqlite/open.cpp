#include "server/adapters/sqlite/open.hpp"

#include <array>
#include <utility>

#include <sodium.h>
#include <sqlite3.h>

#include "base/snowflake.hpp"
#include "server/adapters/sqlite/log/joined_log.hpp"
#include "server/adapters/sqlite/schema.hpp"
#include "server/services/accounts/access_token.hpp"
#include "sqlite/migrations.hpp"
#include "sqlite/transaction.hpp"
#include "sqlite/tuning.hpp"

namespace sotto::server {

namespace {
// The hot ends of every index for thousands of active conversations.
constexpr int kWriterCacheKib = 64 * 1024;
constexpr int kReaderCacheKib = 16 * 1024;
// Half of SQLite's default: most of what a batch writes is the end of a list (a mailbox, a conversation's
// log), a page for a few entries (docs/performance.md). A database made with larger pages keeps them.
constexpr const char* kPageSize = "PRAGMA page_size = 2048";

OpenError error_of(const std::string& path, const std::string& what) {
  return OpenError{"database " + path + ": " + what};
}

OpenError error_of(const std::string& path, const sqlite::SqliteError& error) {
  switch (error.primary()) {
    case SQLITE_FULL:
      return error_of(path, "the disk is full");
    case SQLITE_READONLY:
      return error_of(path, "the file or its folder is read-only");
    case SQLITE_CANTOPEN:
      return error_of(path, "cannot be opened; is the folder there and may it be written?");
    case SQLITE_NOTADB:
      return error_of(path, "is not a database of sotto-server");
    case SQLITE_CORRUPT:
      return error_of(path, "is damaged; restore it from a backup");
    case SQLITE_BUSY:
      return error_of(path, "is in use by another process");
    default:
      return error_of(path, sqlite3_errstr(error.primary()));
  }
}

/// Before anything is written to it, even its journal mode: an empty file, or one of ours.
Result<void, OpenError> check_owner(sqlite::Database& db, const std::string& path) {
  const auto objects = db.scalar("SELECT count(*) FROM sqlite_schema");
  if (!objects) return error_of(path, objects.error());
  const auto id = db.scalar("PRAGMA application_id");
  if (!id) return error_of(path, id.error());
  if (*id == server_schema().application_id || (*id == 0 && *objects == 0)) return {};
  return error_of(path, "belongs to another program");
}

Result<void, OpenError> bring_up_to_date(sqlite::Database& db, const std::string& path) {
  const sqlite::MigrationResult migrated = sqlite::migrate(db, server_schema());
  if (migrated) return {};
  const sqlite::MigrationError& error = migrated.error();
  switch (error.kind) {
    case sqlite::MigrationError::Kind::newer_schema:
      return error_of(path, "was written by a newer version of sotto-server");
    case sqlite::MigrationError::Kind::not_ours:
      return error_of(path, "belongs to another program");
    case sqlite::MigrationError::Kind::failed:
      break;
  }
  if (error.cause.primary() != SQLITE_ERROR) return error_of(path, error.cause);
  return error_of(path, "cannot be brought up to date: " + error.cause.text);
}

/// The name of a new database's stream. Every client is told it, so of the key it is a hash.
std::uint64_t stream_id_of(const SecretBytes& key) {
  std::array<std::uint8_t, crypto_generichash_BYTES_MIN> hash{};
  crypto_generichash(hash.data(), hash.size(), key.data(), key.size(), nullptr, 0);
  std::uint64_t id = 0;
  for (std::size_t i = 0; i < sizeof(id); ++i)
    id = id << 8 | hash[i];
  return (id >> 1) | 1;  // as all ids of the protocol: 63 bits, and not 0
}

/// The one row of `progress`, made with the file. Writing it each time shows that writing works.
sqlite::SqliteResult<void> touch_progress(sqlite::Database& db, Timestamp now, Random& random) {
  sqlite::SqliteResult<sqlite::Transaction> tx = sqlite::Transaction::begin(db);
  if (!tx) return tx.error();
  sqlite::SqliteResult<sqlite::Statement> insert = db.prepare(
      "INSERT INTO progress (id, last_id, gone_up_to, token_key, stream_id, believed_time) "
      "VALUES (1, 0, 0, ?1, ?2, ?3) "
      "ON CONFLICT (id) DO UPDATE SET stream_id = iif(stream_id = 0, ?2, stream_id), "
      "believed_time = iif(believed_time = 0, ?3, believed_time)");
  if (!insert) return insert.error();
  const SecretBytes key = SecretBytes::random(random, kTokenKeyBytes);
  {
    sqlite::StatementScope use(*insert);
    use->bind(1, key.view()).bind(2, stream_id_of(key)).bind(3, now);
    if (auto done = use->run(); !done) return done;
  }
  return tx->commit();
}

/// SQLite counts the memory of the whole process under one lock, which every statement takes. Nobody reads
/// those counts. Only before SQLite is first used; afterwards this is refused, which costs some speed and
/// nothing else.
void stop_counting_memory() {
  static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  (void)once;
}

sqlite::Tuning tuning(int cache_kib) {
  sqlite::Tuning tuning;
  tuning.cache_kib = cache_kib;
  tuning.wal_autocheckpoint_pages = 0;  // SqliteStore sees to it
  return tuning;
}
}  // namespace

Result<OpenedDatabase, OpenError> open_database(const std::string& path, Timestamp now, Random& random,
                                                const char* vfs, Milliseconds max_clock_lag) {
  stop_counting_memory();
  static const JoinedLog over_the_disk;
  if (vfs == nullptr) vfs = over_the_disk.vfs_name();
  sqlite::SqliteResult<sqlite::Database> opened = sqlite::Database::open(path, sqlite::OpenMode::create, vfs);
  if (!opened) return error_of(path, opened.error());
  sqlite::Database db = *std::move(opened);
  // SQLite falls back to reading by itself.
  if (sqlite3_db_readonly(db.handle(), "main") == 1) return error_of(path, "the file is read-only");
  if (auto ok = check_owner(db, path); !ok) return ok.error();
  if (auto ok = db.exec(kPageSize); !ok) return error_of(path, ok.error());
  if (auto ok = sqlite::tune(db, tuning(kWriterCacheKib)); !ok) return error_of(path, ok.error());
  if (auto ok = bring_up_to_date(db, path); !ok) return ok.error();
  if (auto ok = touch_progress(db, now, random); !ok) return error_of(path, ok.error());

  OpenedDatabase result{std::move(db), {}, 0, {}};
  sqlite::SqliteResult<sqlite::Statement> read =
      result.writer.prepare("SELECT last_id, token_key, stream_id, stream_from FROM progress WHERE id = 1");
  if (!read) return error_of(path, read.error());
  sqlite::StatementScope use(*read);
  const sqlite::SqliteResult<bool> row = use->step();
  if (!row) return error_of(path, row.error());
  if (!*row || use->blob(1).size() != kTokenKeyBytes) return error_of(path, "is damaged: its key is missing");
  result.last_id = static_cast<std::uint64_t>(use->int64(0));
  result.token_key = SecretBytes(use->blob(1));
  result.stream = {static_cast<std::uint64_t>(use->int64(2)), use->id<Place>(3)};

  const Milliseconds ahead = snowflake_time(result.last_id) - now;
  if (result.last_id != 0 && ahead > max_clock_lag) {
    return error_of(path, "holds ids from " + std::to_string(ahead.count() / 1000) +
                              " s in the future; set this machine's clock right, or see max_clock_lag if it "
                              "was wrong before");
  }
  return result;
}

Result<sqlite::Database, OpenError> open_existing(const std::string& path, const std::string& told_as) {
  sqlite::SqliteResult<sqlite::Database> opened = sqlite::Database::open(path, sqlite::OpenMode::read_write);
  if (!opened) return error_of(told_as, opened.error());
  sqlite::Database db = *std::move(opened);
  if (auto ok = check_owner(db, told_as); !ok) return ok.error();
  sqlite::Tuning one_file;
  one_file.journal = sqlite::JournalMode::rollback;
  if (auto ok = sqlite::tune(db, one_file); !ok) return error_of(told_as, ok.error());
  if (auto ok = bring_up_to_date(db, told_as); !ok) return ok.error();
  return db;
}

Result<sqlite::Database, OpenError> open_reader(const std::string& path, const char* vfs) {
  sqlite::SqliteResult<sqlite::Database> opened =
      sqlite::Database::open(path, sqlite::OpenMode::read_only, vfs);
  if (!opened) return error_of(path, opened.error());
  if (auto ok = sqlite::tune(*opened, tuning(kReaderCacheKib)); !ok) return error_of(path, ok.error());
  return *std::move(opened);
}

}  // namespace sotto::server

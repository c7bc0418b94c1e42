#include "sqlite/migrations.hpp"

#include <sqlite3.h>

#include "sqlite/transaction.hpp"

namespace sotto::sqlite {
namespace {

using Kind = MigrationError::Kind;

MigrationError failed(SqliteError cause) {
  return {Kind::failed, std::move(cause)};
}

/// The file's schema version. Checks that the database is ours and not newer.
MigrationResult inspect(Database& db, const Schema& schema) {
  SqliteResult<std::int64_t> id = db.scalar("PRAGMA application_id");
  if (!id) return failed(std::move(id).error());
  SqliteResult<std::int64_t> version = db.scalar("PRAGMA user_version");
  if (!version) return failed(std::move(version).error());
  SqliteResult<std::int64_t> objects = db.scalar("SELECT count(*) FROM sqlite_schema");
  if (!objects) return failed(std::move(objects).error());

  if (*id == 0 && *version == 0 && *objects == 0) return 0;
  if (*id != schema.application_id) {
    return MigrationError{Kind::not_ours,
                          {SQLITE_NOTADB, "the database's application id is " + std::to_string(*id) +
                                              ", not " + std::to_string(schema.application_id)}};
  }
  if (*version > schema.version()) {
    return MigrationError{
        Kind::newer_schema,
        {SQLITE_ERROR, "the database has schema version " + std::to_string(*version) +
                           "; this program knows up to " + std::to_string(schema.version())}};
  }
  return static_cast<int>(*version);
}

}  // namespace

MigrationResult migrate(Database& db, const Schema& schema) {
  // First without the write lock, so that opening an up-to-date database never waits.
  MigrationResult found = inspect(db, schema);
  if (!found || *found == schema.version()) return found;

  SqliteResult<Transaction> tx = Transaction::begin(db);
  if (!tx) return failed(std::move(tx).error());
  found = inspect(db, schema);  // another process may have migrated in between
  if (!found || *found == schema.version()) return found;

  for (const Migration& migration : schema.migrations) {
    if (migration.version <= *found) continue;
    SqliteResult<void> done = db.exec(migration.sql);
    if (!done) {
      SqliteError cause = done.error();
      cause.text = "migration " + std::to_string(migration.version) + ": " + cause.text;
      return failed(std::move(cause));
    }
  }
  const std::string stamp = "PRAGMA user_version = " + std::to_string(schema.version()) +
                            "; PRAGMA application_id = " + std::to_string(schema.application_id);
  SqliteResult<void> stamped = db.exec(stamp.c_str());
  if (!stamped) return failed(stamped.error());
  SqliteResult<void> done = tx->commit();
  if (!done) return failed(done.error());
  return found;
}

}  // namespace sotto::sqlite

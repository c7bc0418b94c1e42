// Brings a database to the schema of this program, in one transaction.
//
//   constexpr Migration kMigrations[] = {
//       {1, "CREATE TABLE messages (...) STRICT"},
//       {2, "ALTER TABLE messages ADD COLUMN edited_at INTEGER"},
//   };
//   constexpr Schema kSchema{0x53745364, kMigrations};
//   MigrationResult now = migrate(db, kSchema);
//
// Numbers rise by one from 1, and a released migration is never edited. `PRAGMA user_version` holds the
// version; `PRAGMA application_id` marks a database as ours.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "sqlite/database.hpp"

namespace sotto::sqlite {

struct Migration {
  int version;
  const char* sql;
};

struct Schema {
  std::int32_t application_id;  ///< not 0: an empty file has 0
  std::span<const Migration> migrations;

  [[nodiscard]] int version() const { return migrations.empty() ? 0 : migrations.back().version; }
};

struct MigrationError {
  enum class Kind {
    newer_schema,  ///< written by a newer version of this program; nothing was changed
    not_ours,      ///< another application's database, or tables without an application id
    failed,        ///< SQLite's error; nothing was changed
  };
  Kind kind = Kind::failed;
  SqliteError cause;  ///< `text` is set for every kind
};

/// The version before the migration: 0 for a new file, `schema.version()` if there was nothing to do.
using MigrationResult = Result<int, MigrationError>;

MigrationResult migrate(Database& db, const Schema& schema);

}  // namespace sotto::sqlite

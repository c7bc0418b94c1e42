// Brings a database to the schema this program knows, in one transaction.
//
//   constexpr Migration kMigrations[] = {
//       {1, "CREATE TABLE messages (...) STRICT"},
//       {2, "ALTER TABLE messages ADD COLUMN edited_at INTEGER"},
//   };
//   constexpr Schema kSchema{0x53745364, kMigrations};
//   MigrationResult now = migrate(db, kSchema);
//
// Numbers rise by one from 1 and a released migration is never edited. The version lives in
// `PRAGMA user_version`, and `PRAGMA application_id` tells a database of ours from somebody else's.
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
  std::int32_t application_id;  ///< not 0, which is what an empty file has
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

/// The version that was found: 0 for a new file, `schema.version()` when there was nothing to do.
using MigrationResult = Result<int, MigrationError>;

MigrationResult migrate(Database& db, const Schema& schema);

}  // namespace sotto::sqlite

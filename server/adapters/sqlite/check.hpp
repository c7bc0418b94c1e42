// Looks for damage in a database before anyone is served from it: a restored file with another one's log, a
// disk that lost writes.
//
//   const auto checked = check_database(db, std::chrono::seconds(2));
//   if (checked && checked->damage) return fail("is damaged (" + *checked->damage + ")");
//
// It is SQLite's quick_check, table by table: the structure of every table and index, and the values' types.
// It reads the whole file, some hundred MB a second, so it is given a time after which it stops.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "sqlite/database.hpp"

namespace sotto::server {

struct DatabaseCheck {
  std::optional<std::string> damage;  ///< what SQLite says of the first fault, in one line
  bool complete = true;               ///< false: the time was over before everything was looked at
};

sqlite::SqliteResult<DatabaseCheck> check_database(sqlite::Database& db, Milliseconds at_most);

}  // namespace sotto::server

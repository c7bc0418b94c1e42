// SQLite's errors as values.
//
//   SqliteResult<void> done = db.exec("CREATE TABLE t (a) STRICT");
//   if (!done && done.error().is(SQLITE_FULL)) ask_for_room();
//
// `text` may be shown to users: it never contains SQL or bound values, but may name tables and columns. `sql`
// is the statement with its placeholders, for developers.
#pragma once

#include <string>

#include "sotto/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace sotto::sqlite {

struct SqliteError {
  int code = 0;  ///< extended result code, e.g. SQLITE_CONSTRAINT_UNIQUE
  std::string text;
  std::string sql{};  ///< the beginning of the statement that failed; empty if there was none

  /// The code without its extension, e.g. SQLITE_CONSTRAINT.
  [[nodiscard]] int primary() const { return code & 0xff; }
  /// `wanted` is a primary code or an extended one.
  [[nodiscard]] bool is(int wanted) const { return code == wanted || primary() == wanted; }
};

template <class T>
using SqliteResult = Result<T, SqliteError>;

/// The last error of a connection, from compiling or running SQL without values.
SqliteError error_of(sqlite3* db, const char* sql);
/// An error from running a statement with bound values.
SqliteError error_of(sqlite3_stmt* statement, int code);

}  // namespace sotto::sqlite

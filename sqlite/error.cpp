#include "sqlite/error.hpp"

#include <string_view>

#include <sqlite3.h>

namespace sotto::sqlite {
namespace {

// Enough of a statement to identify it. A long one would flood the log.
constexpr std::size_t kQuotedSql = 120;

std::string quote(const char* sql) {
  return sql == nullptr ? std::string() : std::string(std::string_view(sql).substr(0, kQuotedSql));
}

}  // namespace

SqliteError error_of(sqlite3* db, const char* sql) {
  return {sqlite3_extended_errcode(db), sqlite3_errmsg(db), quote(sql)};
}

SqliteError error_of(sqlite3_stmt* statement, int code) {
  // Constraint messages name columns. Others can quote a bound value (FTS5: `syntax error near "..."`), so
  // of those only the code's general meaning is kept.
  const bool names_columns = (code & 0xff) == SQLITE_CONSTRAINT;
  const char* message = names_columns ? sqlite3_errmsg(sqlite3_db_handle(statement)) : sqlite3_errstr(code);
  return {code, message, quote(sqlite3_sql(statement))};
}

}  // namespace sotto::sqlite

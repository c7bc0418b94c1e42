#include "sqlite/database.hpp"

#include <limits>
#include <utility>

#include <sqlite3.h>

namespace sotto::sqlite {
namespace {

int flags_of(OpenMode mode) {
  // NOMUTEX: a connection has one owner. EXRESCODE: extended codes everywhere.
  constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case OpenMode::read_only:
      return kAlways | SQLITE_OPEN_READONLY;
    case OpenMode::read_write:
      return kAlways | SQLITE_OPEN_READWRITE;
    case OpenMode::create:
      return kAlways | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  }
  return kAlways | SQLITE_OPEN_READONLY;
}

}  // namespace

void Database::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

SqliteResult<Database> Database::open(const std::string& path, OpenMode mode, const char* vfs) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags_of(mode), vfs);
  Database db(raw);  // a failed open, too, leaves something to close
  if (code != SQLITE_OK) {
    if (raw == nullptr) return SqliteError{code, sqlite3_errstr(code)};
    return SqliteError{sqlite3_extended_errcode(raw), sqlite3_errmsg(raw)};
  }
  // A file from elsewhere must not run code through its schema, nor a typo turn an identifier into a string.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  return db;
}

SqliteResult<void> Database::exec(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error_of(handle_.get(), sql);
}

SqliteResult<Statement> Database::prepare(std::string_view sql) {
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return SqliteError{SQLITE_TOOBIG, "a statement is longer than 2 GiB"};
  }
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) return error_of(handle_.get(), std::string(sql).c_str());
  if (raw == nullptr) return SqliteError{SQLITE_MISUSE, "there is no statement in the SQL"};
  return Statement(raw);
}

SqliteResult<std::int64_t> Database::scalar(const char* sql) {
  SqliteResult<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  SqliteResult<bool> row = statement->step();
  if (!row) return std::move(row).error();
  if (!*row) return SqliteError{SQLITE_NOTFOUND, "no row where one was expected", sql};
  return statement->int64(0);
}

SqliteResult<std::string> Database::scalar_text(const char* sql) {
  SqliteResult<Statement> statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  SqliteResult<bool> row = statement->step();
  if (!row) return std::move(row).error();
  if (!*row) return SqliteError{SQLITE_NOTFOUND, "no row where one was expected", sql};
  return std::string(statement->text(0));
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_.get());
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(handle_.get()) == 0;
}

void Database::interrupt() const {
  sqlite3_interrupt(handle_.get());
}

SqliteResult<void> Database::control(Control what) {
  static constexpr std::array<std::string_view, kControls> kSql = {
      "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT sotto", "RELEASE sotto", "ROLLBACK TO sotto"};
  Statement& statement = control_[what];
  if (!statement) {
    SqliteResult<Statement> made = prepare(kSql[what]);
    if (!made) return std::move(made).error();
    statement = *std::move(made);
  }
  StatementScope use(statement);
  return use->run();
}

}  // namespace sotto::sqlite

// One connection to an SQLite file.
//
//   SqliteResult<Database> db = Database::open("/var/lib/sotto/server.db", OpenMode::create);
//   if (!db) return db.error();
//   SqliteResult<void> tuned = tune(*db, Tuning{});      // tuning.hpp: always, before anything else
//   SqliteResult<Statement> insert = db->prepare("INSERT INTO t (a) VALUES (?1)");
//
// Thread rules: SQLite's own mutexes are off. One thread at a time uses a connection and its statements;
// other threads open their own connections. Only `interrupt` may be called from any thread.
// Statements may outlive the Database: the file is closed when the last of them is destroyed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sqlite/error.hpp"
#include "sqlite/statement.hpp"

namespace sotto::sqlite {

enum class OpenMode {
  read_only,
  read_write,  ///< the file has to exist
  create,      ///< created if it is missing
};

class Database {
 public:
  /// `vfs` names a registered VFS; nullptr: the system's. `path` is UTF-8, or ":memory:".
  static SqliteResult<Database> open(const std::string& path, OpenMode mode, const char* vfs = nullptr);

  /// Runs one or more statements of constant SQL and drops their rows. Bind values in a prepared statement
  /// instead: errors quote `sql`.
  SqliteResult<void> exec(const char* sql);
  /// Compiles exactly one statement. Keep it and use it often.
  SqliteResult<Statement> prepare(std::string_view sql);
  /// The first column of the first row of constant SQL. No row: SQLITE_NOTFOUND.
  SqliteResult<std::int64_t> scalar(const char* sql);
  SqliteResult<std::string> scalar_text(const char* sql);

  /// Rows changed by the last INSERT, UPDATE or DELETE.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_insert_rowid() const;
  [[nodiscard]] bool in_transaction() const;
  /// Ends any running statement with SQLITE_INTERRUPT. Any thread.
  void interrupt() const;

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

 private:
  friend class Transaction;
  friend class Savepoint;

  // Transaction control runs for each batch, so it is compiled once too.
  enum Control : std::size_t { kBegin, kCommit, kRollback, kSavepoint, kRelease, kRollbackTo, kControls };
  SqliteResult<void> control(Control what);

  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::array<Statement, kControls> control_;
};

}  // namespace sotto::sqlite

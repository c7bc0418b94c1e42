// The store's one connection, with statements that are compiled once and an error that sticks.
//
//   Result<void> begun = db.begin();
//   db.run("UPDATE drafts SET text = ?2 WHERE conversation = ?1", row, text);
//   auto found = db.query("SELECT name FROM conversations WHERE row = ?1", row);
//   if (found.next()) name = found.text(0);
//   return db.commit();    // the first error of all of the above, and then nothing has happened
//
// An error inside sticks: what follows does nothing, and `commit` rolls back and returns it. So a unit of
// work is written without a test after every line, and still is all or nothing. Outside a transaction ask
// `take_error` after reading.
//
// SQL is given as string literals: a statement is found again by the literal's address.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "sotto/error.hpp"
#include "sqlite/database.hpp"
#include "sqlite/transaction.hpp"

namespace sotto::store {

/// SQLite's reasons as the app sees them.
Error to_error(const sqlite::SqliteError& error);

class Connection;

/// A running statement; it is reset when this goes. The same literal cannot run twice at the same time.
class Query {
 public:
  Query(Query&& other) noexcept : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)) {}
  Query& operator=(Query&&) = delete;
  ~Query() {
    if (statement_ != nullptr) statement_->reset();
  }

  /// False: no more rows, or an error has stuck.
  bool next();

  [[nodiscard]] bool is_null(int column) const { return statement_->is_null(column); }
  [[nodiscard]] std::int64_t int64(int column) const { return statement_->int64(column); }
  [[nodiscard]] bool boolean(int column) const { return statement_->boolean(column); }
  [[nodiscard]] std::string text(int column) const { return std::string(statement_->text(column)); }
  [[nodiscard]] std::string_view view(int column) const { return statement_->text(column); }
  [[nodiscard]] ByteView blob(int column) const { return statement_->blob(column); }
  [[nodiscard]] Timestamp time(int column) const { return statement_->time(column); }
  template <class T>
  [[nodiscard]] T id(int column) const {
    return statement_->id<T>(column);
  }
  template <class T>
  [[nodiscard]] std::optional<T> optional_id(int column) const {
    return is_null(column) ? std::nullopt : std::optional<T>(id<T>(column));
  }
  [[nodiscard]] std::optional<std::string> optional_text(int column) const {
    return is_null(column) ? std::nullopt : std::optional<std::string>(text(column));
  }

 private:
  friend class Connection;
  Query(Connection& db, sqlite::Statement* statement) : db_(&db), statement_(statement) {}

  Connection* db_;
  sqlite::Statement* statement_;  // nullptr: an error has stuck
};

class Connection {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void open(sqlite::Database database);
  /// Rolls back what is open, drops all statements and closes the file.
  void close();
  [[nodiscard]] bool is_open() const { return database_ != nullptr; }

  Result<void> begin();
  Result<void> commit();
  void rollback();
  [[nodiscard]] bool in_transaction() const { return transaction_.has_value(); }

  [[nodiscard]] bool failed() const { return error_.has_value(); }
  std::optional<Error> take_error() { return std::exchange(error_, std::nullopt); }
  void fail(const sqlite::SqliteError& error);
  /// Makes the transaction fail for a reason that is not SQLite's.
  void fail(Error error);

  /// Text and blobs among `values` have to live as long as the Query.
  template <class... T>
  Query query(const char* sql, const T&... values) {
    sqlite::Statement* statement = prepared(sql);
    if (statement != nullptr) statement->bind_all(values...);
    return Query(*this, statement);
  }
  template <class... T>
  void run(const char* sql, const T&... values) {
    Query q = query(sql, values...);
    while (q.next()) {
    }
  }
  [[nodiscard]] std::int64_t changes() const { return database_->changes(); }
  [[nodiscard]] std::int64_t last_insert_rowid() const { return database_->last_insert_rowid(); }

  [[nodiscard]] sqlite::Database& database() { return *database_; }

 private:
  sqlite::Statement* prepared(const char* sql);

  std::unique_ptr<sqlite::Database> database_;
  std::unordered_map<const char*, sqlite::Statement> statements_;
  std::optional<sqlite::Transaction> transaction_;
  std::optional<Error> error_;
};

}  // namespace sotto::store

// One connection, its prepared statements, and the fault of the unit of work that is under way.
//
//   class SqliteBlocks {
//     Query find_{connection_, "SELECT 1 FROM blocks WHERE owner_id = ?1 AND user_id = ?2"};
//     bool has(UserId owner, UserId user) const { return Use(find_, owner, user).next(); }
//   };
//
// A statement is compiled at its first use and kept. After a fault a Use binds nothing, runs nothing and has
// no rows, as store.hpp promises. One thread.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sqlite/database.hpp"

namespace sotto::server {

class Query;

class Connection {
 public:
  explicit Connection(sqlite::Database db) : db_(std::move(db)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite::Database& db() { return db_; }

  /// The first error since `clear_fault`.
  [[nodiscard]] const std::optional<sqlite::SqliteError>& fault() const { return fault_; }
  void fail(sqlite::SqliteError error) {
    if (!fault_) fault_ = std::move(error);
  }
  void clear_fault() { fault_.reset(); }

  /// Every statement of every part of the store, so that a test can look at all their plans.
  [[nodiscard]] std::span<const Query* const> queries() const { return queries_; }

 private:
  friend class Query;
  sqlite::Database db_;
  std::optional<sqlite::SqliteError> fault_;
  std::vector<const Query*> queries_;
};

/// A statement of the store.
class Query {
 public:
  Query(Connection& connection, const char* sql) : connection_(connection), sql_(sql) {
    connection.queries_.push_back(this);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  [[nodiscard]] const char* sql() const { return sql_; }

 private:
  friend class Use;
  sqlite::Statement* ready();

  Connection& connection_;
  const char* sql_;
  sqlite::Statement statement_;
};

/// One run of a query, for a block.
class Use {
 public:
  template <class... T>
  explicit Use(Query& query, const T&... values) : connection_(query.connection_), statement_(query.ready()) {
    if (statement_ != nullptr) statement_->bind_all(values...);
  }
  ~Use() {
    if (statement_ != nullptr) statement_->reset();
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  /// Parameters one by one, for statements with as many as there are rows.
  template <class T>
  Use& bind(int index, const T& value) {
    if (statement_ != nullptr) statement_->bind(index, value);
    return *this;
  }
  /// True: a row can be read. False: no more, or a fault.
  bool next();
  void run() {
    while (next()) {
    }
  }
  /// Only after `next` was true.
  sqlite::Statement* operator->() { return statement_; }

 private:
  Connection& connection_;
  sqlite::Statement* statement_;  // nullptr: a fault
};

}  // namespace sotto::server

// A transaction: all of its changes are made, or none.
//
//   SqliteResult<Transaction> tx = Transaction::begin(db);
//   if (!tx) return tx.error();
//   ... statements; any early return rolls back ...
//   return tx->commit();                     // durable when this succeeds (synchronous=EXTRA)
//
// A Savepoint is the same inside a transaction, and may be nested:
//
//   SqliteResult<Savepoint> part = Savepoint::begin(db);
//   ...
//   if (failed) part->rollback(); else done = part->release();
//
// Thread rules: those of the Database, which must outlive both and must not be moved.
#pragma once

#include <utility>

#include "sqlite/database.hpp"

namespace sotto::sqlite {

class Transaction {
 public:
  /// BEGIN IMMEDIATE takes the write lock, so that no statement inside fails with SQLITE_BUSY.
  static SqliteResult<Transaction> begin(Database& db);

  Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction() { rollback(); }

  /// After an error the whole transaction is rolled back.
  SqliteResult<void> commit();
  void rollback();

 private:
  explicit Transaction(Database& db) : db_(&db) {}
  Database* db_;  // nullptr: ended
};

class Savepoint {
 public:
  static SqliteResult<Savepoint> begin(Database& db);

  Savepoint(Savepoint&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  Savepoint& operator=(Savepoint&&) = delete;
  ~Savepoint() { rollback(); }

  /// Keeps the changes, as part of the transaction around it.
  SqliteResult<void> release();
  void rollback();

 private:
  explicit Savepoint(Database& db) : db_(&db) {}
  Database* db_;
};

}  // namespace sotto::sqlite

#include "sqlite/transaction.hpp"

#include <sqlite3.h>

namespace sotto::sqlite {

SqliteResult<Transaction> Transaction::begin(Database& db) {
  SqliteResult<void> begun = db.control(Database::kBegin);
  if (!begun) return begun.error();
  return Transaction(db);
}

SqliteResult<void> Transaction::commit() {
  if (db_ == nullptr) return SqliteError{SQLITE_MISUSE, "the transaction has already ended"};
  SqliteResult<void> done = db_->control(Database::kCommit);
  if (!done) {
    rollback();
    return done;
  }
  db_ = nullptr;
  return done;
}

void Transaction::rollback() {
  Database* db = std::exchange(db_, nullptr);
  // On some errors (disk full, I/O) SQLite has already rolled back. If ROLLBACK fails, the next connection
  // recovers from the journal.
  if (db != nullptr && db->in_transaction()) (void)db->control(Database::kRollback);
}

// All savepoints share one name: RELEASE and ROLLBACK TO mean the innermost of that name.
SqliteResult<Savepoint> Savepoint::begin(Database& db) {
  SqliteResult<void> begun = db.control(Database::kSavepoint);
  if (!begun) return begun.error();
  return Savepoint(db);
}

SqliteResult<void> Savepoint::release() {
  if (db_ == nullptr) return SqliteError{SQLITE_MISUSE, "the savepoint has already ended"};
  SqliteResult<void> done = db_->control(Database::kRelease);
  if (!done) {
    rollback();
    return done;
  }
  db_ = nullptr;
  return done;
}

void Savepoint::rollback() {
  Database* db = std::exchange(db_, nullptr);
  if (db == nullptr || !db->in_transaction()) return;
  // ROLLBACK TO leaves the savepoint itself on the stack.
  if (db->control(Database::kRollbackTo)) (void)db->control(Database::kRelease);
}

}  // namespace sotto::sqlite

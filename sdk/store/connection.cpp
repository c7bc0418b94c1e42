#include "sdk/store/connection.hpp"

#include <sqlite3.h>

#include "sdk/store/vfs/open_encrypted.hpp"

namespace sotto::store {

Error to_error(const sqlite::SqliteError& error) {
  // Without encryption a first page that makes no sense is somebody else's file.
  if (error.is(SQLITE_NOTADB)) return {ErrorCode::store_not_sotto, error.text};
  return vfs::to_error(error);
}

bool Query::next() {
  if (statement_ == nullptr || db_->failed()) return false;
  auto row = statement_->step();
  if (row) return *row;
  db_->fail(row.error());
  return false;
}

void Connection::open(sqlite::Database database) {
  close();
  database_ = std::make_unique<sqlite::Database>(std::move(database));
}

void Connection::close() {
  transaction_.reset();
  statements_.clear();
  database_.reset();
  error_.reset();
}

Result<void> Connection::begin() {
  if (!database_) return Error(ErrorCode::invalid_state, "the store is closed");
  error_.reset();
  auto begun = sqlite::Transaction::begin(*database_);
  if (!begun) return to_error(begun.error());
  transaction_.emplace(std::move(*begun));
  return {};
}

Result<void> Connection::commit() {
  if (error_) {
    rollback();
    return *take_error();
  }
  auto done = transaction_->commit();
  transaction_.reset();
  if (!done) return to_error(done.error());
  return {};
}

void Connection::rollback() {
  transaction_.reset();
}

void Connection::fail(const sqlite::SqliteError& error) {
  fail(to_error(error));
}

void Connection::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

sqlite::Statement* Connection::prepared(const char* sql) {
  if (error_) return nullptr;
  if (!database_) {
    fail(Error(ErrorCode::invalid_state, "the store is closed"));
    return nullptr;
  }
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    auto compiled = database_->prepare(sql);
    if (!compiled) {
      fail(compiled.error());
      return nullptr;
    }
    found = statements_.emplace(sql, std::move(*compiled)).first;
  }
  return &found->second;
}

}  // namespace sotto::store

#include "server/adapters/sqlite/connection.hpp"

namespace sotto::server {

sqlite::Statement* Query::ready() {
  if (connection_.fault_) return nullptr;
  if (statement_) return &statement_;
  sqlite::SqliteResult<sqlite::Statement> made = connection_.db_.prepare(sql_);
  if (!made) {
    connection_.fail(std::move(made).error());
    return nullptr;
  }
  statement_ = *std::move(made);
  return &statement_;
}

bool Use::next() {
  if (statement_ == nullptr) return false;
  sqlite::SqliteResult<bool> row = statement_->step();
  if (row) return *row;
  connection_.fail(std::move(row).error());
  statement_->reset();
  statement_ = nullptr;
  return false;
}

}  // namespace sotto::server

#include "sqlite/statement.hpp"

#include <sqlite3.h>

namespace sotto::sqlite {
namespace {

// SQLite binds a null pointer as NULL, whatever the length. An empty value needs an address.
constexpr char kEmpty[] = "";

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::keep(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) bind_error_ = code;
  return *this;
}

Statement& Statement::bind(int index, std::nullptr_t) {
  return keep(sqlite3_bind_null(handle_.get(), index));
}

Statement& Statement::bind(int index, double value) {
  return keep(sqlite3_bind_double(handle_.get(), index, value));
}

Statement& Statement::bind(int index, std::string_view text) {
  return keep(sqlite3_bind_text64(handle_.get(), index, text.empty() ? kEmpty : text.data(), text.size(),
                                  SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::bind(int index, ByteView blob) {
  const void* data = blob.empty() ? static_cast<const void*>(kEmpty) : blob.data();
  return keep(sqlite3_bind_blob64(handle_.get(), index, data, blob.size(), SQLITE_STATIC));
}

Statement& Statement::bind_int(int index, std::int64_t value) {
  return keep(sqlite3_bind_int64(handle_.get(), index, value));
}

SqliteResult<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) return error_of(handle_.get(), bind_error_);
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return error_of(handle_.get(), code);
}

SqliteResult<void> Statement::run() {
  while (true) {
    SqliteResult<bool> row = step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
  }
}

void Statement::reset() {
  // Both return the error of the last step, which the caller has already seen.
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  bind_error_ = SQLITE_OK;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::int64(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(handle_.get(), column);
}

std::string_view Statement::text(int column) const {
  // The pointer first: asking for it may convert the value and change its length.
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return data == nullptr ? std::string_view() : std::string_view(data, size);
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return data == nullptr ? ByteView() : ByteView(data, size);
}

int Statement::columns() const {
  return sqlite3_column_count(handle_.get());
}

}  // namespace sotto::sqlite

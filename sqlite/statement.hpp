// A compiled SQL statement. Its owner prepares it once and runs it many times without an allocation.
//
//   SqliteResult<Statement> find = db.prepare("SELECT body, sent_at FROM messages WHERE id = ?1");
//   ...
//   StatementScope use(*find);                 // resets and unbinds at the end of the block
//   use->bind(1, message_id);
//   SqliteResult<bool> row = use->step();
//   if (row && *row) show(use->text(0), use->time(1));
//
// Text and blobs are bound by reference and must live until the statement is reset. Views from column getters
// are valid until the next step or reset. The next `step` returns an error of `bind` (an index out of range,
// a value too large).
//
// Thread rules: those of its Database, one thread at a time.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "sotto/ids.hpp"
#include "sqlite/error.hpp"

namespace sotto::sqlite {

class Statement {
 public:
  /// No statement. Only assignment to it is allowed.
  Statement() = default;

  // Parameters count from 1.
  Statement& bind(int index, std::nullptr_t);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, const char* text) { return bind(index, std::string_view(text)); }
  Statement& bind(int index, ByteView blob);
  Statement& bind(int index, Timestamp time) { return bind_int(index, to_unix_ms(time)); }
  /// SQLite's integers are signed: a value of 2^63 or more is stored as the negative number with the same
  /// bits, and read back unchanged. Snowflakes have 63 bits, so they keep their order.
  template <std::integral T>
  Statement& bind(int index, T value) {
    return bind_int(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  requires std::is_enum_v<T> Statement& bind(int index, T value) {
    return bind_int(index, static_cast<std::int64_t>(value));
  }
  template <class Tag>
  Statement& bind(int index, Id<Tag> id) {
    return bind_int(index, static_cast<std::int64_t>(id.value));
  }
  template <class T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, nullptr);
  }
  /// Parameters 1, 2, ... in the order of the arguments.
  template <class... T>
  Statement& bind_all(const T&... values) {
    int index = 0;
    (bind(++index, values), ...);
    return *this;
  }

  /// True: a row can be read. False: the statement has ended.
  SqliteResult<bool> step();
  /// Runs to the end and ignores rows.
  SqliteResult<void> run();
  /// Makes it ready to run again, with nothing bound.
  void reset();

  // Columns count from 0; only after a step that returned true.
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t int64(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] bool boolean(int column) const { return int64(column) != 0; }
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] Timestamp time(int column) const { return from_unix_ms(int64(column)); }
  /// A strong id; NULL reads as no id.
  template <class T>
  [[nodiscard]] T id(int column) const {
    return T{static_cast<std::uint64_t>(int64(column))};
  }
  [[nodiscard]] int columns() const;

  explicit operator bool() const { return handle_ != nullptr; }
  [[nodiscard]] sqlite3_stmt* handle() const { return handle_.get(); }

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  Statement& bind_int(int index, std::int64_t value);
  Statement& keep(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_error_ = 0;
};

/// Borrows a statement for a block and resets it at the end. A read statement that is not reset keeps its
/// snapshot open, and the WAL grows.
class StatementScope {
 public:
  explicit StatementScope(Statement& statement) : statement_(statement) {}
  ~StatementScope() { statement_.reset(); }
  StatementScope(const StatementScope&) = delete;
  StatementScope& operator=(const StatementScope&) = delete;

  Statement* operator->() { return &statement_; }
  Statement& operator*() { return statement_; }

 private:
  Statement& statement_;
};

}  // namespace sotto::sqlite

// A value, or the error that explains why there is none. Sotto does not throw: every function that can fail
// returns a Result, and the compiler warns when one is ignored.
//
//   Result<MessageId> id = parse_id(text);
//   if (!id) return id.error();
//   use(*id);
//
// Thread rules: a plain value, as thread-safe as its contents.
#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace sotto {

struct Error;

/// A `T` or an `E`. Reading the side that is not there aborts the process: that is a bug in the caller, and a
/// made-up value would hide it.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& { return get<0>(state_); }
  [[nodiscard]] T& value() & { return get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::move(get<0>(state_)); }
  [[nodiscard]] T value_or(T fallback) const& { return ok() ? value() : std::move(fallback); }

  [[nodiscard]] const E& error() const& { return get<1>(state_); }
  [[nodiscard]] E&& error() && { return std::move(get<1>(state_)); }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  template <std::size_t I, class V>
  static auto& get(V& state) {
    auto* part = std::get_if<I>(&state);
    if (part == nullptr) std::abort();
    return *part;
  }

  std::variant<T, E> state_;
};

/// Success without a value, or an `E`.
///
///   Result<void> done = store.save(row);
///   if (!done) return done.error();
///   return {};
template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  Result() = default;
  Result(E error) : error_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool ok() const { return error_.index() == 0; }
  explicit operator bool() const { return ok(); }
  [[nodiscard]] const E& error() const& {
    auto* e = std::get_if<1>(&error_);
    if (e == nullptr) std::abort();
    return *e;
  }

 private:
  std::variant<std::monostate, E> error_;
};

}  // namespace sotto

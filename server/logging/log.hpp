// The server's log: one event a line, with named fields, as logfmt or JSON.
//
//   log::info("connection_opened", {{"user_id", user}, {"address", log::text(address)}});
//   log::error("commit_failed", {{"sqlite_code", code}, {"jobs", jobs}});
//
//   time=2026-11-24T07:00:00.123Z level=info event=connection_opened user_id=382… address=127.0.0.1
//
// What people write, their phone numbers and their tokens never get in here (guarantees, G6). That does not
// rest on care: a field takes ids, numbers, durations and string literals, and a std::string is not one of
// them. Text has to be passed through `text`, which says "I know that this is not private", or through
// `phone`, which hides it.
//
// Levels: error is a bug or a fault that someone should look at; warn is what an operator may have to act on;
// info is the life of the process and of its connections; debug is for finding a fault.
//
// Thread rules: any thread. A line is handed to one background thread; where the reader of the log is too
// slow, the oldest waiting lines are dropped and counted (`dropped_lines`), so a full pipe never stops a
// chat.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "sotto/ids.hpp"

namespace sotto::server::log {

enum class Level { debug, info, warn, error, off };
enum class Format { logfmt, json };

/// Text that may be shown: an address, a path, a route, a message of the operating system.
struct PublicText {
  std::string value;
};
PublicText text(std::string_view not_private);

/// A phone number as a keyed hash and its last two digits: enough to follow one person through the log of
/// one run of the process, not enough to call them.
PublicText phone(std::string_view number);

/// A string literal, checked at compile time: what a programmer wrote is not private.
class Literal {
 public:
  template <std::size_t N>
  consteval Literal(const char (&literal)[N]) : value(literal, N - 1) {}
  std::string_view value;
};

/// One named value.
class Field {
 public:
  template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>) Field(Literal name, T value)
      : name_(name.value), value_(std::to_string(value)), bare_(true) {}
  /// A template, so that a pointer does not turn into a bool on its way here.
  template <std::same_as<bool> T>
  Field(Literal name, T value) : name_(name.value), value_(value ? "true" : "false"), bare_(true) {}
  template <std::floating_point T>
  Field(Literal name, T value) : name_(name.value), value_(std::to_string(value)), bare_(true) {}
  template <class Tag>
  Field(Literal name, Id<Tag> id) : name_(name.value), value_(to_string(id)) {}
  Field(Literal name, Milliseconds duration)
      : name_(name.value), value_(std::to_string(duration.count())), bare_(true) {}
  Field(Literal name, PublicText shown) : name_(name.value), value_(std::move(shown.value)) {}
  Field(Literal name, Literal shown) : name_(name.value), value_(shown.value) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::string_view value() const { return value_; }
  /// A number or a truth value: JSON writes it without quotes.
  [[nodiscard]] bool bare() const { return bare_; }

 private:
  std::string_view name_;
  std::string value_;
  bool bare_ = false;
};

struct Options {
  Level level = Level::info;
  Format format = Format::logfmt;
  /// Where lines go; null is standard error. It outlives `stop`.
  std::ostream* out = nullptr;
};

/// Before `start` nothing is logged. Call from one thread.
void start(const Options& options);
/// Writes what is waiting and ends the background thread. Call from one thread.
void stop();
bool enabled(Level level);
std::uint64_t dropped_lines();

using Fields = std::initializer_list<Field>;
void write(Level level, Literal event, Fields fields);

inline void debug(Literal event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(Literal event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(Literal event, Fields fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(Literal event, Fields fields = {}) {
  write(Level::error, event, fields);
}

}  // namespace sotto::server::log

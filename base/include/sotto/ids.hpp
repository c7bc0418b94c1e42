// Strong ids: a UserId cannot be used as a MessageId. All are unsigned 64-bit Snowflakes (41-bit milliseconds
// since 2024-01-01T00:00:00Z, 10-bit node, 12-bit sequence), so within a conversation a greater id is a later
// one.
//
//   MessageId id{382901823901829120};
//   std::string text = to_string(id);            // "382901823901829120"
//   std::optional<MessageId> same = parse_id<MessageId>(text);
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sotto/export.hpp"

namespace sotto {

template <class Tag>
struct Id {
  std::uint64_t value = 0;

  constexpr Id() = default;
  constexpr explicit Id(std::uint64_t v) : value(v) {}
  friend constexpr auto operator<=>(Id, Id) = default;
  /// False for 0, which means "no id".
  constexpr explicit operator bool() const { return value != 0; }
};

using UserId = Id<struct UserIdTag>;
using DeviceId = Id<struct DeviceIdTag>;
using ConversationId = Id<struct ConversationIdTag>;
using MessageId = Id<struct MessageIdTag>;
/// Names a message on this device from the moment it is stored, whether or not the server has given it a
/// MessageId.
using LocalId = Id<struct LocalIdTag>;

/// Plain decimal: 1 to 20 digits, no sign or space, within 64 bits. Nothing for anything else.
SOTTO_API std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// The id in `text`, written as by `to_string`; nothing for anything else.
template <class T>
std::optional<T> parse_id(std::string_view text) {
  auto v = parse_decimal(text);
  return v ? std::optional<T>(T{*v}) : std::nullopt;
}

template <class Tag>
std::string to_string(Id<Tag> id) {
  return std::to_string(id.value);
}

}  // namespace sotto

template <class Tag>
struct std::hash<sotto::Id<Tag>> {
  std::size_t operator()(sotto::Id<Tag> id) const noexcept {
    // Snowflakes differ mostly in their upper bits; spread them (Fibonacci hashing).
    return static_cast<std::size_t>((id.value * 0x9E3779B97F4A7C15ull) >> 7);
  }
};

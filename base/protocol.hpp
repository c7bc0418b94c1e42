// What client and server have to agree on besides the frames: the close codes, and how much a call or a frame
// may hold (docs/protocol.md). Both sides use these definitions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sotto {

/// WebSocket close codes: those of RFC 6455 §7.4.1 that the protocol uses, and its own.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kTooLarge = 1009;
inline constexpr std::uint16_t kRestarting = 1012;
inline constexpr std::uint16_t kProtocolError = 4000;
inline constexpr std::uint16_t kTokenInvalid = 4001;
/// A newer connection of the device took over. The client must not reconnect by itself.
inline constexpr std::uint16_t kSuperseded = 4002;
inline constexpr std::uint16_t kTooFast = 4003;
}  // namespace close_code

/// The largest frame that a server can be configured to accept.
inline constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20;
/// The largest binary frame that a server sends: the one above and what the server adds to it. Every client
/// accepts this much. A server must not exceed it, since a client that cannot accept one element of the
/// stream cannot get past it.
inline constexpr std::size_t kMaxServerFrameBytes = kMaxFrameBytes + std::size_t{64} * 1024;

/// The limits that concern clients, with the protocol's defaults. A server sends its own in `hello`.
struct ProtocolLimits {
  /// Bytes of one frame from a client.
  std::uint32_t frame_bytes = 64 * 1024;
  /// Bytes of a message's text: a quarter of a frame, so that the text fits in JSON too, where quotes and
  /// line breaks take two bytes and control characters six.
  std::uint32_t text_bytes = 16 * 1024;
  /// Characters of a message's media URL, all ASCII: what browsers and proxies accept.
  std::uint32_t media_url_bytes = 2048;
  // Code points, not bytes, so that a name has the same length in every script.
  std::uint32_t display_name = 100;  ///< a line on a phone, and room for long names
  std::uint32_t group_name = 100;
  std::uint32_t about = 500;
  std::uint32_t device_name = 100;
  /// Members of a group, including its creator.
  std::uint32_t group_members = 500;
  /// Phone numbers in one contact discovery.
  std::uint32_t phone_numbers = 500;
  /// Message ids in one `delivered` frame.
  std::uint32_t delivered_ids = 1000;
  /// User ids in one `presence_subscribe` frame.
  std::uint32_t presence_users = 1000;
  /// Items on one page of a REST list.
  std::uint32_t page_items = 100;

  friend bool operator==(const ProtocolLimits&, const ProtocolLimits&) = default;
};

/// The largest text that fits into a frame of this size.
constexpr std::uint32_t text_bytes_of_frame(std::size_t frame_bytes) {
  return static_cast<std::uint32_t>(frame_bytes / 4);
}
static_assert(text_bytes_of_frame(ProtocolLimits{}.frame_bytes) == ProtocolLimits{}.text_bytes);

}  // namespace sotto

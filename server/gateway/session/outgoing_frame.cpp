#include "server/gateway/session/outgoing_frame.hpp"

#include <cstdint>

namespace sotto::server {

namespace {

// RFC 6455 §5.2.
constexpr unsigned char kFinal = 0x80;
constexpr unsigned char kText = 0x1;
constexpr unsigned char kBinary = 0x2;
constexpr unsigned char kPing = 0x9;
constexpr std::size_t kLongestHeader = 10;  // unmasked
constexpr std::size_t kShortLength = 125;   // in the second byte itself; 126 and 127 announce longer forms

/// Writes the header so that it ends where the payload begins; returns where it begins.
std::size_t put_header(std::string& bytes, unsigned char opcode) {
  const std::size_t payload = bytes.size() - kLongestHeader;
  std::size_t length_bytes = 0;
  auto second = static_cast<char>(payload);
  if (payload > 0xffff) {
    length_bytes = 8;
    second = 127;
  } else if (payload > kShortLength) {
    length_bytes = 2;
    second = 126;
  }
  for (std::size_t i = 0; i < length_bytes; ++i) {
    bytes[kLongestHeader - 1 - i] = static_cast<char>(std::uint64_t{payload} >> (8 * i));
  }
  const std::size_t begin = kLongestHeader - length_bytes - 2;
  bytes[begin] = static_cast<char>(kFinal | opcode);
  bytes[begin + 1] = second;
  return begin;
}

}  // namespace

FramePtr make_frame(WireFormat format, const v1::ServerFrame& frame) {
  std::string bytes(kLongestHeader, '\0');
  append_frame(format, frame, bytes);
  const std::size_t begin = put_header(bytes, format == WireFormat::json ? kText : kBinary);
  return std::make_shared<const OutgoingFrame>(std::move(bytes), begin, kLongestHeader);
}

FramePtr make_ping(std::string_view payload) {
  std::string bytes(kLongestHeader, '\0');
  bytes += payload.substr(0, kShortLength);
  const std::size_t begin = put_header(bytes, kPing);
  return std::make_shared<const OutgoingFrame>(std::move(bytes), begin, kLongestHeader);
}

FramePtr make_raw(std::string bytes) {
  return std::make_shared<const OutgoingFrame>(std::move(bytes), 0, 0);
}

const FramePtr& FrameSource::in(WireFormat format) {
  FramePtr& made = format == WireFormat::json ? json_ : binary_;
  if (!made) made = make_frame(format, frame_);
  return made;
}

}  // namespace sotto::server

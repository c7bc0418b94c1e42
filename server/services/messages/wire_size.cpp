#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

namespace {
// Names, ids and times at their longest; in protobuf a tag and a varint for each.
constexpr std::size_t kMessageJson = 400, kMessageBinary = 136;
constexpr std::size_t kChangeJson = 320, kChangeBinary = 80;
constexpr std::size_t kMemberJson = 124, kMemberBinary = 36;
constexpr std::size_t kIdJson = 23, kIdBinary = 10;
constexpr std::size_t kReceiptJson = 200, kReceiptBinary = 56;
constexpr std::size_t kGapJson = 140, kGapBinary = 48;

std::size_t body_size(const Body& body, Encoding encoding) {
  if (encoding == Encoding::binary) return body.bytes.size();
  if (body.kind == BodyKind::ciphertext) return (body.bytes.size() + 2) / 3 * 4;
  return json_size(body.bytes);
}
}  // namespace

std::size_t json_size(std::string_view text) {
  std::size_t size = text.size();
  for (const char c : text) {
    if (c == '"' || c == '\\')
      size += 1;
    else if (static_cast<unsigned char>(c) < 0x20)
      size += 5;
  }
  return size;
}

std::size_t wire_size(const StoredMessage& message, Encoding encoding) {
  const bool json = encoding == Encoding::json;
  const std::string_view url = message.media_url ? std::string_view(*message.media_url) : std::string_view();
  return (json ? kMessageJson : kMessageBinary) + (json ? json_size(url) : url.size()) +
         body_size(message.body, encoding);
}

std::size_t wire_size(const ConversationChange& change, Encoding encoding) {
  const bool json = encoding == Encoding::json;
  return (json ? kChangeJson : kChangeBinary) + json_size(change.state->name) +
         change.state->members.size() * (json ? kMemberJson : kMemberBinary) +
         change.change.affected.size() * (json ? kIdJson : kIdBinary);
}

std::size_t wire_size_of_receipt(Encoding encoding) {
  return encoding == Encoding::json ? kReceiptJson : kReceiptBinary;
}

std::size_t wire_size_of_gap(Encoding encoding) {
  return encoding == Encoding::json ? kGapJson : kGapBinary;
}

}  // namespace sotto::server

#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

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

std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

std::size_t json_size(const StoredMessage& message) {
  constexpr std::size_t kRest = 400;  // names of fields, ids and times at their longest
  const std::string_view url = message.media_url ? std::string_view(*message.media_url) : std::string_view();
  const std::size_t body = message.body.kind == BodyKind::ciphertext ? base64_size(message.body.bytes.size())
                                                                     : json_size(message.body.bytes);
  return kRest + json_size(url) + body;
}

}  // namespace sotto::server

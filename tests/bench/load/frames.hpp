// The few frames the load needs, made and read with as little work as possible. Both subprotocols.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::bench {

/// A message frame whose key and text are patched in place for each send.
class MessageTemplate {
 public:
  MessageTemplate(bool json, std::uint64_t conversation_id, std::size_t size, std::uint64_t run);

  /// The number comes back in the ack (in the key) and in the delivered message (in the text).
  std::string_view with_number(std::uint64_t number);

 private:
  std::string frame_;
  std::size_t key_at_ = 0;
  std::size_t text_at_ = 0;
};

std::string sync_frame(bool json, std::uint64_t last_seen);
std::string delivered_frame(bool json, std::uint64_t conversation_id,
                            const std::vector<std::uint64_t>& message_ids);

struct Incoming {
  enum class Kind { other, hello, synced, ack, message, error } kind = Kind::other;
  std::uint64_t number = 0;      ///< of an ack or a message
  std::uint64_t message_id = 0;  ///< of a message
  std::string text;              ///< of an error
};
Incoming read_frame(bool json, std::string_view payload);

}  // namespace sotto::bench

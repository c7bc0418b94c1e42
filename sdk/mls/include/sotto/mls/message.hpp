// What can be read from a message without keys, for a delivery service or a dispatcher.
//
//   auto head = peek(bytes);
//   groups.find(head->group_id)->process(bytes, env);
#pragma once

#include <optional>

#include "sotto/mls/error.hpp"
#include "sotto/mls/types.hpp"

namespace sotto::mls {

struct MessageHead {
  WireFormat wire_format{};
  Bytes group_id;                      ///< public, private, group_info
  Epoch epoch;                         ///< public, private, group_info
  std::optional<ContentType> content;  ///< public, private
  std::optional<Sender> sender;        ///< public
  CipherSuite cipher_suite{};          ///< welcome, group_info, key_package
  std::vector<Bytes> recipients;       ///< welcome: the KeyPackageRefs it is for
};

/// Parses the head of an MLSMessage. Reads the whole message, so a message that passes is well-formed.
Result<MessageHead> peek(ByteView message);

}  // namespace sotto::mls

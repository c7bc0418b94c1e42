// What an element of a page takes on the wire, so that a page ends in time: at least as many bytes as the
// encoders write (proto/json_mapping.hpp, frames.hpp), and not many more.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/model/message.hpp"
#include "server/model/stream.hpp"

namespace sotto::server {

enum class Encoding : std::uint8_t { binary, json };

/// Of a text within quotes: control characters take six bytes.
std::size_t json_size(std::string_view text);
std::size_t wire_size(const StoredMessage& message, Encoding encoding);
std::size_t wire_size(const ConversationChange& change, Encoding encoding);
/// A receipt in a frame of several, or a gap in its own.
std::size_t wire_size_of_receipt(Encoding encoding);
std::size_t wire_size_of_gap(Encoding encoding);

/// The room that is left in a page.
///
///   PageRoom room(kPageBytes);
///   for (...) { if (!room.take(wire_size(message, Encoding::json))) break; page.push_back(message); }
class PageRoom {
 public:
  explicit PageRoom(std::size_t bytes) : left_(bytes) {}
  /// False: it has to wait for the next page. The first always fits, or nothing would ever come.
  bool take(std::size_t bytes) {
    if (!first_ && bytes > left_) return false;
    first_ = false;
    left_ -= bytes < left_ ? bytes : left_;
    return true;
  }

 private:
  std::size_t left_;
  bool first_ = true;
};

}  // namespace sotto::server

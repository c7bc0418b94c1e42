// What an item of a page in JSON takes, so that the page ends in time: at least as many bytes as are written
// (proto/json_mapping.hpp), and not many more.
#pragma once

#include <cstddef>
#include <string_view>

#include "server/model/message.hpp"

namespace sotto::server {

/// Of a text within quotes: control characters take six bytes.
std::size_t json_size(std::string_view text);
/// Of bytes as base64 within quotes.
std::size_t base64_size(std::size_t bytes);
std::size_t json_size(const StoredMessage& message);

/// The room that is left in a page.
///
///   PageRoom room(kPageBytes);
///   for (...) { if (!room.take(json_size(message))) break; page.push_back(message); }
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

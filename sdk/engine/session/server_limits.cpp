#include "sdk/engine/session/server_limits.hpp"

#include <algorithm>

#include "sdk/engine/bounds.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::engine {
namespace {

// A server cannot make this client build a frame or a request of any size.
constexpr std::uint32_t kMostIds = 10'000;
constexpr std::uint32_t kMostCharacters = 10'000;
constexpr std::uint32_t kMostMembers = 100'000;

std::uint32_t choose(std::uint32_t told, std::uint32_t otherwise, std::size_t most) {
  return told == 0 ? otherwise : static_cast<std::uint32_t>(std::min<std::size_t>(told, most));
}

}  // namespace

ProtocolLimits limits_of(const lite::Limits& told) {
  const ProtocolLimits usual;
  ProtocolLimits limits;
  limits.frame_bytes = choose(told.frame_bytes(), usual.frame_bytes, kMaxFrameBytes);
  limits.text_bytes = choose(told.text_bytes(), usual.text_bytes, kMaxFrameBytes);
  limits.media_url_bytes = choose(told.media_url_bytes(), usual.media_url_bytes, kMostCharacters);
  limits.display_name = choose(told.display_name(), usual.display_name, kMostCharacters);
  limits.group_name = choose(told.group_name(), usual.group_name, kMostCharacters);
  limits.about = choose(told.about(), usual.about, kMostCharacters);
  limits.device_name = choose(told.device_name(), usual.device_name, kMostCharacters);
  limits.group_members = choose(told.group_members(), usual.group_members, kMostMembers);
  limits.phone_numbers = choose(told.phone_numbers(), usual.phone_numbers, kMostIds);
  limits.delivered_ids = choose(told.delivered_ids(), usual.delivered_ids, kMostIds);
  limits.presence_users = choose(told.presence_users(), usual.presence_users, kMostIds);
  limits.page_items = choose(told.page_items(), usual.page_items, kMaxPage);
  return limits;
}

ProtocolLimits limits_of(ByteView stored) {
  lite::Limits told;
  if (!told.ParseFromArray(stored.data(), static_cast<int>(stored.size()))) return {};
  return limits_of(told);
}

Bytes to_bytes(const lite::Limits& told) {
  Bytes bytes(told.ByteSizeLong());
  told.SerializeToArray(bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

}  // namespace sotto::engine

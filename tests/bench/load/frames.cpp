#include "tests/bench/load/frames.hpp"

#include <cstdio>

#include <boost/json/parse.hpp>

#include "sotto/v1/frames.pb.h"

namespace sotto::bench {

namespace {

// A version 7 UUID, like the SDK's: the time first, then the run, then the number in the last 12 digits.
constexpr std::size_t kKeyLength = 36;
constexpr std::size_t kNumberDigits = 12;
constexpr std::size_t kTextDigits = 16;

void patch_hex(std::string& frame, std::size_t at, std::size_t digits, std::uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < digits; ++i) {
    frame[at + digits - 1 - i] = kDigits[number & 15];
    number >>= 4;
  }
}

std::uint64_t read_hex(std::string_view text) {
  std::uint64_t number = 0;
  for (char c : text) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
    number = number << 4 | static_cast<std::uint64_t>(digit);
  }
  return number;
}

std::string key_of_run(std::uint64_t run) {
  char text[kKeyLength + 1];
  std::snprintf(text, sizeof text, "%08x-%04x-7000-8000-%012x", static_cast<unsigned>(run >> 16),
                static_cast<unsigned>(run & 0xFFFF), 0u);
  return text;
}

std::uint64_t number_in_key(std::string_view key) {
  return key.size() == kKeyLength ? read_hex(key.substr(kKeyLength - kNumberDigits)) : 0;
}
std::uint64_t number_in_text(std::string_view text) {
  return read_hex(text.substr(0, kTextDigits));
}

Incoming read_json(std::string_view payload) {
  Incoming in;
  const auto value = boost::json::parse({payload.data(), payload.size()});
  const auto& frame = value.as_object();
  const std::string_view type = frame.at("type").as_string();
  if (type == "ack") {
    in.kind = Incoming::Kind::ack;
    in.number = number_in_key(std::string_view(frame.at("idempotency_key").as_string()));
  } else if (type == "message") {
    in.kind = Incoming::Kind::message;
    in.number = number_in_text(std::string_view(frame.at("content").as_string()));
    in.message_id = std::strtoull(frame.at("message_id").as_string().c_str(), nullptr, 10);
  } else if (type == "synced") {
    in.kind = Incoming::Kind::synced;
  } else if (type == "hello") {
    in.kind = Incoming::Kind::hello;
  } else if (type == "error") {
    in.kind = Incoming::Kind::error;
    in.text = payload;
  }
  return in;
}

}  // namespace

MessageTemplate::MessageTemplate(bool json, std::uint64_t conversation_id, std::size_t size,
                                 std::uint64_t run) {
  const std::string key = key_of_run(run);
  const std::string text =
      std::string(kTextDigits, '0') + std::string(size > kTextDigits ? size - kTextDigits : 0, 'x');
  if (json) {
    frame_ = R"({"type":"message","idempotency_key":")" + key + R"(","conversation_id":")" +
             std::to_string(conversation_id) + R"(","content":")" + text + "\"}";
  } else {
    v1::ClientFrame frame;
    frame.mutable_message()->set_idempotency_key(key);
    frame.mutable_message()->set_conversation_id(conversation_id);
    frame.mutable_message()->set_content(text);
    frame_ = frame.SerializeAsString();
  }
  key_at_ = frame_.find(key);
  text_at_ = frame_.find(text);
}

std::string_view MessageTemplate::with_number(std::uint64_t number) {
  patch_hex(frame_, key_at_ + kKeyLength - kNumberDigits, kNumberDigits, number);
  patch_hex(frame_, text_at_, kTextDigits, number);
  return frame_;
}

std::string sync_frame(bool json, std::uint64_t last_seen) {
  if (json) return R"({"type":"sync","last_seen_message_id":")" + std::to_string(last_seen) + "\"}";
  v1::ClientFrame frame;
  frame.mutable_sync()->set_last_seen_message_id(last_seen);
  return frame.SerializeAsString();
}

std::string delivered_frame(bool json, std::uint64_t conversation_id,
                            const std::vector<std::uint64_t>& message_ids) {
  if (json) {
    std::string ids;
    for (auto id : message_ids)
      ids += (ids.empty() ? "\"" : ",\"") + std::to_string(id) + "\"";
    return R"({"type":"delivered","conversation_id":")" + std::to_string(conversation_id) +
           R"(","message_ids":[)" + ids + "]}";
  }
  v1::ClientFrame frame;
  frame.mutable_delivered()->set_conversation_id(conversation_id);
  for (auto id : message_ids)
    frame.mutable_delivered()->add_message_ids(id);
  return frame.SerializeAsString();
}

Incoming read_frame(bool json, std::string_view payload) {
  if (json) return read_json(payload);
  Incoming in;
  static thread_local v1::ServerFrame frame;  // reused: its strings keep their memory
  if (!frame.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return in;
  switch (frame.frame_case()) {
    case v1::ServerFrame::kAck:
      in.kind = Incoming::Kind::ack;
      in.number = number_in_key(frame.ack().idempotency_key());
      break;
    case v1::ServerFrame::kMessage:
      in.kind = Incoming::Kind::message;
      in.number = number_in_text(frame.message().content());
      in.message_id = frame.message().message_id();
      break;
    case v1::ServerFrame::kSynced:
      in.kind = Incoming::Kind::synced;
      break;
    case v1::ServerFrame::kHello:
      in.kind = Incoming::Kind::hello;
      break;
    case v1::ServerFrame::kError:
      in.kind = Incoming::Kind::error;
      in.text = frame.error().code() + ": " + frame.error().message();
      break;
    default:
      break;
  }
  return in;
}

}  // namespace sotto::bench

// Frames to bytes and back, in both subprotocols of docs/protocol.md: `sotto.v1` (one protobuf ClientFrame or
// ServerFrame a message) and `sotto.v1.json` (one JSON object, `type` naming the frame).
//
//   auto frame = decode_client_frame(WireFormat::json, R"({"type":"sync","last_seen_message_id":"0"})");
//   if (!frame) send_error(frame.error().code, frame.error().message);
//   else if (frame->has_sync()) ...
//   std::string bytes = encode_frame(WireFormat::binary, server_frame);
//
// Decoding takes hostile input: whatever comes is a frame or a FrameError. The size is the caller's to limit.
// Thread rules: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sotto/result.hpp"
#include "sotto/v1/frames.pb.h"

namespace sotto {

enum class WireFormat : std::uint8_t { binary, json };

struct FrameError {
  std::string code;     ///< `bad_frame` or `unknown_type`
  std::string message;  ///< names the field: "message.receiver_id: -1 is out of range"
  /// Of a message frame whose key could still be read, so that its sender knows which one was refused.
  std::optional<std::string> idempotency_key;
};

Result<v1::ClientFrame, FrameError> decode_client_frame(WireFormat format, std::string_view bytes);
Result<v1::ServerFrame, FrameError> decode_server_frame(WireFormat format, std::string_view bytes);

std::string encode_frame(WireFormat format, const v1::ClientFrame& frame);
std::string encode_frame(WireFormat format, const v1::ServerFrame& frame);
/// The same behind what `out` already holds.
void append_frame(WireFormat format, const v1::ServerFrame& frame, std::string& out);

/// libprotobuf writes a line to stderr for each string that is not UTF-8, which lets a client fill a log. A
/// process that decodes strangers' frames calls this once.
void discard_protobuf_logs();

}  // namespace sotto

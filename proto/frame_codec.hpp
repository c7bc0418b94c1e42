// Encodes and decodes frames in both subprotocols of docs/protocol.md: `sotto.v1` (each message is one
// protobuf ClientFrame or ServerFrame) and `sotto.v1.json` (one JSON object whose `type` names the frame).
//
//   auto frame = decode_client_frame(WireFormat::json, R"({"type":"sync","last_seen_message_id":"0"})");
//   if (!frame) send_error(frame.error().code, frame.error().message);
//   else if (frame->has_sync()) ...
//   std::string bytes = encode_frame(WireFormat::binary, server_frame);
//
// Input may be hostile: decoding returns a frame or a FrameError. The caller limits the size.
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
  /// The key of a refused message frame, if it could be read, so that the sender knows which one it was.
  std::optional<std::string> idempotency_key;
};

Result<v1::ClientFrame, FrameError> decode_client_frame(WireFormat format, std::string_view bytes);
Result<v1::ServerFrame, FrameError> decode_server_frame(WireFormat format, std::string_view bytes);

std::string encode_frame(WireFormat format, const v1::ClientFrame& frame);
std::string encode_frame(WireFormat format, const v1::ServerFrame& frame);
/// Appends to `out`.
void append_frame(WireFormat format, const v1::ServerFrame& frame, std::string& out);

/// Silences libprotobuf, which writes a line to stderr for each string that is not UTF-8, so that clients
/// could flood a log. Call it once in a process that decodes untrusted frames.
void discard_protobuf_logs();

}  // namespace sotto

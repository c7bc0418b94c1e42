// A frame as it goes out: encoded once, immutable, shared by every connection it is sent to.
//
//   FramePtr frame = make_frame(WireFormat::json, server_frame);
//   sink.send(frame);             // no copy for each recipient
//
// The bytes already carry their WebSocket header: frames of a server are not masked (RFC 6455 §5.1), so it is
// the same for everyone, and a connection only has to hand the bytes to the kernel.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "proto/frame_codec.hpp"

namespace sotto::server {

class OutgoingFrame {
 public:
  /// Only for make_frame and its kin below.
  OutgoingFrame(std::string bytes, std::size_t begin, std::size_t payload)
      : bytes_(std::move(bytes)), begin_(begin), payload_(payload) {}

  /// Header and payload, as they go on the wire.
  [[nodiscard]] std::string_view wire() const { return std::string_view(bytes_).substr(begin_); }
  /// What the client's library hands to its user.
  [[nodiscard]] std::string_view payload() const { return std::string_view(bytes_).substr(payload_); }

 private:
  std::string bytes_;
  std::size_t begin_;
  std::size_t payload_;
};
using FramePtr = std::shared_ptr<const OutgoingFrame>;

FramePtr make_frame(WireFormat format, const v1::ServerFrame& frame);
/// `payload` is at most 125 bytes (RFC 6455 §5.5).
FramePtr make_ping(std::string_view payload);
/// Bytes that are not a WebSocket frame: an HTTP response.
FramePtr make_raw(std::string bytes);

/// A frame that has not been encoded yet, for recipients of both subprotocols: each form is made when the
/// first one asks for it. One thread.
class FrameSource {
 public:
  explicit FrameSource(v1::ServerFrame frame) : frame_(std::move(frame)) {}
  const FramePtr& in(WireFormat format);

 private:
  v1::ServerFrame frame_;
  FramePtr binary_;
  FramePtr json_;
};

}  // namespace sotto::server

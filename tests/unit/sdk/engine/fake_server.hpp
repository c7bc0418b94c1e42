// A server in a few lines that keeps the protocol's promises: one stream, deduplicated messages, receipts.
// For tests of what survives, where a script of frames would have to know too much.
//
//   FakeServer server;
//   server.say(kPeer, "hello");            // somebody else writes
//   server.serve(device);                  // answers what the device has sent until both are quiet
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/unit/sdk/engine/device.hpp"

namespace sotto::engine::testing {

class FakeServer {
 public:
  FakeServer();

  /// A message of somebody else in the chat.
  void say(UserId sender, const std::string& text);
  /// Connects if need be, then exchanges frames. `budget`: frames to the device after which the connection
  /// breaks, both ways.
  void serve(Device& device, std::size_t budget = 1'000'000);

  /// What has been said, in order.
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] std::uint64_t last_id() const { return next_id_ - 1; }
  std::uint64_t read_up_to = 0;
  std::map<std::uint64_t, int> delivered;  ///< by message id, how often

 private:
  void answer(const lite::ClientFrame& frame, std::vector<lite::ServerFrame>& out);
  void push(lite::ServerFrame element, std::uint64_t id) { stream_.emplace(id, std::move(element)); }

  std::uint64_t next_id_ = 1000;
  std::map<std::uint64_t, lite::ServerFrame> stream_;
  std::map<std::string, lite::ServerFrame> acks_;  ///< by idempotency key
  std::uint64_t pushed_ = 0;                       ///< place in the stream, on this connection
  bool live_ = false;
};

}  // namespace sotto::engine::testing

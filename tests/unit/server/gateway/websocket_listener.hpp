// A gateway whose clients speak WebSocket.
#pragma once

#include <string>
#include <utility>

#include "tests/unit/server/gateway/gateway_fixture.hpp"

namespace sotto::server {

class WebSocketListener : public GatewayTest {
 protected:
  static v1::ClientFrame message_to(ConversationId conversation, std::uint8_t n, std::string content) {
    Uuid key;
    key.bytes.fill(n);
    v1::ClientFrame frame;
    frame.mutable_message()->set_idempotency_key(to_string(key));
    frame.mutable_message()->set_conversation_id(conversation.value);
    frame.mutable_message()->set_content(std::move(content));
    return frame;
  }
  static v1::ClientFrame sync_from(std::uint64_t id) {
    v1::ClientFrame frame;
    frame.mutable_sync()->set_last_seen_message_id(id);
    return frame;
  }
};

}  // namespace sotto::server

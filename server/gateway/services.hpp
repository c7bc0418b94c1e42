// What the gateway calls: the storage and the rules, by reference. All of it outlives the gateway's threads.
#pragma once

#include "base/random.hpp"
#include "server/model/limits.hpp"
#include "server/ports/push_sender.hpp"
#include "server/ports/session_registry.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

class AuthService;
class ConversationService;
class MessageService;
class ReceiptService;
class StreamService;

struct GatewayServices {
  Storage& storage;
  SessionRegistry& registry;
  PushSender& push_sender;
  AuthService& auth;
  ConversationService& conversations;
  MessageService& messages;
  ReceiptService& receipts;
  StreamService& streams;
  Random& random;
  const Limits& limits;
};

}  // namespace sotto::server

// Every rule of the chat, made once.
//
//   Services services(limits, storage.token_key(), config.dev);
//   auto ack = services.messages.accept(store, context, caller, message);
//
// Thread rules: those of each service. A service that keeps something in memory says so.
#pragma once

#include "base/secret.hpp"
#include "server/model/limits.hpp"
#include "server/services/accounts/auth_service.hpp"
#include "server/services/accounts/contact_service.hpp"
#include "server/services/accounts/device_service.hpp"
#include "server/services/accounts/user_service.hpp"
#include "server/services/conversations/conversation_service.hpp"
#include "server/services/conversations/group_service.hpp"
#include "server/services/messages/history_service.hpp"
#include "server/services/messages/message_service.hpp"
#include "server/services/messages/receipt_service.hpp"
#include "server/services/messages/retention_service.hpp"
#include "server/services/messages/stream_service.hpp"

namespace sotto::server {

struct Services {
  /// `limits` outlives the services. `accept_dev_code`: 000000 signs anyone in, as with `--dev`.
  Services(const Limits& limits, SecretBytes token_key, bool accept_dev_code)
      : auth(limits, std::move(token_key), accept_dev_code),
        contacts(limits),
        groups(limits),
        messages(limits, conversations),
        retention(limits) {}
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  AuthService auth;
  ContactService contacts;
  ConversationService conversations;
  DeviceService devices;
  GroupService groups;
  HistoryService history;
  MessageService messages;
  ReceiptService receipts;
  RetentionService retention;
  StreamService streams;
  UserService users{groups};
};

}  // namespace sotto::server

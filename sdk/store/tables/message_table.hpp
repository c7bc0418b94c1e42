// Messages, and the life of each.
//
// A message's place in its conversation is its position (schema.hpp); pages walk positions. Its LocalId is
// its row and never changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/uuid.hpp"
#include "sdk/store/connection.hpp"
#include "sdk/store/tables/conversation_table.hpp"
#include "sotto/message.hpp"

namespace sotto::store {

/// What is stored of a message, whoever wrote it.
struct NewMessage {
  ConversationRow conversation;
  MessageId message_id;  ///< 0: not acknowledged yet
  UserId sender_id;
  DeviceId sender_device_id;
  bool is_mine = false;
  std::string text;
  std::optional<std::string> media_url;
  std::optional<MessageId> reply_to;
  Timestamp created_at{};
  MessageState state = MessageState::received;
  std::optional<Uuid> key;
  std::optional<Timestamp> expires_at;
};

/// A message with its row's names.
struct StoredMessage {
  Message message;
  ConversationRow conversation;
  std::uint64_t position = 0;
};

/// Where a message is and who wrote it, without its text.
struct MessagePlace {
  LocalId local_id;
  ConversationRow conversation;
  std::uint64_t position = 0;
  bool is_mine = false;
  MessageState state = MessageState::received;
};

class MessageTable {
 public:
  explicit MessageTable(Connection& db) : db_(db) {}

  /// A new message: its row is greater than all others. Indexed for search.
  LocalId insert(const NewMessage& message);
  /// One from the past, fetched from the server: its row is smaller than all others.
  LocalId insert_history(const NewMessage& message);
  void acknowledge(LocalId message, MessageId id, Timestamp created_at);
  void set_state(LocalId message, MessageState state);
  void set_failure(LocalId message, const Error& cause, bool can_retry);
  /// Received, and cannot be read: stays as a row that says why.
  void set_undecryptable(LocalId message, const Error& cause);
  void set_expiry(LocalId message, Timestamp expires_at);
  void remove(LocalId message);

  std::optional<StoredMessage> find(LocalId message);
  std::optional<StoredMessage> find_by_id(MessageId id);
  std::optional<MessagePlace> place(LocalId message);
  std::optional<MessagePlace> place_of_id(MessageId id);
  std::optional<MessagePlace> place_of_own_key(const Uuid& key);
  std::optional<StoredMessage> newest(ConversationRow conversation);

  /// Up to `limit` messages with a smaller position, newest first.
  std::vector<StoredMessage> before(ConversationRow conversation, std::uint64_t position, std::size_t limit);
  /// Up to `limit` messages with a greater position, oldest first.
  std::vector<StoredMessage> after(ConversationRow conversation, std::uint64_t position, std::size_t limit);
  /// All from `first` to `last`, both included, oldest first.
  std::vector<StoredMessage> between(ConversationRow conversation, std::uint64_t first, std::uint64_t last);

  /// Messages of others after a read position: what "unread" means.
  std::uint32_t count_unread(ConversationRow conversation, MessageId read_up_to);
  /// Messages of others with ids in (after, up_to], across conversations, oldest first.
  std::vector<MessagePlace> received_between(std::uint64_t after, std::uint64_t up_to, std::size_t limit);

  void record(LocalId message, const Transition& step);
  std::vector<Transition> trace(LocalId message);

 private:
  LocalId insert_at(std::optional<std::uint64_t> row, const NewMessage& message);
  template <class... T>
  std::vector<StoredMessage> list(const char* sql, const T&... values);
  template <class... T>
  std::optional<MessagePlace> find_place(const char* sql, const T&... values);

  Connection& db_;
};

}  // namespace sotto::store

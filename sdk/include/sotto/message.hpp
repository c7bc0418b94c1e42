// A message and its states.
//
//   Message m = ...;
//   if (m.state == MessageState::failed) show(m.failure->message, m.can_retry);
//
// Plain values: copy them freely, use them on any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sotto/error.hpp"
#include "sotto/export.hpp"
#include "sotto/ids.hpp"
#include "sotto/time.hpp"

namespace sotto {

/// How far a message has come. Your own messages go queued -> (encrypting ->) in_flight -> sent -> delivered
/// -> read, with the side states below. From `sent` on a state never goes back. Messages from others are
/// `received`.
enum class MessageState : std::uint8_t {
  queued = 1,      ///< stored on this device; waits for its turn or for a connection
  encrypting = 2,  ///< being encrypted
  in_flight = 3,   ///< given to the network, not yet acknowledged
  sent = 4,        ///< durable on the server
  delivered = 5,   ///< stored on a device of the recipient; in a group, of every member
  read = 6,        ///< shown to the recipient; in a group, to every member
  blocked = 10,    ///< waits behind a failed message of the same conversation
  failed = 11,     ///< refused; see `failure` and `can_retry`
  expired = 12,    ///< not sent within its time
  cancelled = 13,  ///< taken back before it was sent
  received = 20,   ///< from somebody else
};

/// "queued", "in_flight", ...
SOTTO_API std::string_view to_string(MessageState state);

struct Message {
  LocalId local_id;                ///< always set, never changes
  MessageId message_id;            ///< 0 until the server has acknowledged it
  ConversationId conversation_id;  ///< see "Provisional ids" in conversation.hpp
  UserId sender_id;
  DeviceId sender_device_id;  ///< 0 if unknown
  bool is_mine = false;
  std::string text;
  std::optional<std::string> media_url;
  std::optional<MessageId> reply_to;
  /// The server's time once the message is acknowledged, this device's time before. Do not sort by it:
  /// messages come in order.
  Timestamp created_at{};
  MessageState state = MessageState::queued;
  /// With `failed`: why.
  std::optional<Error> failure;
  /// With `failed`: whether `retry_message` may help.
  bool can_retry = false;
  /// When the message expires. Own messages that are not sent yet.
  std::optional<Timestamp> expires_at;
  /// A UUID, the same for every attempt; "" if the sender gave none.
  std::string idempotency_key;

  friend bool operator==(const Message&, const Message&) = default;
};

/// One change of a message's state (`Client::trace`).
struct Transition {
  Timestamp at{};
  MessageState state = MessageState::queued;
  int attempt = 0;    ///< 1 for the first time it was given to the network
  std::string cause;  ///< "" or a short reason: "connection_closed", "rate_limited", "acknowledged"
};

struct PhoneNumber {
  std::string e164;  ///< "+491701234567"
};
/// Where a message goes.
using Target = std::variant<ConversationId, UserId, PhoneNumber>;

struct OutgoingMessage {
  std::string text;  ///< UTF-8, 1 byte to the server's limit, by default 16 KiB
  std::optional<MessageId> reply_to{};
  std::optional<std::string> media_url{};
  /// From now. Default: ClientOptions::outbox_expiry.
  std::optional<std::chrono::milliseconds> expires_after{};
};

/// The result of `send`, given as soon as the message is stored.
struct SendReceipt {
  LocalId local_id;
  ConversationId conversation_id;  ///< may be provisional
};

/// How far a message has come with one recipient.
struct MemberReceipt {
  UserId user_id;
  MessageState state = MessageState::sent;  ///< sent (not delivered yet), delivered or read
  Timestamp updated_at{};                   ///< 0 while `sent`
};

struct MessagePage {
  std::vector<Message> messages;  ///< in the order of the query
  /// There are more in that direction, on this device or on the server.
  bool has_more = false;
};

/// Set at most one of `before`, `after` and `before_local`.
struct MessagesQuery {
  ConversationId conversation;
  /// Messages before this one, newest first. 0: the newest.
  MessageId before;
  /// Messages after this one, oldest first.
  MessageId after;
  std::size_t limit = 50;  ///< 1 to 100
  /// Messages before this one, newest first. Continues a page whose last message has no id yet: take the
  /// `local_id` of the last message, whatever its state.
  LocalId before_local{};
};

struct SearchQuery {
  /// Words in any script. A message has to contain all of them, in any order, each as any part of its text;
  /// one character is enough. Words in quotes ("quick fox") are a phrase. Letter case, accents (ubermut finds
  /// Übermut) and the shape of quotation marks make no difference. At most 1024 bytes.
  std::string text;
  ConversationId conversation{};  ///< 0: everywhere
  std::size_t limit = 50;         ///< 1 to 100
  /// Continue after the last hit of the previous page.
  LocalId after{};
};

/// A part of a text: the bytes [begin, end), always whole characters.
struct TextRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const TextRange&, const TextRange&) = default;
};

struct SearchHit {
  Message message;
  /// Where the words are in `message.text`, to highlight them: the first 100, in order, not overlapping.
  std::vector<TextRange> places;
};

struct SearchPage {
  std::vector<SearchHit> hits;  ///< newest first
  bool has_more = false;
  /// False while a search index of an earlier version is being rebuilt (SearchIndexProgress): older messages
  /// may be missing.
  bool is_complete = true;
};

}  // namespace sotto

// A message and its life.
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

/// How far a message has come. Own messages: queued -> (encrypting ->) in_flight -> sent -> delivered ->
/// read, with the side states below; a status from `sent` on never goes back. Messages of others are
/// `received`.
enum class MessageState : std::uint8_t {
  queued = 1,      ///< stored here, waits for its turn or for a connection
  encrypting = 2,  ///< being encrypted
  in_flight = 3,   ///< given to the network, not yet acknowledged
  sent = 4,        ///< durable on the server
  delivered = 5,   ///< stored on a device of the recipient; in a group, of every member
  read = 6,        ///< shown to the recipient; in a group, to every member
  blocked = 10,    ///< waits behind a failed message of the same conversation
  failed = 11,     ///< refused; see `failure` and `can_retry`
  expired = 12,    ///< not sent within its time
  cancelled = 13,  ///< taken back before it was sent
  received = 20,   ///< somebody else's
};

/// "queued", "in_flight", ...
SOTTO_API std::string_view to_string(MessageState state);

struct Message {
  LocalId local_id;                ///< always there, never changes
  MessageId message_id;            ///< 0 until the server has acknowledged it
  ConversationId conversation_id;  ///< see "Provisional ids" in conversation.hpp
  UserId sender_id;
  DeviceId sender_device_id;  ///< 0 where unknown
  bool is_mine = false;
  std::string text;
  std::optional<std::string> media_url;
  std::optional<MessageId> reply_to;
  /// The server's time once it is acknowledged; this device's before that. Never use it for order: messages
  /// come in order.
  Timestamp created_at{};
  MessageState state = MessageState::queued;
  /// With `failed`: why, and whether `retry_message` makes sense.
  std::optional<Error> failure;
  bool can_retry = false;
  /// Own messages that are not sent yet: when they expire.
  std::optional<Timestamp> expires_at;
  /// A UUID, kept for every retry; "" where the sender gave none.
  std::string idempotency_key;

  friend bool operator==(const Message&, const Message&) = default;
};

/// One step in a message's life (`Client::trace`).
struct Transition {
  Timestamp at{};
  MessageState state = MessageState::queued;
  int attempt = 0;    ///< 1 for the first time it was given to the network
  std::string cause;  ///< "" or a short reason: "connection_closed", "rate_limited", "acknowledged"
};

/// Whom a message is for.
struct PhoneNumber {
  std::string e164;  ///< "+491701234567"
};
using Target = std::variant<ConversationId, UserId, PhoneNumber>;

struct OutgoingMessage {
  std::string text;  ///< UTF-8, 1 byte to 16 KiB
  std::optional<MessageId> reply_to{};
  std::optional<std::string> media_url{};
  /// Counted from now; not given: ClientOptions::outbox_expiry.
  std::optional<std::chrono::milliseconds> expires_after{};
};

/// What `send` answers as soon as the message is stored.
struct SendReceipt {
  LocalId local_id;
  ConversationId conversation_id;  ///< may be provisional
};

/// Who has received or read a message.
struct MemberReceipt {
  UserId user_id;
  MessageState state = MessageState::sent;  ///< sent (not yet), delivered or read
  Timestamp updated_at{};                   ///< 0 while `sent`
};

struct MessagePage {
  std::vector<Message> messages;  ///< in the order asked for
  /// True: there is more in that direction, here or on the server.
  bool has_more = false;
};

struct MessagesQuery {
  ConversationId conversation;
  /// Messages before this one, newest first. 0: the newest.
  MessageId before;
  /// Or messages after this one, oldest first.
  MessageId after;
  std::size_t limit = 50;  ///< 1 to 100
  /// Or messages before this row, newest first: pages on from a last row that has no id yet. Take it from the
  /// last message of the page before, whatever its state.
  LocalId before_local{};
};

struct SearchQuery {
  /// Words, of which a message has to hold all, in any order: each as any part of its text, in any script;
  /// one character is enough. Words in quotes ("quick fox") stand together. Letter case, accents (ubermut
  /// finds Übermut) and the shape of quotation marks make no difference. At most 1024 bytes.
  std::string text;
  ConversationId conversation{};  ///< 0: everywhere
  std::size_t limit = 50;         ///< 1 to 100
  /// Continue after the last hit of the previous page.
  LocalId after{};
};

/// A part of a text: its bytes from `begin` to before `end`, always whole characters.
struct TextRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  friend bool operator==(const TextRange&, const TextRange&) = default;
};

struct SearchHit {
  Message message;
  /// Where the words stand in `message.text`, to highlight: in order, apart from each other, the first 100.
  std::vector<TextRange> places;
};

struct SearchPage {
  std::vector<SearchHit> hits;  ///< newest first
  bool has_more = false;
  /// False while the search index of an earlier version is made anew (SearchIndexProgress): older messages
  /// are not found yet.
  bool is_complete = true;
};

}  // namespace sotto

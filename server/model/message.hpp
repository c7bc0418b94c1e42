// Messages: what a client hands in, what is stored, what it is answered. When something happened is part of
// its id (snowflake.hpp), so order by time and order by id are one and the same.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/snowflake.hpp"
#include "base/uuid.hpp"
#include "server/model/identity.hpp"

namespace sotto::server {

// Numbers as in frames.proto; stored.
enum class Status : std::uint8_t { sent = 1, delivered = 2, read = 3 };
std::string_view to_string(Status status);

/// Text of a client without encryption, or bytes nobody but the devices can read. The server looks into
/// neither.
enum class BodyKind : std::uint8_t { content = 1, ciphertext = 2 };

struct Body {
  BodyKind kind = BodyKind::content;
  std::string bytes;  ///< UTF-8 when `content`
  friend bool operator==(const Body&, const Body&) = default;
};

/// A `message` frame, its values parsed, not yet judged. Exactly one of receiver and conversation is set.
struct NewMessage {
  Uuid key;
  UserId receiver;
  ConversationId conversation;
  Body body;
  std::uint64_t epoch = 0;  ///< with ciphertext
  std::optional<std::string> media_url;
  std::optional<MessageId> reply_to;
};

struct StoredMessage {
  MessageId id;
  ConversationId conversation;
  UserId sender;
  DeviceId sender_device;
  Body body;
  std::uint64_t epoch = 0;
  std::optional<std::string> media_url;
  std::optional<MessageId> reply_to;
  Uuid key;
  /// The disk has not given back what was stored: body and media_url are empty, and nobody is shown it.
  bool damaged = false;
  [[nodiscard]] Timestamp created_at() const { return snowflake_time(id.value); }
};
using MessagePtr = std::shared_ptr<const StoredMessage>;

struct Ack {
  Uuid key;
  MessageId id;
  ConversationId conversation;
  [[nodiscard]] Timestamp created_at() const { return snowflake_time(id.value); }
  bool repeated = false;  ///< the key was seen before, and this is the first message's ack
};

/// A message as one person is shown it.
struct MessageView {
  MessagePtr message;
  /// One's own message: how far it has come with the others (a group: with the last of those who were members
  /// when it was sent). Somebody else's: `read` up to one's read position, else `sent`.
  Status status = Status::sent;
};

}  // namespace sotto::server

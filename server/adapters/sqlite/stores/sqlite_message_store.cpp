#include "server/adapters/sqlite/stores/sqlite_message_store.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>

#include <sodium.h>

#include "base/snowflake.hpp"
#include "base/utf8.hpp"
#include "server/logging/log.hpp"

namespace sotto::server {

namespace {
/// SipHash under a key that is no secret: it finds damage, not forgery. Whoever can write to the file can
/// write anything.
std::int64_t check_of(std::string_view body, const std::optional<std::string>& media_url) {
  static constexpr std::array<std::uint8_t, crypto_shorthash_KEYBYTES> kKey{};
  std::string both;
  if (media_url) {
    both.reserve(body.size() + 1 + media_url->size());
    both.append(body).push_back('\0');
    both.append(*media_url);
    body = both;
  }
  std::array<std::uint8_t, crypto_shorthash_BYTES> hash{};
  const ByteView bytes = as_bytes(body);
  crypto_shorthash(hash.data(), bytes.data(), bytes.size(), kKey.data());
  std::int64_t check = 0;
  std::memcpy(&check, hash.data(), sizeof check);
  return check;
}

MessagePtr read_message(sqlite::Statement& row) {
  auto message = std::make_shared<StoredMessage>();
  message->id = row.id<MessageId>(0);
  message->conversation = row.id<ConversationId>(1);
  message->sender = row.id<UserId>(2);
  message->sender_device = row.id<DeviceId>(3);
  const ByteView key = row.blob(4);
  std::copy_n(key.begin(), std::min(key.size(), message->key.bytes.size()), message->key.bytes.begin());
  message->body.kind = static_cast<BodyKind>(row.int64(5));
  message->body.bytes = as_text(row.blob(6));
  message->epoch = static_cast<std::uint64_t>(row.int64(7));
  if (!row.is_null(8)) message->media_url = row.text(8);
  if (!row.is_null(9)) message->reply_to = row.id<MessageId>(9);
  // Messages stored before there were checks have none; of those text at least goes out as text.
  message->damaged = row.is_null(10)
                         ? message->body.kind == BodyKind::content && !is_valid_utf8(message->body.bytes)
                         : row.int64(10) != check_of(message->body.bytes, message->media_url);
  if (message->damaged) {
    log::error("message_damaged", {{"message_id", message->id}, {"conversation_id", message->conversation}});
    message->body.bytes.clear();
    message->media_url.reset();
  }
  return message;
}

StoredMessage read_header(sqlite::Statement& row) {
  StoredMessage message;
  message.id = row.id<MessageId>(0);
  message.conversation = row.id<ConversationId>(1);
  message.sender = row.id<UserId>(2);
  return message;
}
}  // namespace

// ---------------------------------------------------------------- reading

MessagePtr SqliteMessageStore::find(MessageId message) const {
  Use use(find_, message);
  return use.next() ? read_message(*use.operator->()) : nullptr;
}

MessagePtr SqliteMessageStore::find_by_key(UserId sender, const Uuid& key) const {
  Use use(id_of_key_, ByteView(key.bytes), sender);
  return use.next() ? find(use->id<MessageId>(0)) : nullptr;
}

std::optional<UserId> SqliteMessageStore::sender_of(ConversationId conversation, MessageId message) const {
  Use use(sender_of_, conversation, message);
  return use.next() ? std::optional(use->id<UserId>(0)) : std::nullopt;
}

std::optional<MessageId> SqliteMessageStore::last_in(const MessageRange& range) const {
  Use use(last_in_, range.conversation, range.after, range.up_to);
  return use.next() ? std::optional(use->id<MessageId>(0)) : std::nullopt;
}

std::vector<MessageId> SqliteMessageStore::oldest(const MessageRange& range, std::size_t limit) const {
  std::vector<MessageId> ids;
  for (Use use(oldest_, range.conversation, range.after, range.up_to, limit); use.next();) {
    ids.push_back(use->id<MessageId>(0));
  }
  return ids;
}

std::vector<MessageId> SqliteMessageStore::newest(const MessageRange& range, std::size_t limit) const {
  std::vector<MessageId> ids;
  for (Use use(newest_, range.conversation, range.after, range.up_to, limit); use.next();) {
    ids.push_back(use->id<MessageId>(0));
  }
  return ids;
}

std::vector<MessageSender> SqliteMessageStore::senders(const MessageRange& range) const {
  std::vector<MessageSender> rows;
  for (Use use(senders_, range.conversation, range.after, range.up_to); use.next();) {
    rows.push_back({use->id<MessageId>(0), use->id<UserId>(1)});
  }
  return rows;
}

std::uint64_t SqliteMessageStore::count(ConversationId conversation) const {
  counts_.flush();
  Use use(count_, conversation);
  return use.next() ? static_cast<std::uint64_t>(use->int64(0)) : 0;
}

// ---------------------------------------------------------------- writing

void SqliteMessageStore::append(const StoredMessage& message, std::span<const Member> mailboxes) {
  const std::optional<std::string_view> media_url =
      message.media_url ? std::optional<std::string_view>(*message.media_url) : std::nullopt;
  Use(insert_, message.id, message.conversation, message.sender, message.sender_device,
      ByteView(message.key.bytes), message.body.kind, as_bytes(message.body.bytes), message.epoch, media_url,
      message.reply_to, check_of(message.body.bytes, message.media_url))
      .run();
  mailboxes_.add(message.id, mailboxes);
  counts_.add(message);
}

void SqliteMessageStore::remove(const StoredMessage& message) {
  mailboxes_.flush();
  MessageId log_from;
  if (Use use(log_from_, message.conversation); use.next()) log_from = use->id<MessageId>(0);
  if (!log_from || message.id < log_from) {
    std::vector<UserId> recipients;
    for (Use use(recipients_, message.conversation, message.id); use.next();) {
      recipients.push_back(use->id<UserId>(0));
    }
    for (const UserId user : recipients)
      Use(delete_mailbox_, user, message.id).run();
  }
  Use(delete_receipts_, message.id).run();
  Use(delete_, message.id).run();
}

MessageStore::Removed SqliteMessageStore::remove_oldest(MessageId up_to, std::size_t limit) {
  Removed removed;
  for (Use use(oldest_of_all_, up_to, limit + 1); use.next();) {
    removed.messages.push_back(read_header(*use.operator->()));
  }
  removed.more = removed.messages.size() > limit;
  if (removed.more) removed.messages.pop_back();
  // Ascending: the last of a conversation is what stays noted.
  for (const StoredMessage& message : removed.messages) {
    remove(message);
    Use(note_gone_, message.conversation, message.id).run();
  }
  if (!removed.messages.empty()) Use(note_all_gone_, removed.messages.back().id).run();
  return removed;
}

bool SqliteMessageStore::remove_of_deleted(std::size_t limit) {
  ConversationId conversation;
  if (Use use(to_delete_); use.next()) conversation = use->id<ConversationId>(0);
  if (!conversation) return false;
  const MessageId end{kMaxId};
  const std::vector<MessageId> messages = oldest({conversation, MessageId{}, end}, limit);
  for (const MessageId id : messages) {
    StoredMessage message;
    message.id = id;
    message.conversation = conversation;
    remove(message);
  }
  if (messages.size() < limit) Use(all_deleted_, conversation).run();
  return !connection_.fault();
}

}  // namespace sotto::server

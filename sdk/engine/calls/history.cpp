#include "sdk/engine/calls/history.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/engine/stream/status.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
OperationNumber History::fetch(const store::StoredConversation& conversation, std::size_t limit,
                               Reply<bool> reply) {
  auto ticket = operations_.start(std::move(reply));
  if (limit == 0 || limit > 100) {
    operations_.finish<bool>(ticket, Error(ErrorCode::invalid_argument, "limit is 1 to 100"));
    return ticket.number;
  }
  if (!conversation.id || !conversation.history_from) {
    operations_.finish<bool>(ticket, false);  // all there is is here
    return ticket.number;
  }
  HttpRequest request;
  request.method = "GET";
  request.path = "/api/conversations/" + to_string(conversation.id) +
                 "/messages?before_id=" + to_string(conversation.history_from) +
                 "&limit=" + std::to_string(limit);
  requests_.send(std::move(request), ticket.number,
                 [this, ticket, id = conversation.id](Result<HttpResponse> r) {
                   operations_.finish<bool>(ticket, r ? store_page(id, *r) : Result<bool>(r.error()));
                 });
  return ticket.number;
}

Result<bool> History::store_page(ConversationId id, const HttpResponse& response) {
  auto body = JsonObject::parse(response.body);
  if (!body) return Error(ErrorCode::protocol_violation, "a page of history is not a JSON object");
  auto conversation = core_.read().conversations.find(id);
  if (!conversation) return Error(ErrorCode::not_found, "the conversation is gone");
  MessageId oldest = conversation->history_from;
  bool any = false;
  for (const JsonObject& message : body->list("messages")) {
    if (!store_message(*conversation, message)) continue;
    any = true;
    oldest = std::min(oldest, message.id<MessageId>("message_id"));
  }
  auto& store = core_.write();
  if (auto gap = body->object("gap")) {
    const auto from = gap->id<MessageId>("from_message_id");
    const auto to = gap->id<MessageId>("to_message_id");
    if (store::is_valid_id(to.value) && from <= to) store.holes.add(conversation->row, from, to);
  }
  // A page that brings nothing older ends it, whatever it says: it would be asked for again without end.
  const bool more = any && body->boolean("has_more");
  store.conversations.set_history_from(conversation->row, more ? oldest : MessageId{});
  core_.touch(conversation->row);
  return more;
}

bool History::store_message(const store::StoredConversation& conversation, const JsonObject& message) {
  store::NewMessage row;
  row.conversation = conversation.row;
  row.message_id = message.id<MessageId>("message_id");
  row.sender_id = message.id<UserId>("sender_id");
  // Only older ones: what is newer comes, or has come, in the stream.
  if (!store::is_valid_id(row.message_id.value) || !store::is_valid_id(row.sender_id.value) ||
      row.message_id >= conversation.history_from)
    return false;
  auto& store = core_.write();
  if (store.messages.place_of_id(row.message_id)) return true;
  row.sender_device_id = message.id<DeviceId>("sender_device_id");
  row.is_mine = row.sender_id == core_.me();
  row.text = message.text("content");
  row.media_url = message.optional_text("media_url");
  if (const auto reply_to = message.id<MessageId>("reply_to_message_id")) row.reply_to = reply_to;
  row.created_at = message.time("created_at");
  row.state = row.is_mine ? state_of(message.text("status")) : MessageState::received;
  row.key = parse_uuid(message.text("idempotency_key"));
  if (row.is_mine && row.key && store.messages.place_of_own_key(*row.key)) row.key.reset();
  store.messages.insert_history(row);
  return true;
}

}  // namespace sotto::engine

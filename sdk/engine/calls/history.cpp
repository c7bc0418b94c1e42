#include "sdk/engine/calls/history.hpp"

#include <algorithm>

#include "sdk/engine/json.hpp"
#include "sdk/engine/stream/status.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {

OperationNumber History::fetch(const store::StoredConversation& conversation, std::size_t limit,
                               Reply<bool> reply) {
  auto ticket = operations_.start(std::move(reply));
  if (limit == 0 || limit > kMaxPage) {
    operations_.finish<bool>(ticket, Error(ErrorCode::invalid_argument, "limit is 1 to 100"));
    return ticket.number;
  }
  if (!conversation.id || !conversation.history_from) {
    operations_.finish<bool>(ticket, false);  // all there is is here
    return ticket.number;
  }
  ask(ticket, conversation.id, std::min<std::size_t>(limit, core_.limits().page_items));
  return ticket.number;
}

void History::ask(const Ticket<bool>& ticket, ConversationId id, std::size_t limit) {
  auto conversation = core_.read().conversations.find(id);
  if (!conversation)
    return operations_.finish<bool>(ticket, Error(ErrorCode::not_found, "the conversation is gone"));
  limit = std::min(limit, largest_page_);
  HttpRequest request;
  request.method = "GET";
  request.path = "/api/conversations/" + to_string(id) +
                 "/messages?before_id=" + to_string(conversation->history_from) +
                 "&limit=" + std::to_string(limit);
  const MessageId before = conversation->history_from;
  requests_.send(std::move(request), ticket.number,
                 [this, ticket, id, before, limit](const Result<HttpResponse>& response) {
                   on_page(ticket, id, before, limit, response);
                 });
}

void History::on_page(const Ticket<bool>& ticket, ConversationId id, MessageId before, std::size_t limit,
                      const Result<HttpResponse>& response) {
  auto conversation = core_.read().conversations.find(id);
  if (!conversation)
    return operations_.finish<bool>(ticket, Error(ErrorCode::not_found, "the conversation is gone"));
  // Another call has brought this page meanwhile.
  if (conversation->history_from != before)
    return operations_.finish<bool>(ticket, bool(conversation->history_from));
  auto more = response ? store_page(*conversation, *response) : Result<bool>(response.error());
  if (!more && more.error().code == ErrorCode::too_large) {
    if (limit > 1) {
      largest_page_ = limit / 2;
      return ask(ticket, id, limit / 2);
    }
    more = end_with_hole(*conversation);
  }
  operations_.finish<bool>(ticket, std::move(more));
}

Result<bool> History::store_page(const store::StoredConversation& conversation,
                                 const HttpResponse& response) {
  auto body = JsonObject::read(response.body, "a page of history", "messages");
  if (!body) return body.error();
  MessageId oldest = conversation.history_from;
  for (const JsonObject& message : body->list("messages"))
    if (store_message(conversation, message)) oldest = std::min(oldest, message.id<MessageId>("message_id"));
  const bool more = body->boolean("has_more");
  if (more && oldest == conversation.history_from)
    return Error(ErrorCode::protocol_violation, "the history goes on without getting older");
  auto& store = core_.write();
  if (auto gap = body->object("gap")) {
    const auto from = gap->id<MessageId>("from_message_id");
    const auto to = gap->id<MessageId>("to_message_id");
    if (store::is_valid_id(to.value) && from <= to)
      store.holes.add(conversation.row, {Hole::Cause::no_longer_kept, from, to});
  }
  store.conversations.set_history_from(conversation.row, more ? oldest : MessageId{});
  core_.touch(conversation.row);
  return more;
}

bool History::end_with_hole(const store::StoredConversation& conversation) {
  const Hole hole{Hole::Cause::too_large, MessageId{1}, MessageId{conversation.history_from.value - 1}};
  auto& store = core_.write();
  store.holes.add(conversation.row, hole);
  store.conversations.set_history_from(conversation.row, MessageId{});
  core_.touch(conversation.row);
  core_.stage(Event(HoleFound{conversation.public_id(), hole.from, hole.to}));
  return false;
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

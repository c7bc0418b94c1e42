#include "sdk/engine/views/reading.hpp"

#include "base/snowflake.hpp"
#include "base/utf8.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

Result<void> check_limit(std::size_t limit) {
  if (limit == 0 || limit > kMaxPage) return Error(ErrorCode::invalid_argument, "limit is 1 to 100");
  return {};
}

}  // namespace

Conversation Reading::describe(const store::StoredConversation& c) {
  auto& store = core_.read();
  Conversation out;
  out.id = c.public_id();
  out.kind = c.kind;
  out.name = c.name;
  out.unread_count = c.unread;
  out.read_up_to = c.read_up_to;
  out.is_member = c.is_member;
  out.is_deleted = c.is_deleted;
  out.blocked_by = outbox_.blocked_by(c.row);
  out.has_draft = store.drafts.exists(c.row);
  out.updated_at = c.changed_at;
  if (c.peer_id) {
    out.peer_id = c.peer_id;
    if (std::string name = store.people.name_of(c.peer_id); !name.empty()) out.name = std::move(name);
  }
  if (out.name.empty()) out.name = c.peer_phone;
  if (c.kind == ConversationKind::group) {
    out.my_role = store.members.role_of(c.row, core_.me());
    out.member_count = store.members.count(c.row);
  }
  if (auto newest = store.messages.newest(c.row)) {
    out.updated_at = std::max(out.updated_at, newest->message.created_at);
    out.last_message = std::move(newest->message);
  }
  return out;
}

Result<Message> Reading::message(LocalId id) {
  auto stored = checked(core_.read().messages.find(id));
  if (!stored) return stored.error();
  if (!*stored) return Error(ErrorCode::not_found, "there is no message " + to_string(id));
  return std::move((*stored)->message);
}

Result<std::vector<Transition>> Reading::trace(LocalId id) {
  auto steps = checked(core_.read().messages.trace(id));
  if (!steps) return steps;
  if (steps->empty() && !core_.read().messages.place(id))
    return Error(ErrorCode::not_found, "there is no message " + to_string(id));
  return steps;
}

Result<std::vector<MemberReceipt>> Reading::receipts(LocalId id) {
  auto stored = core_.read().messages.find(id);
  if (!stored) return Error(ErrorCode::not_found, "there is no message " + to_string(id));
  if (!stored->message.is_mine)
    return Error(ErrorCode::invalid_argument, "receipts are of this account's own messages");
  auto conversation = core_.read().conversations.find(stored->conversation);
  if (!conversation || !stored->message.message_id) return std::vector<MemberReceipt>();
  return checked(core_.read().receipts.of(*stored, *conversation, core_.me()));
}

Result<MessagePage> Reading::messages(const MessagesQuery& query) {
  if (auto good = check_limit(query.limit); !good) return good.error();
  if (int{bool(query.before)} + int{bool(query.after)} + int{bool(query.before_local)} > 1)
    return Error(ErrorCode::invalid_argument, "a page is before or after one message, not more");
  auto conversation = directory_.find(query.conversation);
  if (!conversation) return conversation.error();
  auto& table = core_.read().messages;
  std::uint64_t position = INT64_MAX;
  if (query.before) position = query.before.value;
  if (query.before_local) {
    const auto place = table.place(query.before_local);
    if (!place || place->conversation != conversation->row)
      return Error(ErrorCode::not_found, "there is no message " + to_string(query.before_local) + " in it");
    position = place->position;
  }
  std::vector<store::StoredMessage> rows =
      query.after ? table.after(conversation->row, query.after.value, query.limit + 1)
                  : table.before(conversation->row, position, query.limit + 1);
  MessagePage page;
  page.has_more = rows.size() > query.limit || (!query.after && conversation->history_from);
  if (rows.size() > query.limit) rows.pop_back();
  for (store::StoredMessage& row : rows)
    page.messages.push_back(std::move(row.message));
  return checked(std::move(page));
}

Result<SearchPage> Reading::search(const SearchQuery& query) {
  if (auto good = check_limit(query.limit); !good) return good.error();
  if (query.text.size() > kMaxSearchBytes || !is_valid_utf8(query.text))
    return Error(ErrorCode::invalid_argument, "the search text is longer than 1024 bytes or not UTF-8");
  const store::SearchWords words(query.text);
  if (words.empty()) return Error(ErrorCode::invalid_argument, "the search text holds no word");
  ConversationRow row;
  if (query.conversation) {
    auto conversation = directory_.find(query.conversation);
    if (!conversation) return conversation.error();
    row = conversation->row;
  }
  auto& index = core_.read().search;
  auto hits = index.find(words, row, query.after, query.limit + 1);
  SearchPage page;
  page.is_complete = index.is_complete();
  page.has_more = hits.size() > query.limit;
  if (page.has_more) hits.pop_back();
  for (store::StoredMessage& hit : hits) {
    auto places = words.places_in(hit.message.text);
    page.hits.push_back({std::move(hit.message), std::move(places)});
  }
  return checked(std::move(page));
}

Result<std::vector<Conversation>> Reading::conversations() {
  std::vector<Conversation> out;
  for (const auto& row : core_.read().conversations.all())
    out.push_back(describe(row));
  return checked(std::move(out));
}

Result<Conversation> Reading::conversation(ConversationId id) {
  auto found = directory_.find(id);
  if (!found) return found.error();
  return checked(describe(*found));
}

Result<std::vector<Member>> Reading::members(ConversationId id) {
  auto found = directory_.find(id);
  if (!found) return found.error();
  auto members = core_.read().members.current(found->row);
  // A direct conversation that only exists here has its two people all the same.
  if (members.empty() && found->kind == ConversationKind::direct && found->peer_id) {
    members.push_back({core_.me(), Role::member, {}});
    if (found->peer_id != core_.me()) members.push_back({found->peer_id, Role::member, {}});
  }
  return checked(std::move(members));
}

Result<Draft> Reading::draft(ConversationId id) {
  auto found = directory_.find(id);
  if (!found) return found.error();
  return checked(core_.read().drafts.get(found->row));
}

Result<std::vector<UserId>> Reading::blocked() {
  return checked(core_.read().people.blocked());
}

}  // namespace sotto::engine

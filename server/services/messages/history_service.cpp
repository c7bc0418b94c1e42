#include "server/services/messages/history_service.hpp"

#include <algorithm>
#include <utility>

#include "base/snowflake.hpp"
#include "server/ports/store.hpp"
#include "server/services/messages/message_status.hpp"
#include "server/services/messages/unread.hpp"
#include "server/services/messages/wire_size.hpp"

namespace sotto::server {

namespace {
constexpr MessageId kEnd{kMaxId};

ServiceResult<void> check_limit(std::size_t limit) {
  if (limit >= 1 && limit <= kMaxPage) return {};
  return refuse(ServiceCode::bad_request, "limit: must be 1 to " + std::to_string(kMaxPage));
}

/// When the caller was in the conversation.
ServiceResult<std::vector<Period>> periods_of(const Store& store, const Caller& caller,
                                              ConversationId conversation) {
  std::vector<Period> periods = store.conversations().periods(conversation, caller.user);
  // Whether there is such a conversation is no business of somebody who never was in it.
  if (periods.empty() || store.conversations().is_deleted(conversation))
    return refuse(ServiceCode::not_found, "conversation_id: no conversation " + to_string(conversation));
  return periods;
}

/// What of (after, up_to] the period shows.
MessageRange clip(ConversationId conversation, const Period& period, MessageId after, MessageId up_to) {
  const MessageId left{period.left_id ? period.left_id->value : kEnd.value};
  return {conversation, std::max(after, MessageId{period.joined_id.value}), std::min(up_to, left)};
}

std::optional<MessageId> last_visible(const Store& store, ConversationId conversation,
                                      const std::vector<Period>& periods) {
  for (auto period = periods.rbegin(); period != periods.rend(); ++period) {
    if (auto last = store.messages().last_in(clip(conversation, *period, MessageId{}, kEnd))) return last;
  }
  return std::nullopt;
}

std::size_t size_of(const InboxEntry& entry) {
  constexpr std::size_t kHead = 240;  // ids, counts and names of fields
  const std::size_t message = entry.last_message ? json_size(*entry.last_message->message) : 0;
  return kHead + json_size(entry.name) + message;
}

std::string name_for(const Store& store, const ConversationState& state, UserId viewer) {
  if (state.kind == ConversationKind::group) return state.name;
  const std::optional<User> peer = store.accounts().find_user(state.peer_of(viewer));
  return peer ? peer->display_name : std::string();
}
}  // namespace

ServiceResult<HistoryPage> HistoryService::history(const Store& store, const Caller& caller,
                                                   const HistoryRequest& request) const {
  if (auto ok = check_limit(request.limit); !ok) return ok.error();
  ServiceResult<std::vector<Period>> periods = periods_of(store, caller, request.conversation);
  if (!periods) return periods.error();

  const bool oldest_first = request.after.has_value();
  const MessageId after = request.after.value_or(MessageId{});
  const MessageId before = request.before.value_or(kEnd);
  const MessageId up_to{before.value == 0 ? 0 : before.value - 1};
  if (!oldest_first) std::reverse(periods->begin(), periods->end());

  std::vector<MessageId> ids;
  const std::size_t wanted = request.limit + 1;  // one more shows that there is more
  for (const Period& period : *periods) {
    if (ids.size() == wanted) break;
    const MessageRange range = clip(request.conversation, period, after, up_to);
    const std::size_t missing = wanted - ids.size();
    const std::vector<MessageId> part =
        oldest_first ? store.messages().oldest(range, missing) : store.messages().newest(range, missing);
    ids.insert(ids.end(), part.begin(), part.end());
  }

  HistoryPage page;
  page.has_more = ids.size() > request.limit;
  if (page.has_more) ids.pop_back();
  MessageStatus status(store, caller.user);
  PageRoom room(kPageBytes);
  for (const MessageId id : ids) {
    MessagePtr message = store.messages().find(id);
    if (!message || message->damaged) continue;
    if (!room.take(json_size(*message))) {
      page.has_more = true;
      break;
    }
    page.messages.push_back(status.view(std::move(message)));
  }
  if (after.value < store.gone_up_to().value && (oldest_first || !page.has_more)) {
    for (const Gap& gap : store.conversations().gaps(caller.user, place_of(after))) {
      if (gap.conversation == request.conversation && gap.from <= up_to) page.gap = gap;
    }
  }
  return page;
}

ServiceResult<std::vector<MemberStatus>> HistoryService::receipts(const Store& store, const Caller& caller,
                                                                  ConversationId conversation,
                                                                  MessageId message) const {
  const ServiceResult<std::vector<Period>> periods = periods_of(store, caller, conversation);
  if (!periods) return periods.error();
  const std::optional<UserId> sender = store.messages().sender_of(conversation, message);
  const bool visible = std::any_of(periods->begin(), periods->end(),
                                   [&](const Period& period) { return period.covers(message.value); });
  if (!sender || !visible) {
    return refuse(ServiceCode::not_found,
                  "message_id: no message " + to_string(message) + " in this conversation");
  }

  std::vector<MemberStatus> statuses;
  const std::vector<ReadPosition> positions = store.receipts().positions(conversation);
  auto position = positions.begin();
  for (const MembershipRow& row : store.conversations().memberships(conversation)) {
    if (row.user == *sender || !row.period.covers(message.value)) continue;
    while (position != positions.end() && position->user < row.user)
      ++position;
    const bool read =
        position != positions.end() && position->user == row.user && position->read_up_to >= message;
    MemberStatus status{row.user, Status::sent, snowflake_time(message.value)};
    if (read) {
      status.status = Status::read;
      if (const auto at = store.receipts().first_read(conversation, row.user, message)) {
        status.updated_at = snowflake_time(at->value);
      }
    } else if (const auto at = store.receipts().delivered(message, row.user)) {
      status.status = Status::delivered;
      status.updated_at = snowflake_time(at->value);
    }
    statuses.push_back(status);
  }
  return statuses;
}

ServiceResult<InboxPage> HistoryService::inbox(const Store& store, const Caller& caller,
                                               const std::optional<std::string>& cursor,
                                               std::size_t limit) const {
  if (auto ok = check_limit(limit); !ok) return ok.error();
  Place before{kEnd.value};
  if (cursor) {
    const std::optional<Place> parsed = parse_id<Place>(*cursor);
    if (!parsed || parsed->value > kMaxId)
      return refuse(ServiceCode::bad_request, "cursor: not one that this server has given out");
    before = *parsed;
  }

  // A conversation moves up whenever anything happens in it. Keeping everybody's inbox sorted would be a
  // write for each recipient of each message; sorting a person's conversations when they look is cheaper by
  // far.
  std::vector<InboxRow> rows = store.conversations().inbox(caller.user);
  std::erase_if(rows, [&](const InboxRow& row) { return row.activity >= before; });
  const std::size_t count = std::min(limit, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(),
                    [](const InboxRow& a, const InboxRow& b) { return a.activity > b.activity; });

  InboxPage page;
  bool more = rows.size() > count;
  rows.resize(count);
  MessageStatus status(store, caller.user);
  PageRoom room(kPageBytes);
  Place last_shown;
  for (const InboxRow& row : rows) {
    InboxEntry entry;
    entry.conversation = store.conversations().find(row.conversation);
    if (!entry.conversation) continue;
    entry.name = name_for(store, *entry.conversation, caller.user);
    const std::vector<Period> periods = store.conversations().periods(row.conversation, caller.user);
    if (const auto last = last_visible(store, row.conversation, periods)) {
      if (MessagePtr message = store.messages().find(*last); message && !message->damaged)
        entry.last_message = status.view(std::move(message));
    }
    const ReadState state = store.receipts().read_state(row.conversation, caller.user).value_or(ReadState{});
    entry.unread = unread_of(state, store.messages().count(row.conversation));
    entry.updated_at = snowflake_time(row.activity.value);
    if (!room.take(size_of(entry))) {
      more = true;
      break;
    }
    page.entries.push_back(std::move(entry));
    last_shown = row.activity;
  }
  if (more) page.next = to_string(last_shown);
  return page;
}

}  // namespace sotto::server

#include "server/services/messages/stream_service.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "server/ports/store.hpp"
#include "server/services/messages/message_status.hpp"

namespace sotto::server {

namespace {
/// Receipts follow each other in bursts; a frame of so many is still far below every client's limit.
constexpr std::size_t kReceiptsInOne = 100;

/// Loads what is behind the entries of one page, as one person may see it. Each conversation is looked up
/// once.
class Loader {
 public:
  Loader(const Store& store, UserId viewer) : store_(store), viewer_(viewer), status_(store, viewer) {}

  /// One entry, or receipts that follow each other. Nothing: it is not to be seen any more.
  std::optional<ElementValue> load(std::span<const StreamEntry> entries) {
    return std::visit([&](const auto& what) { return load(what, entries); }, entries.front().what);
  }

 private:
  using Entries = std::span<const StreamEntry>;

  std::optional<ElementValue> load(MessageId id, Entries) {
    MessagePtr message = store_.messages().find(id);
    if (!message || is_deleted(message->conversation)) return std::nullopt;
    if (message->damaged) return Gap{message->conversation, id, id};
    return status_.view(std::move(message));
  }
  std::optional<ElementValue> load(ChangeId id, Entries) {
    std::optional<Change> change = store_.conversations().find_change(id);
    if (!change) return std::nullopt;
    ConversationPtr state = this->state(change->conversation);
    if (!state) return std::nullopt;
    return ConversationChange{*std::move(change), std::move(state)};
  }
  std::optional<ElementValue> load(const Receipt&, Entries entries) {
    Receipts receipts;
    for (const StreamEntry& entry : entries)
      receipts.items.push_back(std::get<Receipt>(entry.what));
    return receipts;
  }
  std::optional<ElementValue> load(const Gap& gap, Entries) { return gap; }

  /// A deleted group is gone at once, though its messages are deleted by and by.
  bool is_deleted(ConversationId conversation) {
    auto [place, fresh] = deleted_.try_emplace(conversation, false);
    if (fresh) place->second = store_.conversations().is_deleted(conversation);
    return place->second;
  }
  ConversationPtr state(ConversationId conversation) {
    auto [place, fresh] = states_.try_emplace(conversation);
    if (fresh) place->second = as_seen(store_.conversations().find(conversation));
    return place->second;
  }
  /// Somebody who is not in a group any more keeps the name it had when they left.
  ConversationPtr as_seen(ConversationPtr state) const {
    if (!state || state->kind != ConversationKind::group || state->deleted || state->has(viewer_))
      return state;
    auto seen = std::make_shared<ConversationState>(*state);
    seen->name = store_.conversations().name_at_leave(state->id, viewer_);
    seen->members.clear();
    return seen;
  }

  const Store& store_;
  UserId viewer_;
  MessageStatus status_;
  std::unordered_map<ConversationId, bool> deleted_;
  std::unordered_map<ConversationId, ConversationPtr> states_;
};

bool is_receipt(const StreamEntry& entry) {
  return std::holds_alternative<Receipt>(entry.what);
}

/// The entries that make the next element.
std::span<const StreamEntry> next_of(std::span<const StreamEntry> entries) {
  if (!is_receipt(entries.front())) return entries.first(1);
  const auto most = entries.first(std::min(entries.size(), kReceiptsInOne));
  return {most.begin(), std::find_if_not(most.begin(), most.end(), is_receipt)};
}
}  // namespace

StreamPage StreamService::page(const Store& store, const Caller& caller, Place after,
                               const StreamOptions& options, const TakeElement& take) const {
  StreamPage page;
  page.snapshot = store.snapshot();
  page.next = after;
  page.known = after <= page.snapshot;
  if (!page.known) return page;
  const StreamEntries found =
      store.stream().next({caller.user, after, options.receipts_after, options.elements});
  Loader loader(store, caller.user);
  std::span<const StreamEntry> rest(found.entries);
  while (!rest.empty()) {
    const auto entries = next_of(rest);
    const Place place = entries.back().place;
    if (auto value = loader.load(entries); value && !take({place, *std::move(value)})) break;
    page.next = place;
    rest = rest.subspan(entries.size());
  }
  page.complete = rest.empty() && !found.more;
  return page;
}

}  // namespace sotto::server

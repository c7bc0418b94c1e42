#include "server/services/messages/stream_service.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/mutant.hpp"
#include "base/snowflake.hpp"
#include "server/ports/store.hpp"
#include "server/services/messages/message_status.hpp"

namespace sotto::server {

namespace {
using GapRow = ConversationStore::GapRow;

/// One element, before what is behind it is loaded: a message or change by id, a receipt or gap by its index.
struct Candidate {
  enum class Kind { message, receipt, change, gap };
  Place id;
  Kind kind;
  std::size_t index = 0;
};

/// The next elements of every source of a person's stream, merged.
class Sources {
 public:
  Sources(const Store& store, UserId user, Place after, const StreamOptions& options) {
    // One more than the page holds shows that there is more.
    const std::size_t limit = options.elements + 1;
    for (const MessageId id : store.messages().mailbox(user, after, limit)) {
      merged.push_back({Place{id.value}, Candidate::Kind::message});
    }
    for (const LogRange& log : store.conversations().logs(user, after)) {
      if (mutant(Mutant::log_not_merged)) break;
      const MessageId up_to = log.up_to.value_or(MessageId{kMaxId});
      for (const MessageId id : store.messages().oldest({log.conversation, log.after, up_to}, limit)) {
        merged.push_back({Place{id.value}, Candidate::Kind::message});
      }
    }
    if (options.receipts_after != StreamOptions::kNoReceipts) {
      receipts = store.receipts().receipts_after(user, std::max(after, options.receipts_after), limit);
    }
    for (std::size_t i = 0; i < receipts.size(); ++i) {
      merged.push_back({Place{receipts[i].id.value}, Candidate::Kind::receipt, i});
    }
    for (const ChangeId id : store.conversations().changes_after(user, after, limit)) {
      merged.push_back({Place{id.value}, Candidate::Kind::change});
    }
    if (after < store.gone_up_to()) gaps = store.conversations().gaps(user, after);
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      merged.push_back({Place{gaps[i].to.value}, Candidate::Kind::gap, i});
    }
    std::sort(merged.begin(), merged.end(),
              [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
  }

  std::vector<Candidate> merged;
  std::vector<Receipt> receipts;
  std::vector<GapRow> gaps;
};

/// The conversations of one page as one person may see them, each looked up once.
class Conversations {
 public:
  Conversations(const Store& store, UserId viewer) : store_(store), viewer_(viewer) {}

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

 private:
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
  std::unordered_map<ConversationId, bool> deleted_;
  std::unordered_map<ConversationId, ConversationPtr> states_;
};
}  // namespace

StreamPage StreamService::page(const Store& store, const Caller& caller, Place after,
                               const StreamOptions& options) const {
  StreamPage page;
  page.snapshot = store.snapshot();
  page.next = after;
  page.known = after <= page.snapshot;
  if (!page.known) return page;
  Sources sources(store, caller.user, after, options);
  const std::size_t count = std::min(sources.merged.size(), options.elements);
  page.elements.reserve(count);

  MessageStatus status(store, caller.user);
  Conversations conversations(store, caller.user);
  PageRoom room(options.bytes);
  std::size_t taken = 0;
  bool full = false;
  const auto add = [&](Place id, std::size_t bytes, auto&& value) {
    full = !room.take(bytes);
    if (!full) page.elements.push_back({id, std::forward<decltype(value)>(value)});
  };
  for (; taken < count; ++taken) {
    const Candidate& candidate = sources.merged[taken];
    switch (candidate.kind) {
      case Candidate::Kind::message: {
        MessagePtr message = store.messages().find(MessageId{candidate.id.value});
        if (!message || conversations.is_deleted(message->conversation)) break;
        if (message->damaged) {
          add(candidate.id, wire_size_of_gap(options.encoding),
              Gap{message->conversation, message->id, message->id});
          break;
        }
        const std::size_t size = wire_size(*message, options.encoding);
        add(candidate.id, size, status.view(std::move(message)));
        break;
      }
      case Candidate::Kind::receipt:
        add(candidate.id, wire_size_of_receipt(options.encoding), sources.receipts[candidate.index]);
        break;
      case Candidate::Kind::change: {
        std::optional<Change> change = store.conversations().find_change(ChangeId{candidate.id.value});
        if (!change) break;
        ConversationPtr state = conversations.state(change->conversation);
        if (!state) break;
        ConversationChange shown{*std::move(change), std::move(state)};
        const std::size_t size = wire_size(shown, options.encoding);
        add(candidate.id, size, std::move(shown));
        break;
      }
      case Candidate::Kind::gap: {
        const GapRow& gap = sources.gaps[candidate.index];
        add(candidate.id, wire_size_of_gap(options.encoding), Gap{gap.conversation, gap.from, gap.to});
        break;
      }
    }
    if (full) break;
    page.next = candidate.id;
  }
  if (mutant(Mutant::page_skips_elements) && !sources.merged.empty()) page.next = sources.merged.back().id;
  page.complete = taken == sources.merged.size();
  return page;
}

}  // namespace sotto::server

#include "server/services/messages/stream_service.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/mutant.hpp"
#include "server/ports/store.hpp"
#include "server/services/messages/message_status.hpp"

namespace sotto::server {

namespace {
using GapRow = ConversationStore::GapRow;

/// One element, before what is behind it is loaded: a message or change by id, a receipt or gap by its index.
struct Candidate {
  enum class Kind { message, receipt, change, gap };
  StreamId id;
  Kind kind;
  std::size_t index = 0;
};

/// The next elements of every source of a person's stream, merged.
class Sources {
 public:
  Sources(const Store& store, UserId user, StreamId after, const StreamOptions& options) {
    // One more than the page holds shows that there is more.
    const std::size_t limit = options.elements + 1;
    for (const MessageId id : store.messages().mailbox(user, after, limit)) {
      merged.push_back({StreamId{id.value}, Candidate::Kind::message});
    }
    for (const LogRange& log : store.conversations().logs(user, after)) {
      if (mutant(Mutant::log_not_merged)) break;
      const MessageId up_to = log.up_to.value_or(MessageId{std::numeric_limits<std::int64_t>::max()});
      for (const MessageId id : store.messages().oldest({log.conversation, log.after, up_to}, limit)) {
        merged.push_back({StreamId{id.value}, Candidate::Kind::message});
      }
    }
    if (options.receipts_after != StreamOptions::kNoReceipts) {
      receipts = store.receipts().receipts_after(user, std::max(after, options.receipts_after), limit);
    }
    for (std::size_t i = 0; i < receipts.size(); ++i) {
      merged.push_back({StreamId{receipts[i].id.value}, Candidate::Kind::receipt, i});
    }
    for (const ChangeId id : store.conversations().changes_after(user, after, limit)) {
      merged.push_back({StreamId{id.value}, Candidate::Kind::change});
    }
    if (after < store.gone_up_to()) gaps = store.conversations().gaps(user, after);
    for (std::size_t i = 0; i < gaps.size(); ++i) {
      merged.push_back({StreamId{gaps[i].to.value}, Candidate::Kind::gap, i});
    }
    std::sort(merged.begin(), merged.end(),
              [](const Candidate& a, const Candidate& b) { return a.id < b.id; });
  }

  std::vector<Candidate> merged;
  std::vector<Receipt> receipts;
  std::vector<GapRow> gaps;
};
/// The conversations of one page, each looked up once.
class Conversations {
 public:
  explicit Conversations(const Store& store) : store_(store) {}

  /// A deleted group is gone at once, though its messages are deleted by and by.
  bool is_deleted(ConversationId conversation) {
    auto [place, fresh] = deleted_.try_emplace(conversation, false);
    if (fresh) place->second = store_.conversations().is_deleted(conversation);
    return place->second;
  }
  ConversationPtr state(ConversationId conversation) {
    auto [place, fresh] = states_.try_emplace(conversation);
    if (fresh) place->second = store_.conversations().find(conversation);
    return place->second;
  }

 private:
  const Store& store_;
  std::unordered_map<ConversationId, bool> deleted_;
  std::unordered_map<ConversationId, ConversationPtr> states_;
};

// What a member takes in a frame that shows a conversation's members.
constexpr std::size_t kMemberBytes = 24;
}  // namespace

StreamPage StreamService::page(const Store& store, const Caller& caller, StreamId after,
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
  Conversations conversations(store);
  std::size_t bytes = 0;
  std::size_t taken = 0;
  for (; taken < count && bytes < options.bytes; ++taken) {
    const Candidate& candidate = sources.merged[taken];
    page.next = candidate.id;
    switch (candidate.kind) {
      case Candidate::Kind::message: {
        MessagePtr message = store.messages().find(MessageId{candidate.id.value});
        if (!message || conversations.is_deleted(message->conversation)) break;
        if (message->damaged) {
          page.elements.push_back({candidate.id, Gap{message->conversation, message->id, message->id}});
          break;
        }
        bytes += message->body.bytes.size();
        page.elements.push_back({candidate.id, status.view(std::move(message))});
        break;
      }
      case Candidate::Kind::receipt:
        page.elements.push_back({candidate.id, sources.receipts[candidate.index]});
        break;
      case Candidate::Kind::change: {
        std::optional<Change> change = store.conversations().find_change(ChangeId{candidate.id.value});
        if (!change) break;
        ConversationPtr state = conversations.state(change->conversation);
        if (!state) break;
        bytes += state->members.size() * kMemberBytes;
        page.elements.push_back({candidate.id, ConversationChange{*std::move(change), std::move(state)}});
        break;
      }
      case Candidate::Kind::gap: {
        const GapRow& gap = sources.gaps[candidate.index];
        page.elements.push_back({candidate.id, Gap{gap.conversation, gap.from, gap.to}});
        break;
      }
    }
  }
  if (mutant(Mutant::page_skips_elements) && !sources.merged.empty()) page.next = sources.merged.back().id;
  page.complete = taken == sources.merged.size();
  return page;
}

}  // namespace sotto::server

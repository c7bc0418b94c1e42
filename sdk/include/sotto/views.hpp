// Views: lists that stay current by differences. The list widget of any UI toolkit can bind to them.
//
//   std::shared_ptr<Timeline> timeline = client.open_timeline(conversation).get().value();
//   ...on each wake-up, on the UI thread:
//   for (const TimelineChange& change : timeline->poll()) model.apply(change);
//
// After any sequence of differences a view equals a fresh query. While nobody polls, differences are merged,
// so an app that sleeps does not make a view grow.
//
// Thread rules: one thread at a time uses a view. `poll` does not wait. A view may be destroyed on any
// thread. After Client::close a view keeps its rows and gives no more differences; its operations fail with
// ErrorCode::invalid_state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "sotto/conversation.hpp"
#include "sotto/export.hpp"
#include "sotto/message.hpp"
#include "sotto/operation.hpp"

namespace sotto {

/// One difference. Apply differences in order: each index is valid after those before it are applied.
template <class Row>
struct Change {
  enum class Kind : std::uint8_t {
    append,   ///< `rows` at the end
    prepend,  ///< `rows` at the start
    insert,   ///< `rows` before `index`
    update,   ///< `rows` replace the rows from `index` on
    remove,   ///< `count` rows from `index` on go
  };
  Kind kind = Kind::append;
  std::size_t index = 0;
  std::size_t count = 0;  ///< rows affected: rows.size(), or with `remove` the number of rows that go
  std::vector<Row> rows;
};

/// Applies a difference to a list. Views keep their own `rows()` with it.
template <class Row>
void apply(const Change<Row>& change, std::vector<Row>& list) {
  using Kind = typename Change<Row>::Kind;
  const auto at = list.begin() + static_cast<std::ptrdiff_t>(change.index);
  switch (change.kind) {
    case Kind::append:
      list.insert(list.end(), change.rows.begin(), change.rows.end());
      break;
    case Kind::prepend:
      list.insert(list.begin(), change.rows.begin(), change.rows.end());
      break;
    case Kind::insert:
      list.insert(at, change.rows.begin(), change.rows.end());
      break;
    case Kind::update:
      std::copy(change.rows.begin(), change.rows.end(), at);
      break;
    case Kind::remove:
      list.erase(at, at + static_cast<std::ptrdiff_t>(change.count));
      break;
  }
}

/// A range of messages that this device does not have.
struct Hole {
  enum class Cause : std::uint8_t {
    not_loaded = 1,      ///< the server has them; `load_older` fetches them
    no_longer_kept = 2,  ///< the server does not have them either
    too_large = 3,       ///< the server's answer is larger than this device accepts
  };
  Cause cause = Cause::not_loaded;
  MessageId from;  ///< the first missing id; 0: from the beginning
  MessageId to;    ///< the last missing id

  friend bool operator==(const Hole&, const Hole&) = default;
};

struct TimelineRow {
  std::variant<Message, Hole> content;

  friend bool operator==(const TimelineRow&, const TimelineRow&) = default;
};
using TimelineChange = Change<TimelineRow>;
using ConversationListChange = Change<Conversation>;

struct TimelineOptions {
  /// The message that the first window is around; 0: the end of the conversation.
  MessageId anchor;
  std::size_t before = 50;  ///< rows before the anchor in the first window
  std::size_t after = 50;   ///< rows after it
};

/// One conversation, oldest message first: a window around an anchor that grows at both ends on demand. Your
/// own messages that are not acknowledged yet are at the end.
class SOTTO_API Timeline {
 public:
  virtual ~Timeline() = default;

  [[nodiscard]] virtual ConversationId conversation() const = 0;
  /// The differences since the last call, already applied to `rows()`. The first call returns the first
  /// window.
  virtual std::vector<TimelineChange> poll() = 0;
  /// The rows as of the last `poll`.
  [[nodiscard]] virtual const std::vector<TimelineRow>& rows() const = 0;

  /// Adds up to `count` (1 to 100) rows at the start: from this device, or from the server if this device has
  /// none. Completes with true if there are still older ones. Fails with `network_unreachable` if only the
  /// server has them and it cannot be reached.
  virtual Operation load_older(std::size_t count, Done<bool> done) = 0;
  /// Adds rows at the end, while the window does not reach it. Completes with true if there are still newer
  /// ones.
  virtual Operation load_newer(std::size_t count, Done<bool> done) = 0;

  Pending<bool> load_older(std::size_t count) {
    return make_pending<bool>([&](Done<bool> done) { return load_older(count, std::move(done)); });
  }
  Pending<bool> load_newer(std::size_t count) {
    return make_pending<bool>([&](Done<bool> done) { return load_newer(count, std::move(done)); });
  }
};

/// All conversations, the one with the newest message or change first.
class SOTTO_API ConversationList {
 public:
  virtual ~ConversationList() = default;

  /// The differences since the last call, already applied to `rows()`. The first call returns the whole list.
  virtual std::vector<ConversationListChange> poll() = 0;
  /// The rows as of the last `poll`.
  [[nodiscard]] virtual const std::vector<Conversation>& rows() const = 0;
};

}  // namespace sotto

// Views: lists that stay current by differences, which is what a list of any UI toolkit binds to.
//
//   std::shared_ptr<Timeline> timeline = client.open_timeline(conversation).get().value();
//   ...on each wake-up, on the UI thread:
//   for (const TimelineChange& change : timeline->poll()) model.apply(change);
//
// After any sequence of differences a view equals a fresh query. Differences are merged while nobody polls,
// so a view never grows behind an app that sleeps.
//
// Thread rules: a view is used by one thread at a time; `poll` takes what has been prepared and does not
// wait. Destroying a view, on any thread, ends it. After Client::close a view keeps its rows and gives no
// more differences; its operations fail with ErrorCode::invalid_state.
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

/// One difference. Indexes are those of the list at the moment the difference is applied, in the order given.
template <class Row>
struct Change {
  enum class Kind : std::uint8_t {
    append,   ///< `rows` at the end
    prepend,  ///< `rows` at the start
    insert,   ///< `rows` before `index`
    update,   ///< `rows` replace as many from `index`
    remove,   ///< `count` rows from `index`
  };
  Kind kind = Kind::append;
  std::size_t index = 0;
  std::size_t count = 0;  ///< rows concerned: rows.size(), or with `remove` how many go
  std::vector<Row> rows;
};

/// What every difference means; also how a view's own `rows()` is kept.
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

/// Messages that are not here.
struct Hole {
  enum class Cause : std::uint8_t {
    not_loaded = 1,      ///< the server has them: load_older fetches
    no_longer_kept = 2,  ///< gone from the server too
    too_large = 3,       ///< the server has them, and sends more at once than this device takes
  };
  Cause cause = Cause::not_loaded;
  MessageId from;  ///< first id that is missing; 0: from the beginning
  MessageId to;    ///< last one

  friend bool operator==(const Hole&, const Hole&) = default;
};

struct TimelineRow {
  std::variant<Message, Hole> content;

  friend bool operator==(const TimelineRow&, const TimelineRow&) = default;
};
using TimelineChange = Change<TimelineRow>;
using ConversationListChange = Change<Conversation>;

struct TimelineOptions {
  /// The message to be around; 0: the end of the conversation.
  MessageId anchor;
  std::size_t before = 50;  ///< rows to begin with before the anchor
  std::size_t after = 50;   ///< and after it
};

/// One conversation, oldest first: a window around an anchor that grows at both ends on demand. Own messages
/// that are not acknowledged yet stand at the end.
class SOTTO_API Timeline {
 public:
  virtual ~Timeline() = default;

  [[nodiscard]] virtual ConversationId conversation() const = 0;
  /// The differences since the last call, already applied to `rows()`. The first call brings the first
  /// window.
  virtual std::vector<TimelineChange> poll() = 0;
  /// As of the last `poll`.
  [[nodiscard]] virtual const std::vector<TimelineRow>& rows() const = 0;

  /// Up to `count` (1 to 100) more rows at the start: from this device, and where it has none, from the
  /// server. True: there are still older ones. Fails with `network_unreachable` where only the server has
  /// them and it is out of reach.
  virtual Operation load_older(std::size_t count, Done<bool> done) = 0;
  /// The same at the end, while the window does not reach it. True: there are still newer ones.
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

  virtual std::vector<ConversationListChange> poll() = 0;
  /// As of the last `poll`.
  [[nodiscard]] virtual const std::vector<Conversation>& rows() const = 0;
};

}  // namespace sotto

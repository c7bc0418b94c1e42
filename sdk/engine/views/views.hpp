// Views: windows on what is stored, kept current by differences (sotto/views.hpp).
//
// A view keeps its rows as the app has them. When its conversation has changed it asks the store again and
// sends the differences, so that by construction it equals a fresh query.
#pragma once

#include <map>
#include <vector>

#include "sdk/engine/calls/history.hpp"
#include "sdk/engine/core.hpp"
#include "sdk/engine/views/reading.hpp"

namespace sotto::engine {

class Views {
 public:
  Views(Core& core, Directory& directory, Reading& reading, History& history)
      : core_(core), directory_(directory), reading_(reading), history_(history) {}

  Result<ViewNumber> open_timeline(ConversationId conversation, const TimelineOptions& options);
  Result<ViewNumber> open_conversation_list();
  void close(ViewNumber view);
  OperationNumber load_older(ViewNumber view, std::size_t count, Reply<bool> reply);
  OperationNumber load_newer(ViewNumber view, std::size_t count, Reply<bool> reply);

  void moved(ConversationRow from, ConversationRow to);
  /// After the commit: these conversations have changed.
  void refresh(const std::map<ConversationRow, bool>& touched);
  void refresh_all();

 private:
  struct TimelineView {
    ConversationRow conversation;
    std::uint64_t first = 0;  ///< positions of the window; 0: from the oldest that is here
    std::uint64_t last = 0;   ///< kOpenEnd: to the newest, and what comes
    std::vector<TimelineRow> rows;
    bool dirty = true;
  };
  struct ListView {
    std::vector<Conversation> rows;
  };

  std::vector<TimelineRow> query(const TimelineView& view);
  void refresh(ViewNumber number, TimelineView& view);
  void refresh_list(const std::map<ConversationRow, bool>& touched);
  /// Takes up to `count` older rows of the store into the window; false: there are none.
  bool grow_older(TimelineView& view, std::size_t count);
  bool grow_newer(TimelineView& view, std::size_t count);
  bool has_older(const TimelineView& view);

  Core& core_;
  Directory& directory_;
  Reading& reading_;
  History& history_;
  std::uint64_t last_ = 0;
  std::map<ViewNumber, TimelineView> timelines_;
  std::map<ViewNumber, ListView> lists_;
  /// Shared by all lists: conversations as described last, with their place in the order.
  std::map<ConversationRow, std::pair<std::uint64_t, Conversation>> described_;
};

}  // namespace sotto::engine

// What the engine asks the server by itself, in the background of a connection: the conversations that are
// older than this device, the members of groups it has not been told, and the people behind phone numbers
// that messages wait for. One request at a time; after a failure again later. What the server answers that
// cannot be read is told in an ErrorOccurred, once for each connection.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "sdk/engine/bounds.hpp"
#include "sdk/engine/calls/group_calls.hpp"
#include "sdk/engine/calls/history.hpp"
#include "sdk/engine/calls/people_calls.hpp"
#include "sdk/engine/core.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/outbox/outbox.hpp"
#include "sdk/engine/session/requests.hpp"

namespace sotto::engine {

class Lookups final : public Part {
 public:
  Lookups(Core& core, Requests& requests, Directory& directory, Outbox& outbox, GroupCalls& groups,
          PeopleCalls& people, History& history)
      : core_(core),
        requests_(requests),
        directory_(directory),
        outbox_(outbox),
        groups_(groups),
        people_(people),
        history_(history) {}

  void load() override;
  void connected() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

 private:
  void look_up_numbers();
  void load_inbox_page();
  void store_inbox_page(const JsonObject& page);
  void load_members(const store::StoredConversation& group);
  void store_inbox_item(const JsonObject& item);
  /// `then` stores the answer, or says why it cannot; `refused` learns of either way to fail.
  void send(HttpRequest request, std::function<Result<void>(const HttpResponse&)> then,
            std::function<void(const Error&)> refused = {});
  void failed(const Error& error);

  Core& core_;
  Requests& requests_;
  Directory& directory_;
  Outbox& outbox_;
  GroupCalls& groups_;
  PeopleCalls& people_;
  History& history_;

  bool running_ = false;
  bool members_checked_ = false;             ///< nothing to ask until the inbox has been read again
  std::set<ConversationRow> members_asked_;  ///< groups, on this connection
  int failures_ = 0;
  std::optional<Milliseconds> not_before_;
  std::string inbox_cursor_;
  std::size_t inbox_pages_ = 0;
  std::size_t inbox_limit_ = kMaxPage;  ///< conversations on a page; less once a page was too large
  bool told_ = false;                   ///< an error, on this connection
};

}  // namespace sotto::engine

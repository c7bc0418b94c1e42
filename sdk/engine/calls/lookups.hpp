// What the engine asks the server by itself, in the background of a connection: the conversations that are
// older than this device, the members of groups it has not been told, and the people behind phone numbers
// that messages wait for. One request at a time; after a failure again later.
#pragma once

#include <optional>
#include <string>

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
  void load_members(const store::StoredConversation& group);
  void store_inbox_item(const JsonObject& item);
  void send(HttpRequest request, std::function<void(const HttpResponse&)> then,
            std::function<void(const Error&)> failed = {});

  Core& core_;
  Requests& requests_;
  Directory& directory_;
  Outbox& outbox_;
  GroupCalls& groups_;
  PeopleCalls& people_;
  History& history_;

  bool running_ = false;
  bool members_checked_ = false;  ///< nothing to ask until the inbox has been read again
  int failures_ = 0;
  std::optional<Milliseconds> not_before_;
  std::string inbox_cursor_;
};

}  // namespace sotto::engine

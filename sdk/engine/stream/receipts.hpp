// What this device tells about messages of others: `delivered` once they are stored, `read` once they have
// been shown.
//
// Nothing answers these frames one by one, so they can be lost with the connection, or with a server that
// dies before it has written them. Two marks make up for it: `delivered_told` and each conversation's
// `read_told` say what is durable on the server. Some time after something was told a `confirm` is sent, and
// the marks move when it is answered. On every new connection everything
// past the marks is told again.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "sdk/engine/core.hpp"

namespace sotto::engine {

class Receipts final : public Part {
 public:
  explicit Receipts(Core& core) : core_(core) {}

  /// A message of somebody else was stored in this input. Told with the end of the input, so after its
  /// commit.
  void stored(ConversationId conversation, MessageId message) { delivered_[conversation].push_back(message); }

  /// The app has shown everything up to here.
  void mark_read(const store::StoredConversation& conversation, MessageId up_to);
  /// The same, learnt from another device of this account: nothing to tell.
  void read_elsewhere(const store::StoredConversation& conversation, MessageId up_to);

  /// Tells what waits, now: before the connection is closed on purpose.
  void flush();
  void on_confirmed(std::uint32_t number);

  void load() override;
  void connected() override;
  void disconnected() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

 private:
  /// What had been told on this connection before a `confirm`.
  struct Told {
    std::uint64_t delivered = 0;
    std::map<ConversationRow, MessageId> read;
  };

  bool set_read(const store::StoredConversation& conversation, MessageId up_to);
  [[nodiscard]] bool all_confirmed() const;
  void ask();
  void tell_delivered();
  void tell_read();
  void send_delivered(ConversationId conversation, const std::vector<MessageId>& messages);

  Core& core_;
  std::map<ConversationId, std::vector<MessageId>> delivered_;
  std::map<ConversationRow, MessageId> read_sent_;  ///< on this connection, and not confirmed
  std::uint64_t delivered_sent_ = 0;                ///< on this connection: everything up to here
  std::optional<Milliseconds> read_due_;
  std::optional<Milliseconds> confirm_due_;  ///< something was told that is not confirmed
  std::optional<Told> asked_;                ///< not answered yet; one at a time
  std::uint32_t asks_ = 0;
};

}  // namespace sotto::engine

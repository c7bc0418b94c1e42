// Conversations as this device knows them, and how their ids become known.
//
// A conversation is a row here before the server has heard of it. Inside the store and the engine it goes by
// its ConversationRow; outside by its ConversationId, which is the server's, or a provisional one made from
// the row. When two rows turn out to be one conversation, the younger is merged into the older.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sdk/store/connection.hpp"
#include "sotto/conversation.hpp"
#include "sotto/ids.hpp"

namespace sotto::store {

using ConversationRow = Id<struct ConversationRowTag>;

/// The provisional id has the top bit, which no Snowflake has.
inline constexpr std::uint64_t kProvisionalBit = std::uint64_t{1} << 63;

struct StoredConversation {
  ConversationRow row;
  ConversationId id;  ///< 0: not known yet
  ConversationKind kind = ConversationKind::unknown;
  UserId peer_id;  ///< 0: a group, or not known
  std::string peer_phone;
  std::string name;
  bool is_member = true;
  bool is_deleted = false;
  std::uint64_t change_id = 0;
  Timestamp changed_at{};
  MessageId read_up_to;
  MessageId read_told;
  std::uint32_t unread = 0;
  std::uint64_t activity = 0;
  MessageId history_from;

  [[nodiscard]] ConversationId public_id() const {
    return id ? id : ConversationId{kProvisionalBit | row.value};
  }
};

class ConversationTable {
 public:
  explicit ConversationTable(Connection& db) : db_(db) {}

  /// Takes server ids and provisional ones, also of rows that were merged away.
  std::optional<StoredConversation> find(ConversationId id);
  std::optional<StoredConversation> find(ConversationRow row);
  std::optional<StoredConversation> find_peer(UserId peer);
  std::optional<StoredConversation> find_phone(const std::string& e164);
  /// Newest activity first.
  std::vector<StoredConversation> all();

  StoredConversation create(ConversationId id, ConversationKind kind);
  StoredConversation create_direct(UserId peer);
  StoredConversation create_by_phone(const std::string& e164);

  /// The row now has this server id. Where another row has it already, the two become one; the row that
  /// remains is returned.
  ConversationRow identify(ConversationRow row, ConversationId id);
  /// The row is the direct conversation with this person; merges like `identify`.
  ConversationRow set_peer(ConversationRow row, UserId peer);

  /// The state a change brings; an empty name keeps the one that is known. Applies nothing that is not newer
  /// than what is known; false then.
  bool apply_change(ConversationRow row, ConversationKind kind, const std::string& name, bool is_member,
                    bool is_deleted, std::uint64_t change_id, Timestamp changed_at);
  /// What the inbox or an answer says, as long as the stream has not said anything.
  void describe(ConversationRow row, ConversationKind kind, const std::string& name);
  /// Groups whose members have to be asked for.
  std::vector<StoredConversation> groups_without_members();
  void set_read(ConversationRow row, MessageId read_up_to, std::uint32_t unread);
  void set_read_told(ConversationRow row, MessageId told);
  void add_unread(ConversationRow row, std::uint32_t more);
  void set_history_from(ConversationRow row, MessageId oldest);
  /// Sets `activity` from what is stored.
  void touch(ConversationRow row);
  /// The server goes on from `place` in a stream of its own: changes and read positions beyond it are to be
  /// taken, and told, anew. `horizon`: ids beyond it are of a clock that was ahead; what is sent now comes
  /// before them and is unread all the same.
  void go_back(std::uint64_t place, std::uint64_t horizon);
  /// Whose read position the server has to be told.
  std::vector<ConversationRow> to_tell();

 private:
  template <class... T>
  std::optional<StoredConversation> find_one(const char* sql, const T&... values);
  ConversationRow merge(ConversationRow a, ConversationRow b);

  Connection& db_;
};

}  // namespace sotto::store

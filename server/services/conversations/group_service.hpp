// Groups: who is in, who may change what.
//
// Admins rename, add, remove, set roles and delete. Everybody may leave, which is removing oneself; when the
// last admin leaves, the member who has been there longest becomes one; when the last member leaves, the
// group is deleted. An added member sees nothing that was sent before, a removed one nothing after.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/model/conversation.hpp"
#include "server/model/limits.hpp"
#include "server/model/service_error.hpp"
#include "server/ports/storage.hpp"

namespace sotto::server {

struct NewGroup {
  std::string name;
  std::vector<UserId> members;  ///< without or with the creator, who becomes admin
  std::optional<std::string>
      creation_key;  ///< the Idempotency-Key header: the same key answers with the first group
};

class GroupService {
 public:
  explicit GroupService(const Limits& limits) : limits_(limits) {}

  ServiceResult<ConversationPtr> create(Store& store, WriteContext& context, const Caller& caller,
                                        const NewGroup& group);
  [[nodiscard]] ServiceResult<ConversationPtr> find(const Store& store, const Caller& caller,
                                                    ConversationId group) const;
  ServiceResult<ConversationPtr> rename(Store& store, WriteContext& context, const Caller& caller,
                                        ConversationId group, const std::string& name);
  ServiceResult<ConversationPtr> remove(Store& store, WriteContext& context, const Caller& caller,
                                        ConversationId group);

  /// Those who are in already stay as they are.
  ServiceResult<ConversationPtr> add_members(Store& store, WriteContext& context, const Caller& caller,
                                             ConversationId group, const std::vector<UserId>& users);
  /// Oneself: leaving.
  ServiceResult<ConversationPtr> remove_member(Store& store, WriteContext& context, const Caller& caller,
                                               ConversationId group, UserId user);
  ServiceResult<ConversationPtr> set_role(Store& store, WriteContext& context, const Caller& caller,
                                          ConversationId group, UserId user, Role role);

  /// Every conversation of a person who deletes the account, direct ones too.
  void leave_all(Store& store, WriteContext& context, const Caller& caller);

 private:
  ServiceResult<ConversationPtr> as_admin(const Store& store, const Caller& caller,
                                          ConversationId group) const;
  /// The ids sorted; refused if one is given twice or nobody.
  static ServiceResult<std::vector<UserId>> check_users(const Store& store, const std::vector<UserId>& users,
                                                        const char* field);
  /// `blocked` if one of them has blocked the caller: a group is no way around a block.
  static ServiceResult<void> check_blocks(const Store& store, const Caller& caller,
                                          const std::vector<UserId>& users, const char* field);
  [[nodiscard]] ServiceResult<void> check_size(std::size_t members, const char* field) const;
  static void take_out(Store& store, WriteContext& context, UserId actor,
                       const ConversationState& conversation, UserId user);
  static void delete_group(Store& store, WriteContext& context, UserId actor, const ConversationState& group);

  Limits limits_;
};

}  // namespace sotto::server

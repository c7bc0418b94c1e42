#include "sdk/engine/calls/group_calls.hpp"

#include <algorithm>

#include "base/text_rules.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/engine/stream/conversation_state.hpp"
#include "sdk/store/schema.hpp"

namespace sotto::engine {
namespace {

/// The answer to the first attempt may be lost; with the same key the group is still made once.
constexpr int kCreateAttempts = 3;

bool outcome_unknown(ErrorCode code) {
  return code == ErrorCode::timed_out || code == ErrorCode::connection_closed ||
         code == ErrorCode::server_unavailable;
}

Result<void> check_name(const std::string& name, const ProtocolLimits& limits) {
  const TextRule rule{.field = "name", .least = 1, .most = limits.group_name};
  if (auto problem = problem_with_text(rule, name))
    return Error(ErrorCode::invalid_argument, *std::move(problem));
  return {};
}

/// `others`: how many are in the group besides them.
Result<void> check_users(const std::vector<UserId>& users, std::size_t others, const ProtocolLimits& limits) {
  if (users.size() + others > limits.group_members)
    return Error(ErrorCode::group_too_large,
                 "a group has at most " + std::to_string(limits.group_members) + " members");
  for (UserId user : users)
    if (!store::is_valid_id(user.value))
      return Error(ErrorCode::invalid_argument, "a user id is out of range");
  return {};
}

}  // namespace

OperationNumber GroupCalls::create(const std::string& name, const std::vector<UserId>& members,
                                   Reply<Conversation> reply) {
  auto ticket = operations_.start(std::move(reply));
  auto good = check_name(name, core_.limits());
  const bool names_creator = std::find(members.begin(), members.end(), core_.me()) != members.end();
  if (good) good = check_users(members, names_creator ? 0 : 1, core_.limits());
  if (!good) {
    operations_.finish<Conversation>(ticket, good.error());
    return ticket.number;
  }
  HttpRequest request;
  request.method = "POST";
  request.path = "/api/groups";
  request.headers.emplace_back("Idempotency-Key", to_string(make_uuid_v7(core_.now.wall, core_.random)));
  request.body = JsonWriter().text("name", name).ids("member_ids", members).str();
  attempt_create(ticket, request, 1);
  return ticket.number;
}

void GroupCalls::attempt_create(const Ticket<Conversation>& ticket, const HttpRequest& request, int attempt) {
  HttpRequest copy{request.method, request.path, request.headers, request.body, {}};
  auto again = std::make_shared<HttpRequest>(
      HttpRequest{request.method, request.path, request.headers, request.body, {}});
  requests_.send(
      std::move(copy), ticket.number, [this, ticket, again, attempt](const Result<HttpResponse>& response) {
        if (!response) {
          if (outcome_unknown(response.error().code) && attempt < kCreateAttempts)
            return attempt_create(ticket, *again, attempt + 1);
          return operations_.finish<Conversation>(ticket, response.error());
        }
        auto body = JsonObject::read(response->body, "a group");
        auto row = body ? store_group(*body) : Result<ConversationRow>(body.error());
        if (!row) return operations_.finish<Conversation>(ticket, row.error());
        operations_.finish<Conversation>(ticket, reading_.describe(*core_.read().conversations.find(*row)));
      });
}

Result<ConversationRow> GroupCalls::store_group(const JsonObject& group) {
  const auto id = group.id<ConversationId>("conversation_id");
  if (!store::is_valid_id(id.value))
    return Error(ErrorCode::protocol_violation, "a group's conversation_id is missing or out of range");
  auto described = described_group(group);
  if (!described) return described.error();
  const ConversationRow row = directory_.named_by_server(id).row;
  if (apply_state(core_, row, *described)) core_.touch(row);
  return row;
}

OperationNumber GroupCalls::rename(ConversationId group, const std::string& name, Reply<void> reply) {
  if (auto good = check_name(name, core_.limits()); !good) {
    core_.stage_reply<void>(std::move(reply), good.error());
    return {};
  }
  return call(group, "PATCH", "", JsonWriter().text("name", name).str(), std::move(reply));
}

OperationNumber GroupCalls::add(ConversationId group, const std::vector<UserId>& users, Reply<void> reply) {
  if (auto good = check_users(users, 0, core_.limits()); !good) {
    core_.stage_reply<void>(std::move(reply), good.error());
    return {};
  }
  return call(group, "POST", "/members", JsonWriter().ids("user_ids", users).str(), std::move(reply));
}

OperationNumber GroupCalls::remove(ConversationId group, UserId user, Reply<void> reply) {
  return call(group, "DELETE", "/members/" + to_string(user), "", std::move(reply));
}

OperationNumber GroupCalls::set_role(ConversationId group, UserId user, Role role, Reply<void> reply) {
  const char* word = role == Role::admin ? "admin" : "member";
  return call(group, "PUT", "/members/" + to_string(user) + "/role", JsonWriter().text("role", word).str(),
              std::move(reply));
}

OperationNumber GroupCalls::destroy(ConversationId group, Reply<void> reply) {
  return call(group, "DELETE", "", "", std::move(reply));
}

OperationNumber GroupCalls::call(ConversationId group, const char* method, const std::string& path,
                                 std::string body, Reply<void> reply) {
  auto ticket = operations_.start(std::move(reply));
  auto known = directory_.find(group);
  if (!known || !known->id || known->kind == ConversationKind::direct) {
    operations_.finish<void>(ticket, Error(ErrorCode::not_found, "there is no group " + to_string(group)));
    return ticket.number;
  }
  requests_.send({method, "/api/groups/" + to_string(known->id) + path, {}, std::move(body), {}},
                 ticket.number, [this, ticket](const Result<HttpResponse>& response) {
                   operations_.finish<void>(
                       ticket, response ? store_answer(*response) : Result<void>(response.error()));
                 });
  return ticket.number;
}

Result<void> GroupCalls::store_answer(const HttpResponse& response) {
  auto body = JsonObject::read(response.body, "a group");
  if (!body) return body.error();
  auto stored = store_group(*body);
  return stored ? Result<void>() : Result<void>(stored.error());
}

}  // namespace sotto::engine

#include "sdk/cli/rpc/rpc_values.hpp"

#include <chrono>
#include <variant>

namespace sotto::cli {

namespace json = boost::json;

namespace {

template <class T>
json::value id_or_null(T id) {
  return id ? json::value(to_string(id)) : json::value(nullptr);
}

template <class T>
json::value id_or_null(const std::optional<T>& id) {
  return id ? json::value(to_string(*id)) : json::value(nullptr);
}

std::string to_text(Timestamp t) {
  return std::to_string(t.time_since_epoch().count());
}

json::value time_or_null(const std::optional<Timestamp>& t) {
  return t ? json::value(to_text(*t)) : json::value(nullptr);
}

std::string_view role_name(Role role) {
  return role == Role::admin ? "admin" : "member";
}

std::string_view kind_name(ConversationKind kind) {
  switch (kind) {
    case ConversationKind::direct:
      return "direct";
    case ConversationKind::group:
      return "group";
    case ConversationKind::unknown:
      break;
  }
  return "unknown";
}

std::string_view privacy_name(LastSeenPrivacy privacy) {
  switch (privacy) {
    case LastSeenPrivacy::everyone:
      return "everyone";
    case LastSeenPrivacy::contacts:
      return "contacts";
    case LastSeenPrivacy::nobody:
      break;
  }
  return "nobody";
}

json::object error_event(const Error& error) {
  return {{"type", "error"}, {"code", to_string(error.code)}, {"message", error.message}};
}

struct EventWriter {
  using Out = std::optional<json::object>;

  Out operator()(const ConnectionChanged& e) const {
    json::object out{{"type", "connection"}, {"state", to_string(e.state)}};
    if (e.cause) {
      out["code"] = to_string(e.cause->code);
      out["message"] = e.cause->message;
    }
    if (e.retry_at) out["retry_at"] = to_text(*e.retry_at);
    return out;
  }
  Out operator()(const MessageAdded& e) const {
    return json::object{{"type", "message"}, {"message", to_json(e.message)}};
  }
  Out operator()(const MessageChanged& e) const {
    if (!e.message.is_mine) return std::nullopt;
    json::object out{{"type", "status"},
                     {"local_id", to_string(e.message.local_id)},
                     {"message_id", id_or_null(e.message.message_id)},
                     {"conversation_id", to_string(e.message.conversation_id)},
                     {"status", to_string(e.message.state)}};
    if (e.message.failure) {
      out["code"] = to_string(e.message.failure->code);
      out["message"] = e.message.failure->message;
    }
    return out;
  }
  Out operator()(const MessageRemoved& e) const {
    return json::object{{"type", "message_removed"},
                        {"local_id", to_string(e.local_id)},
                        {"conversation_id", to_string(e.conversation_id)}};
  }
  Out operator()(const ConversationChanged& e) const {
    json::object out{{"type", "conversation"}, {"change", to_string(e.change)}};
    for (auto& [key, value] : to_json(e.conversation))
      out[key] = value;
    json::array affected;
    for (auto user : e.affected)
      affected.push_back(json::value(to_string(user)));
    out["affected_user_ids"] = std::move(affected);
    out["actor_id"] = id_or_null(e.actor);
    return out;
  }
  Out operator()(const ConversationIdentified& e) const {
    return json::object{{"type", "conversation_identified"},
                        {"provisional_id", to_string(e.provisional)},
                        {"conversation_id", to_string(e.id)}};
  }
  Out operator()(const HoleFound& e) const {
    return json::object{{"type", "hole"},
                        {"conversation_id", to_string(e.conversation_id)},
                        {"from_message_id", to_string(e.from)},
                        {"to_message_id", to_string(e.to)}};
  }
  Out operator()(const TypingReceived& e) const {
    return json::object{{"type", "typing"},
                        {"conversation_id", to_string(e.conversation_id)},
                        {"user_id", to_string(e.user_id)}};
  }
  Out operator()(const PresenceChanged& e) const {
    return json::object{{"type", "presence"},
                        {"user_id", to_string(e.presence.user_id)},
                        {"online", e.presence.online},
                        {"last_seen_at", time_or_null(e.presence.last_seen_at)}};
  }
  Out operator()(const SignedOut& e) const { return error_event(e.cause); }
  Out operator()(const ErrorOccurred& e) const { return error_event(e.error); }
  Out operator()(const EventsDropped& e) const {
    return json::object{{"type", "events_dropped"}, {"count", e.count}};
  }
  Out operator()(const SearchIndexProgress& e) const {
    return json::object{
        {"type", "search_index"}, {"indexed", e.indexed}, {"total", e.total}, {"done", e.done}};
  }
  Out operator()(const CatchUpProgress&) const { return std::nullopt; }
};

}  // namespace

json::object to_json(const Message& m) {
  json::object out{{"local_id", to_string(m.local_id)},
                   {"message_id", id_or_null(m.message_id)},
                   {"conversation_id", to_string(m.conversation_id)},
                   {"sender_id", to_string(m.sender_id)},
                   {"is_mine", m.is_mine},
                   {"text", m.text},
                   {"status", to_string(m.state)},
                   {"created_at", to_text(m.created_at)},
                   {"reply_to_message_id", id_or_null(m.reply_to)},
                   {"idempotency_key", m.idempotency_key}};
  if (m.media_url) out["media_url"] = *m.media_url;
  if (m.failure) {
    out["failure"] = json::object{
        {"code", to_string(m.failure->code)}, {"message", m.failure->message}, {"can_retry", m.can_retry}};
  }
  return out;
}

json::object to_json(const SearchHit& hit) {
  json::object out = to_json(hit.message);
  json::array places;
  for (const auto& range : hit.places)
    places.push_back(json::array{range.begin, range.end});
  out["places"] = std::move(places);
  return out;
}

json::object to_json(const Conversation& c) {
  json::object out{{"conversation_id", to_string(c.id)},
                   {"kind", kind_name(c.kind)},
                   {"name", c.name},
                   {"unread_count", c.unread_count},
                   {"read_up_to_message_id", id_or_null(c.read_up_to)},
                   {"updated_at", to_text(c.updated_at)},
                   {"is_member", c.is_member},
                   {"is_deleted", c.is_deleted}};
  if (c.peer_id) out["peer_id"] = to_string(*c.peer_id);
  if (c.kind == ConversationKind::group) {
    out["member_count"] = c.member_count;
    out["my_role"] = c.my_role ? json::value(role_name(*c.my_role)) : json::value(nullptr);
  }
  out["last_message"] = c.last_message ? json::value(to_json(*c.last_message)) : json::value(nullptr);
  return out;
}

json::object to_json(const Member& m) {
  return {
      {"user_id", to_string(m.user_id)}, {"role", role_name(m.role)}, {"joined_at", to_text(m.joined_at)}};
}

json::object to_json(const Contact& c) {
  return {{"user_id", to_string(c.user_id)},
          {"display_name", c.display_name},
          {"phone_number", c.phone_number},
          {"is_blocked", c.is_blocked}};
}

json::object to_json(const Device& d) {
  return {{"device_id", to_string(d.device_id)},
          {"name", d.name},
          {"created_at", to_text(d.created_at)},
          {"last_seen_at", time_or_null(d.last_seen_at)},
          {"is_current", d.is_current}};
}

json::object to_json(const Profile& p) {
  json::object out{{"user_id", to_string(p.user_id)}, {"display_name", p.display_name}, {"about", p.about}};
  out["avatar_media_id"] = p.avatar_media_id ? json::value(*p.avatar_media_id) : json::value(nullptr);
  if (p.last_seen) out["privacy"] = json::object{{"last_seen", privacy_name(*p.last_seen)}};
  return out;
}

std::optional<json::object> to_json(const Event& event) {
  return std::visit(EventWriter{}, event);
}

bool Params::has(std::string_view name) const {
  return find(name) != nullptr;
}

const json::value* Params::find(std::string_view name) const {
  const auto* value = values_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

void Params::fail(std::string_view name, std::string_view problem) {
  if (error_) return;
  error_ =
      RpcError{RpcErrorCode::invalid_params, "\"" + std::string(name) + "\" " + std::string(problem), {}};
}

std::string Params::text(std::string_view name) {
  auto value = optional_text(name);
  if (!value) fail(name, "is missing");
  return value.value_or("");
}

std::optional<std::string> Params::optional_text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fail(name, "must be a string");
    return std::nullopt;
  }
  return std::string(value->as_string());
}

namespace {
std::optional<std::uint64_t> read_number(const json::value& value) {
  if (value.is_string()) return parse_decimal(std::string_view(value.as_string()));
  if (value.is_uint64()) return value.as_uint64();
  if (value.is_int64() && value.as_int64() >= 0) return static_cast<std::uint64_t>(value.as_int64());
  return std::nullopt;
}
}  // namespace

std::optional<std::uint64_t> Params::number(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  auto number = read_number(*value);
  if (!number) fail(name, "must be an id: a decimal string or a whole number");
  return number;
}

std::uint64_t Params::required_number(std::string_view name) {
  auto value = number(name);
  if (!value) fail(name, "is missing");
  return value.value_or(0);
}

std::vector<std::uint64_t> Params::numbers(std::string_view name) {
  std::vector<std::uint64_t> out;
  const auto* value = find(name);
  if (value == nullptr || !value->is_array()) {
    fail(name, value == nullptr ? "is missing" : "must be a list of ids");
    return out;
  }
  for (const auto& item : value->as_array()) {
    auto number = read_number(item);
    if (!number) {
      fail(name, "must be a list of ids: decimal strings or whole numbers");
      return {};
    }
    out.push_back(*number);
  }
  return out;
}

std::size_t Params::count(std::string_view name, std::size_t fallback, std::size_t max) {
  const auto* value = find(name);
  if (value == nullptr) return fallback;
  auto number = read_number(*value);
  if (!number || *number < 1 || *number > max) {
    fail(name, "must be a number from 1 to " + std::to_string(max));
    return fallback;
  }
  return static_cast<std::size_t>(*number);
}

}  // namespace sotto::cli

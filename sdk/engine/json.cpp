#include "sdk/engine/json.hpp"

#include <boost/json.hpp>

#include "sdk/engine/bounds.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::engine {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 16;  // our own bodies have 3

}  // namespace

struct JsonObject::Value {
  json::object object;

  [[nodiscard]] const json::value* find(const char* key) const {
    const auto* found = object.find(key);
    return found == object.end() ? nullptr : &found->value();
  }
};

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  if (text.size() > kMaxAnswerBytes) return std::nullopt;
  json::parse_options options;
  options.max_depth = kMaxDepth;
  json::error_code failed;
  json::value value = json::parse({text.data(), text.size()}, failed, {}, options);
  if (failed || !value.is_object()) return std::nullopt;
  return JsonObject(std::make_shared<const Value>(Value{std::move(value.get_object())}));
}

Result<JsonObject> JsonObject::read(std::string_view body, const char* what, const char* list) {
  if (body.size() > kMaxAnswerBytes)
    return Error(ErrorCode::too_large, std::string(what) + " is larger than this client takes");
  auto object = parse(body);
  if (!object) return Error(ErrorCode::protocol_violation, std::string(what) + " is not a JSON object");
  if (list != nullptr) {
    const json::value* items = object->value_->find(list);
    if (items == nullptr || !items->is_array())
      return Error(ErrorCode::protocol_violation, std::string(what) + " lacks its " + list);
  }
  return *std::move(object);
}

std::optional<std::string> JsonObject::optional_text(const char* key) const {
  const json::value* v = value_->find(key);
  if (v == nullptr || !v->is_string()) return std::nullopt;
  return std::string(v->get_string().data(), v->get_string().size());
}

std::string JsonObject::text(const char* key) const {
  return optional_text(key).value_or(std::string());
}

std::uint64_t JsonObject::number(const char* key) const {
  const json::value* v = value_->find(key);
  if (v == nullptr) return 0;
  if (v->is_uint64()) return v->get_uint64();
  if (v->is_int64()) return v->get_int64() < 0 ? 0 : static_cast<std::uint64_t>(v->get_int64());
  if (v->is_string()) return parse_decimal({v->get_string().data(), v->get_string().size()}).value_or(0);
  return 0;
}

bool JsonObject::boolean(const char* key) const {
  const json::value* v = value_->find(key);
  return v != nullptr && v->is_bool() && v->get_bool();
}

std::optional<Timestamp> JsonObject::optional_time(const char* key) const {
  const std::uint64_t ms = number(key);
  if (ms == 0 || ms > INT64_MAX || !is_plausible_time(static_cast<std::int64_t>(ms))) return std::nullopt;
  return from_unix_ms(static_cast<std::int64_t>(ms));
}

Timestamp JsonObject::time(const char* key) const {
  return optional_time(key).value_or(Timestamp{});
}

std::optional<JsonObject> JsonObject::object(const char* key) const {
  const json::value* v = value_->find(key);
  if (v == nullptr || !v->is_object()) return std::nullopt;
  return JsonObject(std::make_shared<const Value>(Value{v->get_object()}));
}

std::vector<JsonObject> JsonObject::list(const char* key) const {
  std::vector<JsonObject> items;
  const json::value* v = value_->find(key);
  if (v == nullptr || !v->is_array()) return items;
  for (const json::value& item : v->get_array())
    if (item.is_object())
      items.push_back(JsonObject(std::make_shared<const Value>(Value{item.get_object()})));
  return items;
}

void JsonWriter::key(const char* key) {
  if (!body_.empty()) body_.push_back(',');
  body_ += json::serialize(json::string(key)) + ":";
}

JsonWriter& JsonWriter::text(const char* name, std::string_view value) {
  key(name);
  body_ += json::serialize(json::string(value.data(), value.size()));
  return *this;
}

JsonWriter& JsonWriter::id(const char* name, std::uint64_t value) {
  return text(name, std::to_string(value));
}

JsonWriter& JsonWriter::ids(const char* name, const std::vector<UserId>& values) {
  std::vector<std::string> as_text;
  as_text.reserve(values.size());
  for (UserId v : values)
    as_text.push_back(to_string(v));
  return texts(name, as_text);
}

JsonWriter& JsonWriter::texts(const char* name, const std::vector<std::string>& values) {
  json::array array;
  for (const std::string& v : values)
    array.emplace_back(v);
  key(name);
  body_ += json::serialize(array);
  return *this;
}

JsonWriter& JsonWriter::object(const char* name, const JsonWriter& value) {
  key(name);
  body_ += value.str();
  return *this;
}

}  // namespace sotto::engine

#include "server/gateway/api/input.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "base/snowflake.hpp"
#include "base/utf8.hpp"
#include "server/gateway/api/query.hpp"
#include "server/gateway/api/strict_json.hpp"

namespace sotto::server {
namespace {

namespace json = boost::json;

// Text from outside goes into an error only so far, and not at all where it is not text.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 24;
  if (!is_valid_utf8(text)) return "what was given";
  std::size_t end = std::min(text.size(), kMost);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return "\"" + std::string(text.substr(0, end)) + (end < text.size() ? "...\"" : "\"");
}

std::string_view kind_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a truth value";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "an array";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

std::string wrong_kind(std::string_view field, std::string_view wanted, const json::value& given) {
  return std::string(field) + ": must be " + std::string(wanted) + ", not " + std::string(kind_of(given));
}

/// Nothing: not a whole number, or more than an id has.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  const auto number = parse_decimal(text);
  return number && *number <= kMaxId ? number : std::nullopt;
}

/// An id, as a string or a number; the problem completes "field: ".
std::optional<std::uint64_t> read_number(const json::value& value) {
  if (const auto* text = value.if_string()) return parse_number({text->data(), text->size()});
  // Boost.JSON makes an int64 of whatever fits into one; a uint64 is too large for an id.
  if (const auto* number = value.if_int64(); number != nullptr && *number >= 0)
    return static_cast<std::uint64_t>(*number);
  return std::nullopt;
}

constexpr std::string_view kNotAnId = "is not an id (a whole number from 0 to 9223372036854775807)";

bool is_json_type(std::string_view content_type) {
  return same_word(trimmed(content_type.substr(0, content_type.find(';'))), "application/json");
}

}  // namespace

Input::Input(const HttpRequest& request, PathValues path) : request_(request), path_(std::move(path)) {}

void Input::refuse(int status, std::string_view code, std::string detail) {
  if (!refused_) refused_ = refusal(status, code, detail);
}

std::uint64_t Input::path_number(std::string_view name) {
  for (const auto& [key, value] : path_) {
    if (key != name) continue;
    if (const auto number = parse_number(value)) return *number;
    refuse(std::string(name) + " in the path: " + shown(value) + " " + std::string(kNotAnId));
  }
  return 0;
}

std::optional<std::string> Input::query_text(std::string_view name) {
  auto found = query_value(request_.query, name);
  if (!found) {
    refuse(std::string(name) + " in the query: " + found.error());
    return std::nullopt;
  }
  return *found;
}

std::optional<std::uint64_t> Input::query_number(std::string_view name, std::uint64_t least,
                                                 std::uint64_t most) {
  const auto value = query_text(name);
  if (!value) return std::nullopt;
  const auto number = parse_decimal(*value);
  if (number && *number >= least && *number <= most) return number;
  refuse(std::string(name) + " in the query: " + shown(*value) + " is not a whole number from " +
         std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

void Input::read_body() {
  if (body_) return;
  body_.emplace();
  const auto type = request_.header("Content-Type");
  if (type && !is_json_type(*type))
    return refuse(415, "unsupported_media_type",
                  "the body has to be JSON, with Content-Type: application/json");
  auto parsed = parse_strict(request_.body);
  if (!parsed) return refuse("the body " + parsed.error());
  if (!parsed->is_object())
    return refuse("the body has to be a JSON object, not " + std::string(kind_of(*parsed)));
  *body_ = std::move(parsed->get_object());
}

const json::value* Input::field(std::string_view name) {
  read_body();
  const json::value* value = body_->if_contains(json::string_view(name.data(), name.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json::value* Input::required(std::string_view name) {
  const json::value* value = field(name);
  if (value == nullptr) refuse(std::string(name) + ": is missing");
  return value;
}

bool Input::is_null(std::string_view name) {
  read_body();
  const json::value* value = body_->if_contains(json::string_view(name.data(), name.size()));
  return value != nullptr && value->is_null();
}

std::string Input::text(std::string_view name) {
  if (required(name) == nullptr) return {};
  return optional_text(name).value_or("");
}

std::optional<std::string> Input::optional_text(std::string_view name) {
  const json::value* value = field(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* string = value->if_string()) return std::string(*string);
  refuse(wrong_kind(name, "a string", *value));
  return std::nullopt;
}

std::optional<std::uint64_t> Input::optional_number(std::string_view name) {
  const json::value* value = field(name);
  if (value == nullptr) return std::nullopt;
  const auto number = read_number(*value);
  if (!number) refuse(std::string(name) + ": " + std::string(kNotAnId));
  return number;
}

std::vector<std::uint64_t> Input::numbers(std::string_view name) {
  std::vector<std::uint64_t> out;
  const json::value* value = required(name);
  if (value == nullptr) return out;
  const auto* array = value->if_array();
  if (array == nullptr) return refuse(wrong_kind(name, "an array of ids", *value)), out;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto number = read_number((*array)[i]);
    if (!number) {
      refuse(std::string(name) + "[" + std::to_string(i) + "]: " + std::string(kNotAnId));
      break;
    }
    out.push_back(*number);
  }
  return out;
}

std::vector<std::string> Input::texts(std::string_view name) {
  std::vector<std::string> out;
  const json::value* value = required(name);
  if (value == nullptr) return out;
  const auto* array = value->if_array();
  if (array == nullptr) return refuse(wrong_kind(name, "an array of strings", *value)), out;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto* string = (*array)[i].if_string();
    if (string == nullptr) {
      refuse(wrong_kind(std::string(name) + "[" + std::to_string(i) + "]", "a string", (*array)[i]));
      break;
    }
    out.emplace_back(*string);
  }
  return out;
}

std::optional<std::string> Input::nested_text(std::string_view object, std::string_view name) {
  const json::value* outer = field(object);
  if (outer == nullptr) return std::nullopt;
  const auto* members = outer->if_object();
  if (members == nullptr) return refuse(wrong_kind(object, "an object", *outer)), std::nullopt;
  const json::value* value = members->if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) return std::nullopt;
  if (const auto* string = value->if_string()) return std::string(*string);
  refuse(wrong_kind(std::string(object) + "." + std::string(name), "a string", *value));
  return std::nullopt;
}

}  // namespace sotto::server

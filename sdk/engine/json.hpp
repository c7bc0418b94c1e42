// Reading and writing the REST bodies of protocol.md. The only place that knows the JSON library.
//
//   auto body = JsonObject::parse(response.body);
//   if (!body) ...
//   UserId user = body->id<UserId>("user_id");
//   for (const JsonObject& item : body->list("contacts")) ...
//
//   std::string body = JsonWriter().text("name", name).ids("member_ids", users).str();
//
// Reading never fails half-way: what is missing or of another kind reads as empty or 0, and the caller checks
// what it cannot do without. Ids come as strings or numbers and are written as strings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "sotto/error.hpp"
#include "sotto/ids.hpp"

namespace sotto::engine {

class JsonObject {
 public:
  /// Nothing for anything that is not a JSON object, is nested deeper than 16 or larger than kMaxAnswerBytes.
  static std::optional<JsonObject> parse(std::string_view text);
  /// An answer's body. `too_large`, or `protocol_violation` for what is not a JSON object; `what` is named in
  /// the error ("a page of history"), and `list` is an array that has to be there.
  static Result<JsonObject> read(std::string_view body, const char* what, const char* list = nullptr);

  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] std::optional<std::string> optional_text(const char* key) const;
  [[nodiscard]] std::uint64_t number(const char* key) const;
  [[nodiscard]] bool boolean(const char* key) const;
  /// A time out of range reads as 1970, and as none.
  [[nodiscard]] Timestamp time(const char* key) const;
  [[nodiscard]] std::optional<Timestamp> optional_time(const char* key) const;
  template <class T>
  [[nodiscard]] T id(const char* key) const {
    return T{number(key)};
  }
  [[nodiscard]] std::optional<JsonObject> object(const char* key) const;
  /// The objects of an array; other elements are left out.
  [[nodiscard]] std::vector<JsonObject> list(const char* key) const;

 private:
  struct Value;
  explicit JsonObject(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
  std::shared_ptr<const Value> value_;
};

class JsonWriter {
 public:
  JsonWriter& text(const char* key, std::string_view value);
  JsonWriter& id(const char* key, std::uint64_t value);
  template <class Tag>
  JsonWriter& id(const char* key, Id<Tag> value) {
    return id(key, value.value);
  }
  JsonWriter& ids(const char* key, const std::vector<UserId>& values);
  JsonWriter& texts(const char* key, const std::vector<std::string>& values);
  JsonWriter& object(const char* key, const JsonWriter& value);
  [[nodiscard]] std::string str() const { return "{" + body_ + "}"; }

 private:
  void key(const char* key);
  std::string body_;
};

}  // namespace sotto::engine

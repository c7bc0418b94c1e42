// What a handler reads of a request: path, query, headers and the JSON body, checked as it is read. The first
// thing that is wrong is kept, and whatever the handler then makes of the made-up values is never run. So a
// handler simply lists what it needs:
//
//   const auto group = in.path_id<ConversationId>("conversation_id");
//   const auto name = in.text("name");
//   return Write{[=](Store& store, WriteContext& context, const Caller& caller) { ... }};
//
// Ids are read as strings or numbers of at most 63 bits, unknown fields are ignored, `null` is the same as
// absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "base/snowflake.hpp"
#include "server/gateway/api/answer.hpp"
#include "server/gateway/http.hpp"
#include "sotto/ids.hpp"

namespace sotto::server {

class Input {
 public:
  using PathValues = std::vector<std::pair<std::string_view, std::string_view>>;
  /// `request` outlives the Input.
  Input(const HttpRequest& request, PathValues path);

  [[nodiscard]] const HttpRequest& request() const { return request_; }

  // ---- the path: /api/groups/{conversation_id}
  template <class T>
  T path_id(std::string_view name) {
    return T{path_number(name)};
  }

  // ---- the query: ?limit=50
  std::optional<std::string> query_text(std::string_view name);
  template <class T>
  std::optional<T> query_id(std::string_view name) {
    const auto number = query_number(name, 0, kMaxId);
    return number ? std::optional<T>(T{*number}) : std::nullopt;
  }
  std::optional<std::uint64_t> query_number(std::string_view name, std::uint64_t least, std::uint64_t most);

  // ---- the body
  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);
  template <class T>
  std::optional<T> optional_id(std::string_view name) {
    const auto number = optional_number(name);
    return number ? std::optional<T>(T{*number}) : std::nullopt;
  }
  template <class T>
  std::vector<T> ids(std::string_view name) {
    std::vector<T> out;
    for (const std::uint64_t number : numbers(name))
      out.push_back(T{number});
    return out;
  }
  std::vector<std::string> texts(std::string_view name);
  /// The text of a member of an object within the body: privacy.last_seen. Nothing if the object is absent.
  std::optional<std::string> nested_text(std::string_view object, std::string_view name);
  /// True: the field is there and is `null`, which takes something away.
  bool is_null(std::string_view name);

  /// How many ordinary requests this one is worth to the account's limit: a group of many members makes work
  /// for many. 1 unless a handler says more.
  void costs(double requests) { cost_ = requests; }
  [[nodiscard]] double cost() const { return cost_; }

  // ---- what went wrong
  void refuse(int status, std::string_view code, std::string detail);
  void refuse(std::string detail) { refuse(400, "bad_request", std::move(detail)); }
  [[nodiscard]] const std::optional<Answer>& refused() const { return refused_; }

 private:
  std::uint64_t path_number(std::string_view name);
  std::optional<std::uint64_t> optional_number(std::string_view name);
  std::vector<std::uint64_t> numbers(std::string_view name);
  /// Null: not there (or the body is no object at all, and refused).
  const boost::json::value* field(std::string_view name);
  const boost::json::value* required(std::string_view name);
  void read_body();

  const HttpRequest& request_;
  PathValues path_;
  std::optional<boost::json::object> body_;
  std::optional<Answer> refused_;
  double cost_ = 1;
};

}  // namespace sotto::server

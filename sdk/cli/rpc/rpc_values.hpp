// The SDK's values as the JSON of `sotto rpc`, and parameters back. Ids and times are decimal strings, as on
// the wire; parameters take strings or numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "sdk/cli/rpc/json_rpc.hpp"
#include "sotto/conversation.hpp"
#include "sotto/events.hpp"
#include "sotto/ids.hpp"
#include "sotto/message.hpp"
#include "sotto/person.hpp"

namespace sotto::cli {

boost::json::object to_json(const Message& message);
/// The message, and `places`: where the words stand in its text.
boost::json::object to_json(const SearchHit& hit);
boost::json::object to_json(const Conversation& conversation);
boost::json::object to_json(const Member& member);
boost::json::object to_json(const Contact& contact);
boost::json::object to_json(const Device& device);
boost::json::object to_json(const Profile& profile);

template <class T>
boost::json::array to_json(const std::vector<T>& list) {
  boost::json::array out;
  out.reserve(list.size());
  for (const auto& item : list)
    out.push_back(to_json(item));
  return out;
}

/// The notification for an event; nothing for those that scripts have no use for.
std::optional<boost::json::object> to_json(const Event& event);

/// Reads the parameters of one call. The first problem found is kept and names its parameter; reading goes on
/// with empty values, so a method reads all it needs and asks once.
///
///   Params params(request.params);
///   auto user = params.id<UserId>("user_id");
///   auto text = params.text("text");
///   if (auto error = params.error()) return *error;
class Params {
 public:
  explicit Params(const boost::json::object& values) : values_(values) {}

  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);
  template <class T>
  T id(std::string_view name) {
    return T{required_number(name)};
  }
  template <class T>
  std::optional<T> optional_id(std::string_view name) {
    auto v = number(name);
    return v ? std::optional<T>(T{*v}) : std::nullopt;
  }
  template <class T>
  std::vector<T> ids(std::string_view name) {
    std::vector<T> out;
    for (auto v : numbers(name))
      out.push_back(T{v});
    return out;
  }
  /// `fallback` where it is not given.
  std::size_t count(std::string_view name, std::size_t fallback, std::size_t max);
  [[nodiscard]] bool has(std::string_view name) const;

  void fail(std::string_view name, std::string_view problem);
  [[nodiscard]] const std::optional<RpcError>& error() const { return error_; }

 private:
  [[nodiscard]] const boost::json::value* find(std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view name);
  std::uint64_t required_number(std::string_view name);
  std::vector<std::uint64_t> numbers(std::string_view name);

  const boost::json::object& values_;
  std::optional<RpcError> error_;
};

}  // namespace sotto::cli

#include "server/gateway/api/strict_json.hpp"

#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace sotto::server {
namespace {

namespace json = boost::json;

// Finds what Boost.JSON's own parser lets pass: of two members of one name it silently keeps the last, and
// another reader of the same bytes may keep the first.
struct Inspector {
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;
  using Error = json::error_code;

  std::vector<std::set<std::string, std::less<>>> names;  // of the objects that are open
  std::string partial;
  std::string problem;

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) {
    names.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, Error&) {
    names.pop_back();
    return true;
  }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t, Error&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, Error&) {
    partial += part;
    return true;
  }
  bool on_key(json::string_view part, std::size_t, Error& error) {
    partial += part;
    check_characters(part);
    if (!names.back().insert(partial).second) problem = "has \"" + partial.substr(0, 64) + "\" twice";
    partial.clear();
    return go_on(error);
  }
  bool on_string_part(json::string_view part, std::size_t, Error& error) {
    check_characters(part);
    return go_on(error);
  }
  bool on_string(json::string_view part, std::size_t, Error& error) {
    check_characters(part);
    return go_on(error);
  }
  bool on_number_part(json::string_view, Error&) { return true; }
  bool on_int64(std::int64_t, json::string_view, Error&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, Error&) { return true; }
  bool on_double(double value, json::string_view, Error& error) {
    if (!std::isfinite(value)) problem = "holds a number that is too large";
    return go_on(error);
  }
  bool on_bool(bool, Error&) { return true; }
  bool on_null(Error&) { return true; }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  // A zero ends a string for much of the software that text passes through later.
  void check_characters(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) problem = "holds a zero character";
  }
  bool go_on(Error& error) {
    if (problem.empty()) return true;
    error = json::error::syntax;
    return false;
  }
};

}  // namespace

Result<json::value, std::string> parse_strict(std::string_view text) {
  if (text.empty()) return std::string("is empty; a JSON object is wanted");
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::error_code error;

  json::basic_parser<Inspector> inspector(options);
  const std::size_t good = inspector.write_some(false, text.data(), text.size(), error);
  if (!inspector.handler().problem.empty()) return inspector.handler().problem;
  if (error == json::error::too_deep) return "is nested deeper than " + std::to_string(kMaxJsonDepth);
  if (error) return "is not JSON: " + error.message() + " at byte " + std::to_string(good);

  json::value value = json::parse(json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return "is not JSON: " + error.message();
  return value;
}

}  // namespace sotto::server

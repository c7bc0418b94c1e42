// What the SDK reads of a hostile server's answers and of an app's URLs.
//
//   line 1       a URL, and a Retry-After
//   the rest     the body of an answer
#include <cstdlib>
#include <string_view>

#include "sdk/engine/json.hpp"
#include "sdk/net/header_text.hpp"
#include "sdk/net/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(all.find('\n'), all.size());
  const std::string_view line = all.substr(0, end);
  const std::string_view body = all.substr(std::min(end + 1, all.size()));

  const auto url = net::parse_url(line);
  // What goes into a request line or a Host header must not end it.
  if (url.ok() && url->target.find_first_of("\r\n ") != std::string::npos) std::abort();
  if (url.ok() && !net::is_header_value(url->server())) std::abort();
  if (net::parse_retry_after(line) < Milliseconds{0}) std::abort();
  if (net::is_header_value(line) && line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos)
    std::abort();

  if (const auto object = engine::JsonObject::parse(body)) {
    (void)object->text("code");
    (void)object->optional_text("display_name");
    (void)object->number("user_id");
    (void)object->boolean("has_more");
    (void)object->time("updated_at");
    (void)object->optional_time("last_seen_at");
    for (const auto& each : object->list("messages"))
      (void)each.object("last_message");
  }
  return 0;
}

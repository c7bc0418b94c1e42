#include "server/logging/render.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace sotto::server::log {
namespace {

// RFC 8259 §7. A line break inside a value must never begin a second, forged line of the log.
void append_quoted(std::string& out, std::string_view value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const bool utf8 = is_valid_utf8(value);
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else if (byte >= 0x80 && !utf8) {
      out += '?';
    } else {
      out += c;
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view value) {
  return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte >= 0x7f || c == '"' || c == '=' || c == '\\';
         });
}

}  // namespace

std::string render_logfmt(std::string_view event, std::span<const Field> fields) {
  std::string out = "event=";
  out += event;
  for (const Field& field : fields) {
    out += ' ';
    out += field.name();
    out += '=';
    if (needs_quotes(field.value()))
      append_quoted(out, field.value());
    else
      out += field.value();
  }
  return out;
}

std::string render_json(std::string_view event, std::span<const Field> fields) {
  std::string out = "\"event\":";
  append_quoted(out, event);
  for (const Field& field : fields) {
    out += ',';
    append_quoted(out, field.name());
    out += ':';
    if (field.bare())
      out += field.value();
    else
      append_quoted(out, field.value());
  }
  return out;
}

}  // namespace sotto::server::log

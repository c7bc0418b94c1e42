#include "server/config/key_kinds.hpp"

#include <algorithm>
#include <optional>

#include "base/utf8.hpp"
#include "server/config/values.hpp"

namespace sotto::server::key_kinds {
namespace {

using Problem = std::optional<std::string>;

// For an error of one line: cut, and without what could break the line or the terminal.
std::string quoted(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kMost))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (!is_valid_utf8(out))
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c < 0; }, '?');
  return out + (text.size() > kMost ? "...\"" : "\"");
}

std::string join(const std::vector<std::string>& items) {
  std::string joined;
  for (const auto& item : items)
    joined += (joined.empty() ? "" : ", ") + item;
  return joined;
}

std::string format_range(const AddressRange& range) {
  const bool v4 = range.first.is_v4() && range.bits >= 96;
  const unsigned bits = v4 ? range.bits - 96 : range.bits;
  const bool single = bits == (v4 ? 32u : 128u);
  return to_string(range.first) + (single ? "" : "/" + std::to_string(bits));
}

// RFC 6454 §6.2: scheme, host and port, nothing behind them.
bool is_origin(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view host = text.substr(scheme + 3);
  return (text.starts_with("http://") || text.starts_with("https://")) && !host.empty() &&
         host.find_first_of("/?# *,") == std::string_view::npos;
}

}  // namespace

ConfigKey count(std::string_view name, std::string_view group, std::uint64_t Config::*member,
                std::uint64_t least, std::uint64_t most, std::string help) {
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  ConfigKey key{name, group, "NUMBER", help + " (" + range + ")"};
  key.set = [=](Config& config, const std::string& text) -> Problem {
    const auto number = parse_decimal(text);
    if (!number) return quoted(text) + " is not a whole number; give " + range;
    if (*number < least || *number > most) return text + " is out of range; give " + range;
    config.*member = *number;
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return std::to_string(config.*member); };
  return key;
}

ConfigKey duration(std::string_view name, std::string_view group, Milliseconds Config::*member,
                   Milliseconds least, Milliseconds most, std::string help) {
  const std::string range = format_duration(least) + " to " + format_duration(most);
  ConfigKey key{name, group, "DURATION", help + " (" + range + ")"};
  key.quoted = true;
  key.set = [=](Config& config, const std::string& text) -> Problem {
    const auto value = parse_duration(text);
    if (!value) return quoted(text) + " is not a duration like 500ms, 90s, 5m, 1h or 2d; give " + range;
    if (*value < least || *value > most) return text + " is out of range; give " + range;
    config.*member = *value;
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return format_duration(config.*member); };
  return key;
}

ConfigKey size(std::string_view name, std::string_view group, std::uint64_t Config::*member,
               std::uint64_t least, std::uint64_t most, std::string help) {
  const std::string range = format_size(least) + " to " + format_size(most);
  ConfigKey key{name, group, "SIZE", help + " (" + range + ")"};
  key.quoted = true;
  key.set = [=](Config& config, const std::string& text) -> Problem {
    const auto value = parse_size(text);
    if (!value) return quoted(text) + " is not a size like 65536, 64KiB or 1MiB; give " + range;
    if (*value < least || *value > most) return text + " is out of range; give " + range;
    config.*member = *value;
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return format_size(config.*member); };
  return key;
}

ConfigKey truth(std::string_view name, std::string_view group, bool Config::*member, std::string help) {
  ConfigKey key{name, group, "", std::move(help)};
  key.set = [=](Config& config, const std::string& text) -> Problem {
    const auto value = parse_truth(text);
    if (!value) return quoted(text) + " is neither true nor false";
    config.*member = *value;
    return std::nullopt;
  };
  key.get = [=](const Config& config) -> std::string { return config.*member ? "true" : "false"; };
  return key;
}

ConfigKey text(std::string_view name, std::string_view group, std::string_view value,
               std::string Config::*member, std::string help) {
  ConfigKey key{name, group, value, std::move(help)};
  key.quoted = true;
  key.set = [=](Config& config, const std::string& given) -> Problem {
    if (given.find('\0') != std::string::npos) return "holds a zero byte";
    config.*member = given;
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return config.*member; };
  return key;
}

ConfigKey secret(std::string_view name, std::string_view group, SecretBytes Config::*member,
                 std::string help) {
  ConfigKey key{name, group, "SECRET", std::move(help)};
  key.secret = true;
  key.quoted = true;
  key.set = [=](Config& config, const std::string& given) -> Problem {
    config.*member = SecretBytes(as_bytes(given));
    return std::nullopt;
  };
  key.get = [=](const Config& config) -> std::string { return (config.*member).empty() ? "" : "set"; };
  return key;
}

ConfigKey endpoint(std::string_view name, std::string_view group, Endpoint Config::*member,
                   std::string help) {
  ConfigKey key{name, group, "HOST:PORT", std::move(help)};
  key.quoted = true;
  key.set = [=](Config& config, const std::string& given) -> Problem {
    const auto value = parse_endpoint(given);
    if (!value)
      return quoted(given) + " is not an address and port like 127.0.0.1:7070, [::1]:7070 or 0.0.0.0:443";
    config.*member = *value;
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return to_string(config.*member); };
  return key;
}

ConfigKey address_ranges(std::string_view name, std::string_view group,
                         std::vector<AddressRange> Config::*member, std::string help) {
  ConfigKey key{name, group, "ADDRESSES", std::move(help)};
  key.list = true;
  key.set = [=](Config& config, const std::string& given) -> Problem {
    std::vector<AddressRange> ranges;
    for (const auto& item : split_list(given)) {
      const auto range = parse_address_range(item);
      if (!range) return quoted(item) + " is neither an address nor a range like 10.0.0.0/8";
      ranges.push_back(*range);
    }
    config.*member = std::move(ranges);
    return std::nullopt;
  };
  key.get = [=](const Config& config) {
    std::vector<std::string> items;
    for (const auto& range : config.*member)
      items.push_back(format_range(range));
    return join(items);
  };
  return key;
}

ConfigKey origins(std::string_view name, std::string_view group, std::vector<std::string> Config::*member,
                  std::string help) {
  ConfigKey key{name, group, "ORIGINS", std::move(help)};
  key.list = true;
  key.set = [=](Config& config, const std::string& given) -> Problem {
    auto items = split_list(given);
    for (const auto& origin : items)
      if (origin != "*" && !is_origin(origin))
        return quoted(origin) + " is not an origin like https://chat.example";
    config.*member = std::move(items);
    return std::nullopt;
  };
  key.get = [=](const Config& config) { return join(config.*member); };
  return key;
}

}  // namespace sotto::server::key_kinds

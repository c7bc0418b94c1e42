// The kinds of configuration keys: each reads one type of value, checks its range, and says in one line what
// is wrong with it. Used by the table in keys.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/config/keys.hpp"

namespace sotto::server::key_kinds {

ConfigKey count(std::string_view name, std::string_view group, std::uint64_t Config::*member,
                std::uint64_t least, std::uint64_t most, std::string help);
ConfigKey duration(std::string_view name, std::string_view group, Milliseconds Config::*member,
                   Milliseconds least, Milliseconds most, std::string help);
ConfigKey size(std::string_view name, std::string_view group, std::uint64_t Config::*member,
               std::uint64_t least, std::uint64_t most, std::string help);
ConfigKey truth(std::string_view name, std::string_view group, bool Config::*member, std::string help);
/// `value` says in the help what to give: "FILE".
ConfigKey text(std::string_view name, std::string_view group, std::string_view value,
               std::string Config::*member, std::string help);
ConfigKey secret(std::string_view name, std::string_view group, SecretBytes Config::*member,
                 std::string help);
ConfigKey endpoint(std::string_view name, std::string_view group, Endpoint Config::*member, std::string help);
ConfigKey address_ranges(std::string_view name, std::string_view group,
                         std::vector<AddressRange> Config::*member, std::string help);
ConfigKey origins(std::string_view name, std::string_view group, std::vector<std::string> Config::*member,
                  std::string help);

template <class Enum>
ConfigKey choice(std::string_view name, std::string_view group, Enum Config::*member,
                 std::vector<std::pair<std::string_view, Enum>> words, std::string help) {
  std::string list;
  for (const auto& [word, value] : words)
    list += (list.empty() ? "" : ", ") + std::string(word);
  ConfigKey key{name, group, "WORD", help + " (" + list + ")"};
  key.quoted = true;
  key.set = [=](Config& config, const std::string& given) -> std::optional<std::string> {
    for (const auto& [word, value] : words) {
      if (given != word) continue;
      config.*member = value;
      return std::nullopt;
    }
    return "\"" + given + "\" is none of: " + list;
  };
  key.get = [=](const Config& config) -> std::string {
    for (const auto& [word, value] : words)
      if (config.*member == value) return std::string(word);
    return {};
  };
  return key;
}

}  // namespace sotto::server::key_kinds

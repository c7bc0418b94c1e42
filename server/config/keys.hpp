// The table of configuration keys: from it come the flags, the environment variables, the file's keys, the
// help text, `--print-config` and the error messages.
//
//   const ConfigKey* key = find_key("max_group_members");
//   if (auto problem = key->set(config, "many")) ...     // "\"many\" is not a number; 2 to 100000"
//   std::string text = key->get(config);                 // "500"
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"

namespace sotto::server {

struct ConfigKey {
  std::string_view name;   ///< "max_group_members"
  std::string_view group;  ///< heading in the help
  std::string_view value;  ///< what to give: "NUMBER", "DURATION"; empty for a switch
  std::string help;        ///< one line, with the range
  /// Neither printed nor a flag: the command line of a process can be read by every user of the machine.
  bool secret = false;
  /// Given as `a, b` or as a TOML array.
  bool list = false;
  /// Written with quotes in the file.
  bool quoted = false;

  /// What is wrong with the value, or nothing.
  std::function<std::optional<std::string>(Config&, const std::string&)> set{};
  /// The value as `set` takes it; of a secret whether there is one.
  std::function<std::string(const Config&)> get{};

  [[nodiscard]] std::string flag() const;         ///< "--max-group-members"
  [[nodiscard]] std::string environment() const;  ///< "SOTTO_MAX_GROUP_MEMBERS"
  [[nodiscard]] bool is_switch() const { return value.empty(); }
};

/// In the order of the help.
const std::vector<ConfigKey>& config_keys();
const ConfigKey* find_key(std::string_view name);

/// What is wrong between keys (a TTL below its heartbeat), or nothing.
std::optional<std::string> check_config(const Config& config);

}  // namespace sotto::server

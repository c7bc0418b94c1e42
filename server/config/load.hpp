// From command line, environment and file to a checked Config. What is given on the command line goes before
// the environment, that before the file, that before the default.
//
//   auto loaded = load_config(arguments, sotto_environment());
//   if (!loaded) { std::cerr << "sotto-server: " << loaded.error() << "\n"; return 2; }
//
// An error is one line that names the flag, the variable, or the file with its line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/config/config.hpp"
#include "sotto/result.hpp"

namespace sotto::server {

enum class Action { run, help, version, print_config, check_config, back_up, restore };

struct LoadedConfig {
  Config config;
  Action action = Action::run;
  std::string file;  ///< of back_up and restore
  /// Where each key that is not at its default came from: "sotto.toml:12", "SOTTO_LISTEN", "--listen".
  std::map<std::string, std::string, std::less<>> origins;
  /// What is probably a slip but no reason not to start, a line each.
  std::vector<std::string> warnings;
};

using Environment = std::map<std::string, std::string>;
/// The variables of this process that begin with SOTTO_.
Environment sotto_environment();

/// `arguments` without the program's name. Reads the file named by --config or SOTTO_CONFIG.
Result<LoadedConfig, std::string> load_config(const std::vector<std::string>& arguments,
                                              const Environment& environment);

/// What --help prints.
std::string help_text();
/// What --print-config prints: a configuration file that gives this configuration, without its secrets.
std::string format_config(const LoadedConfig& loaded);

}  // namespace sotto::server

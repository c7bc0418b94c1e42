#include "server/config/load.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "server/config/file.hpp"
#include "server/config/keys.hpp"
#include "server/config/suggest.hpp"

namespace sotto::server {
namespace {

// A configuration of every key with comments has some 10 KiB; more is a wrong path.
constexpr std::size_t kMaxFileBytes = 1024 * 1024;

// Random characters: beyond guessing over a network.
constexpr std::size_t kStrongSecret = 16;

using Failure = std::optional<std::string>;

/// The command line, split up but not yet judged: CLI11 knows the flags, the key table their values.
struct CommandLine {
  std::map<std::string, std::string, std::less<>> values;  // by key name
  std::string file;
  std::string backup;  // to be made or restored
  bool dev = false;
  Action action = Action::run;
};

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
  const auto near = closest(word, words);
  return near ? "; did you mean " + *near + "?" : "";
}

std::string unknown_argument(const std::string& argument, const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    flags.push_back(option->get_name());
  const std::string flag = argument.substr(0, argument.find('='));
  for (const ConfigKey& key : config_keys())
    if (key.secret && key.flag() == flag)
      return flag + " is not a flag, since every user of this machine can read command lines; use " +
             key.environment() + " or the file";
  if (!argument.starts_with("-")) return "\"" + argument + "\" is not expected; options begin with --";
  const auto near = did_you_mean(flag, flags);
  return flag + " is not an option" + (near.empty() ? "; --help lists them" : near);
}

Result<CommandLine, std::string> parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false, version = false, print = false, check = false;
  app.add_flag("--help,-h", help);
  app.add_flag("--version", version);
  app.add_flag("--print-config", print);
  app.add_flag("--check-config", check);
  app.add_flag("--dev", line.dev);
  app.add_option("--config", line.file);
  CLI::Option* back_up = app.add_option("--backup", line.backup)->expected(1);
  CLI::Option* restore = app.add_option("--restore", line.backup)->expected(1)->excludes(back_up);

  for (const ConfigKey& key : config_keys()) {
    if (key.secret) continue;
    if (key.is_switch())
      app.add_flag(key.flag())->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    else
      app.add_option(key.flag())->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
    app.parse(reversed);
  } catch (const CLI::ArgumentMismatch& error) {
    // "--listen: 1 required  missing"
    const std::string_view text = error.what();
    return std::string(text.substr(0, text.find(':'))) + ": needs a value";
  } catch (const CLI::ParseError& error) {
    return std::string(error.what());
  }
  // Somebody who asks for help gets it, whatever else is on the line.
  line.action = help                   ? Action::help
                : version              ? Action::version
                : print                ? Action::print_config
                : check                ? Action::check_config
                : back_up->count() > 0 ? Action::back_up
                : restore->count() > 0 ? Action::restore
                                       : Action::run;
  if (help || version) return line;
  if (const auto extras = app.remaining(); !extras.empty()) return unknown_argument(extras.front(), app);
  for (const ConfigKey& key : config_keys()) {
    if (key.secret) continue;
    const CLI::Option* option = app.get_option(key.flag());
    if (option->count() > 0) line.values[std::string(key.name)] = option->results().back();
  }
  return line;
}

Failure read_file(const std::string& path, std::string& text) {
  text.resize(kMaxFileBytes + 1);
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (in.is_open()) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return path + ": cannot be read: " + std::strerror(errno);
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) return path + ": is larger than 1 MiB; is this the configuration file?";
  return std::nullopt;
}

class Loader {
 public:
  explicit Loader(LoadedConfig& out) : out_(out) {}

  Failure apply_file(const std::string& path) {
    std::string text;
    if (auto failure = read_file(path, text)) return failure;
    auto entries = parse_config_file(text);
    if (!entries) return place(path, entries.error().line) + ": " + entries.error().text;
    for (const FileEntry& entry : *entries) {
      const std::string where = place(path, entry.line);
      const ConfigKey* key = find_key(entry.key);
      if (key == nullptr) {
        std::vector<std::string> names;
        for (const ConfigKey& known : config_keys())
          names.emplace_back(known.name);
        return where + ": " + entry.key + " is not a setting" + did_you_mean(entry.key, names);
      }
      if (entry.array && !key->list) return where + ": " + entry.key + ": takes one value, not a list";
      if (auto failure = apply(*key, entry.value, where, where + ": " + entry.key)) return failure;
    }
    return std::nullopt;
  }

  Failure apply_environment(const Environment& environment) {
    for (const auto& [name, value] : environment) {
      if (name == "SOTTO_CONFIG") continue;
      const auto& keys = config_keys();
      const auto key = std::find_if(keys.begin(), keys.end(),
                                    [&name = name](const auto& k) { return k.environment() == name; });
      if (key == keys.end()) {
        std::vector<std::string> names{"SOTTO_CONFIG"};
        for (const ConfigKey& known : keys)
          names.push_back(known.environment());
        if (const auto near = closest(name, names))
          out_.warnings.push_back(name + " is in the environment but is not a setting; did you mean " +
                                  *near + "?");
        continue;
      }
      if (auto failure = apply(*key, value, name, name)) return failure;
    }
    return std::nullopt;
  }

  Failure apply_command_line(const CommandLine& line) {
    for (const auto& [name, value] : line.values) {
      const ConfigKey& key = *find_key(name);
      if (auto failure = apply(key, value, key.flag(), key.flag())) return failure;
    }
    return std::nullopt;
  }

 private:
  static std::string place(const std::string& path, std::size_t line) {
    return path + ":" + std::to_string(line);
  }

  Failure apply(const ConfigKey& key, const std::string& value, const std::string& origin,
                const std::string& name) {
    if (auto problem = key.set(out_.config, value)) return name + ": " + *problem;
    out_.origins[std::string(key.name)] = origin;
    return std::nullopt;
  }

  LoadedConfig& out_;
};

void apply_dev_defaults(Config& config) {
  config.dev = true;
  config.data = "sotto-dev-data";  // never by accident the data of a real server
  config.messages_per_second = 0;
  config.message_bytes_per_second = 0;
  config.rest_reads_per_second = 0;
  config.rest_writes_per_second = 0;
  config.logins_per_minute = 0;
  config.otp_per_hour = 0;
  config.contact_lookups_per_day = 0;
}

// check_config names keys; whoever set the key is told where.
std::string with_origin(std::string problem, const LoadedConfig& loaded) {
  const auto name = problem.substr(0, problem.find_first_of(": "));
  const auto origin = loaded.origins.find(name);
  if (origin == loaded.origins.end() || origin->second.find(':') == std::string::npos) return problem;
  return origin->second + ": " + problem;
}

}  // namespace

Environment sotto_environment() {
  Environment found;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (text.starts_with("SOTTO_") && equals != std::string_view::npos)
      found.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return found;
}

Result<LoadedConfig, std::string> load_config(const std::vector<std::string>& arguments,
                                              const Environment& environment) {
  auto line = parse_command_line(arguments);
  if (!line) return line.error();
  LoadedConfig loaded;
  loaded.action = line->action;
  loaded.file = line->backup;
  if (loaded.action == Action::help || loaded.action == Action::version) return loaded;

  if (line->dev) apply_dev_defaults(loaded.config);
  std::string file = line->file;
  if (const auto variable = environment.find("SOTTO_CONFIG"); file.empty() && variable != environment.end())
    file = variable->second;
  Loader loader(loaded);
  if (!file.empty())
    if (auto failure = loader.apply_file(file)) return *failure;
  if (auto failure = loader.apply_environment(environment)) return *failure;
  if (auto failure = loader.apply_command_line(*line)) return *failure;
  if (auto problem = check_config(loaded.config)) return with_origin(*problem, loaded);
  for (const auto* secret : {&loaded.config.metrics_token, &loaded.config.otp_webhook_secret})
    if (!secret->empty() && secret->size() < kStrongSecret)
      loaded.warnings.push_back(
          std::string(secret == &loaded.config.metrics_token ? "metrics_token" : "otp_webhook_secret") +
          " is short enough to be guessed; 16 random characters are not");
  return loaded;
}

}  // namespace sotto::server

// How the configuration is shown to people: --help and --print-config.
#include <algorithm>

#include "server/config/keys.hpp"
#include "server/config/load.hpp"

namespace sotto::server {
namespace {

constexpr std::size_t kWidth = 100;  // of a line, in a usual terminal
constexpr std::size_t kIndent = 4;   // of an explanation below its flag

void append_wrapped(std::string& out, std::string_view text) {
  const std::string indent(kIndent, ' ');
  while (!text.empty()) {
    std::size_t end = text.size();
    if (text.size() > kWidth - kIndent) {
      end = text.rfind(' ', kWidth - kIndent);
      if (end == std::string_view::npos) end = std::min(text.find(' '), text.size());
    }
    out += indent;
    out += text.substr(0, end);
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string default_note(const ConfigKey& key) {
  const std::string value = key.get(Config{});
  if (key.secret || key.is_switch() || value.empty()) return "";
  return "  [" + value + "]";
}

void append_key(std::string& out, const ConfigKey& key) {
  out += "  ";
  if (key.secret) {
    out += key.environment() + ", or " + std::string(key.name) + " in the file; not a flag";
  } else {
    out += key.flag();
    if (!key.is_switch()) out += " " + std::string(key.value);
    out += default_note(key);
  }
  out += '\n';
  append_wrapped(out, key.help);
}

std::string format_value(const ConfigKey& key, const std::string& value) {
  if (key.list) {
    std::string out = "[";
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(", "), rest.size());
      out += (out.size() == 1 ? "\"" : ", \"") + std::string(rest.substr(0, comma)) + "\"";
      rest.remove_prefix(std::min(comma + 2, rest.size()));
    }
    return out + "]";
  }
  if (!key.quoted) return value;
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string help_text() {
  std::string out =
      "sotto-server: the Sotto chat server. With no options it listens on 127.0.0.1:7070 and keeps its\n"
      "data in ./sotto-data.\n"
      "\n"
      "Usage: sotto-server [options]\n"
      "\n"
      "  sotto-server --dev --listen 127.0.0.1:7070        to try it out: the code 000000 signs anyone in\n"
      "  sotto-server --config /etc/sotto/server.toml      for real\n"
      "\n"
      "Every setting below is a flag (--max-group-members 500), a variable in the environment\n"
      "(SOTTO_MAX_GROUP_MEMBERS=500) and a line of the file (max_group_members = 500). A flag goes\n"
      "before the environment, that before the file, that before the default, which is shown in [brackets].\n"
      "Durations are written 500ms, 90s, 5m, 1h, 2d; sizes 65536, 64KiB, 1MiB; lists a,b,c.\n"
      "\n"
      "General\n"
      "  --config FILE\n"
      "    Read settings from this file (also SOTTO_CONFIG)\n"
      "  --dev\n"
      "    For development: loopback only, the code 000000 for any number, no rate limits unless given,\n"
      "    data in ./sotto-dev-data\n"
      "  --check-config\n"
      "    Say whether the configuration is right, and end\n"
      "  --print-config\n"
      "    Print the configuration as a file, without secrets, and end\n"
      "  --backup FILE\n"
      "    Write the database into FILE, which must not exist, and end; the server may run meanwhile\n"
      "  --restore FILE\n"
      "    Put a backup in the database's place and end; the server must not run. The database that was\n"
      "    there is kept under another name\n"
      "  --version\n"
      "  --help, -h\n";
  std::string_view group;
  for (const ConfigKey& key : config_keys()) {
    if (key.group != group) {
      group = key.group;
      out += "\n" + std::string(group) + "\n";
    }
    append_key(out, key);
  }
  out +=
      "\n"
      "SIGTERM and SIGINT end the server after telling its clients; a second one ends it at once.\n"
      "SIGHUP reads the TLS certificate again.\n"
      "Exit status: 0 ended as asked, 1 could not start or go on, 2 wrong configuration.\n";
  return out;
}

std::string format_config(const LoadedConfig& loaded) {
  std::string out = loaded.config.dev ? "# with --dev, which is a flag only\n" : "";
  std::string_view group;
  for (const ConfigKey& key : config_keys()) {
    if (key.group != group) {
      group = key.group;
      out += (out.empty() ? "# " : "\n# ") + std::string(group) + "\n";
    }
    const std::string value = key.get(loaded.config);
    if (key.secret)
      out += "# " + std::string(key.name) + (value.empty() ? " is not set" : " is set, and not shown");
    else
      out += std::string(key.name) + " = " + format_value(key, value);
    if (const auto origin = loaded.origins.find(key.name); origin != loaded.origins.end())
      out += "  # " + origin->second;
    out += '\n';
  }
  return out;
}

}  // namespace sotto::server

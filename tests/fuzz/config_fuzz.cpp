// The configuration file and the values in it: a problem names its line, and there is such a line.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "server/config/address.hpp"
#include "server/config/file.hpp"
#include "server/config/keys.hpp"
#include "server/config/values.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::server;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  const auto entries = parse_config_file(text);
  if (!entries.ok()) {
    if (entries.error().text.empty() || entries.error().line > lines) std::abort();
  } else {
    for (const FileEntry& entry : *entries) {
      if (entry.line == 0 || entry.line > lines || entry.key.empty()) std::abort();
      (void)parse_duration(entry.value);
      (void)parse_size(entry.value);
      (void)parse_truth(entry.value);
      (void)parse_address(entry.value);
      (void)parse_address_range(entry.value);
      (void)parse_endpoint(entry.value);
      Config config;
      if (const ConfigKey* key = find_key(entry.key)) (void)key->set(config, entry.value);
      (void)check_config(config);
    }
  }
  return 0;
}

// sotto-server: reads its configuration, starts, waits for a signal, ends.
#include <array>
#include <ctime>
#include <iostream>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <sodium.h>

#include "base/random.hpp"
#include "server/adapters/embedded/backup.hpp"
#include "server/config/load.hpp"
#include "server/gateway/net/tls_context.hpp"
#include "server/logging/log.hpp"
#include "server/process/certificate.hpp"
#include "server/process/data_folder.hpp"
#include "server/process/server_process.hpp"
#include "server/process/signals.hpp"

namespace {

using namespace sotto::server;

constexpr int kFailed = 1;
constexpr int kWrongConfiguration = 2;
constexpr const char* kVersion = SOTTO_VERSION;

int fail(int status, const std::string& line) {
  log::stop();
  std::cerr << "sotto-server: " << line << std::endl;
  return status;
}

int check(const Config& config) {
  if (!config.tls_certificate.empty()) {
    const auto tls = TlsContext::load(config.tls_certificate, config.tls_private_key);
    if (!tls) return fail(kWrongConfiguration, tls.error());
    if (const auto warning = certificate_warning(config.tls_certificate, sotto::wall_clock_now()))
      std::cout << "warning: " << *warning << "\n";
  }
  std::cout << "the configuration is good\n";
  return 0;
}

std::string database_of(const Config& config) {
  return config.data + "/" + std::string(kDatabaseName);
}

std::string utc_text(sotto::Timestamp time) {
  const auto seconds = static_cast<std::time_t>(sotto::to_unix_ms(time) / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &utc)};
}

void describe(const BackupFacts& facts) {
  if (facts.empty) {
    std::cout << "nothing has been stored in it yet\n";
  } else {
    std::cout << "the newest thing in it is of " << utc_text(facts.newest) << "\n";
  }
}

int back_up_into(const LoadedConfig& loaded) {
  umask(0077);
  const auto made = back_up(database_of(loaded.config), loaded.file);
  if (!made) return fail(kFailed, made.error().text);
  std::cout << "backed up " << database_of(loaded.config) << " to " << loaded.file << "\n";
  describe(*made);
  return 0;
}

int restore_from(const LoadedConfig& loaded) {
  umask(0077);
  if (const auto problem = prepare_data_folder(loaded.config.data)) return fail(kFailed, *problem);
  const std::string database = database_of(loaded.config);
  const auto restored = restore(loaded.file, database, sotto::wall_clock_now(), sotto::system_random());
  if (!restored) return fail(kFailed, restored.error().text);
  std::cout << "restored " << loaded.file << " to " << database << "\n";
  describe(restored->backup);
  if (restored->kept) std::cout << "the database that was there is kept as " << *restored->kept << "\n";
  return 0;
}

void warn_of_oddities(const LoadedConfig& loaded) {
  for (const std::string& warning : loaded.warnings)
    log::warn("configuration", {{"warning", log::text(warning)}});
  if (loaded.config.dev)
    log::warn("development_mode", {{"warning", "anyone can sign in as anyone with the code 000000"}});
}

int run(const LoadedConfig& loaded) {
  umask(0077);  // what is made from here on, the database first of all, is its owner's only
  block_signals();
  log::start({.level = loaded.config.log_level, .format = loaded.config.log_format});
  auto server = ServerProcess::start(loaded.config, kVersion);
  if (!server) return fail(kFailed, server.error());
  warn_of_oddities(loaded);

  const std::string url = (*server)->url();
  log::info("started", {{"version", log::text(kVersion)},
                        {"url", log::text(url)},
                        {"data", log::text(loaded.config.data)},
                        {"dev", loaded.config.dev}});
  if (loaded.config.dev)
    std::cout << "*** DEVELOPMENT MODE: anyone can sign in as anyone with the code 000000 ***\n";
  // Scripts wait for this line and read the port from it.
  std::cout << "sotto-server ready on " << url << std::endl;

  while (wait_for_signal() == Signal::reload)
    (*server)->reload();
  log::info("stopping");
  stop_at_once_on_next_signal();
  (*server)->shut_down();
  log::info("stopped");
  log::stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (sodium_init() < 0) return fail(kFailed, "libsodium cannot be initialized");
  const auto loaded = load_config(std::vector<std::string>(argv + 1, argv + argc), sotto_environment());
  if (!loaded) return fail(kWrongConfiguration, loaded.error());
  switch (loaded->action) {
    case Action::help:
      std::cout << help_text();
      return 0;
    case Action::version:
      std::cout << "sotto-server " << kVersion << "\n";
      return 0;
    case Action::print_config:
      std::cout << format_config(*loaded);
      return 0;
    case Action::check_config:
      return check(loaded->config);
    case Action::back_up:
      return back_up_into(*loaded);
    case Action::restore:
      return restore_from(*loaded);
    case Action::run:
      break;
  }
  return run(*loaded);
}

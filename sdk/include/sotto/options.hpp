// What a Client is opened with.
//
//   ClientOptions options;
//   options.server_url = "https://chat.example.org";
//   options.directory = app_data_directory / "sotto";
//   options.key = StoreKey::raw(key_from_keychain);
//   auto client = Client::open(options);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sotto/time.hpp"

namespace sotto {

/// What opens the local database. The library never stores a key. A lost key cannot be recovered.
struct StoreKey {
  enum class Kind : std::uint8_t {
    none,        ///< not encrypted: tests, or a disk that already is
    raw,         ///< 32 random bytes from the system's keychain
    passphrase,  ///< typed by a person; stretched with Argon2id, which takes about half a second
  };

  Kind kind = Kind::none;
  std::vector<std::uint8_t> bytes;

  static StoreKey none() { return {}; }
  static StoreKey raw(std::vector<std::uint8_t> key) { return {Kind::raw, std::move(key)}; }
  static StoreKey passphrase(std::string_view text) {
    return {Kind::passphrase, std::vector<std::uint8_t>(text.begin(), text.end())};
  }
};

struct ClientOptions {
  /// "https://host[:port]" or, for a server on this machine or behind your own TLS, "http://host[:port]".
  /// A store belongs to the server that its account is at: another address is `store_other_server`, and no
  /// token ever goes there.
  std::string server_url{};
  /// That server has a new address, which `server_url` is. Say so only when a person has: the account's
  /// tokens go to it.
  bool server_moved = false;
  /// Where the account's database lives; made if it is missing. One directory is one account on one device,
  /// open in one process at a time (ErrorCode::store_in_use).
  std::filesystem::path directory{};
  StoreKey key{};

  /// The device's name in the account's list of devices.
  std::string device_name = "sotto";
  /// Sent as User-Agent.
  std::string user_agent{};
  /// PEM text of the roots to trust. Empty: those of the system.
  std::string trusted_roots_pem{};

  /// How long a message waits for a connection before it expires. A message may bring its own time.
  std::chrono::hours outbox_expiry{24};
  /// Events kept for an app that does not poll. Past this the oldest are dropped and EventsDropped says how
  /// many; views lose nothing.
  std::size_t max_pending_events = 10'000;
};

}  // namespace sotto

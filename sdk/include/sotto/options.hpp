// Options of Client::open.
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

/// The key of the local database. The library never stores a key. A lost key cannot be recovered.
struct StoreKey {
  enum class Kind : std::uint8_t {
    none,        ///< not encrypted: for tests, or on an encrypted disk
    raw,         ///< 32 random bytes, kept in the system's keychain
    passphrase,  ///< typed by the user; Argon2id derives the key, which takes about half a second
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
  /// "https://host[:port]"; or "http://host[:port]" for a server on this machine or behind your own TLS.
  /// A database belongs to the server of its account. Opening it with another address fails with
  /// `store_other_server`, and no token is sent there.
  std::string server_url{};
  /// The account's server has moved to `server_url`. Set this only when the user has confirmed it: the
  /// account's tokens are sent there.
  bool server_moved = false;
  /// The directory of the account's database; created if it is missing. One directory holds one account on
  /// one device, and one process at a time may open it (ErrorCode::store_in_use).
  std::filesystem::path directory{};
  StoreKey key{};

  /// The device's name in the account's list of devices.
  std::string device_name = "sotto";
  /// Sent as User-Agent.
  std::string user_agent{};
  /// The root certificates to trust, in PEM. Empty: those of the system.
  std::string trusted_roots_pem{};

  /// How long a message may wait to be sent before it expires. OutgoingMessage::expires_after overrides it.
  std::chrono::hours outbox_expiry{24};
  /// Events kept for an app that does not poll. Above this the oldest are dropped, and EventsDropped says how
  /// many. Views lose nothing.
  std::size_t max_pending_events = 10'000;
};

}  // namespace sotto

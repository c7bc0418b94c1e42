// Where `sotto` keeps an account: a directory with the encrypted database, its key, and the server it belongs
// to.
//
//   ProfileArguments arguments;
//   arguments.profile = "anna";
//   arguments.server = "https://chat.example.org";
//   auto profile = find_profile(arguments);
//   auto client = open_profile(*profile, arguments);
//
// The key is made at random at first and lies beside the database as `store.key`, readable by its owner
// alone: it protects a copy of the database (a backup, a synced folder) but not from who can read the whole
// directory. With SOTTO_PASSPHRASE set the key is derived from that instead and lies nowhere.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "sotto/client.hpp"

namespace sotto::cli {

struct ProfileArguments {
  std::filesystem::path store;  ///< the directory; "" for the profile's own
  std::string profile = "default";
  std::string server;         ///< "" for the one used last
  bool server_moved = false;  ///< `server` is a new address of the account's server
  bool insecure = false;      ///< http:// to another machine is meant
  std::string trusted_roots_file;
};

/// `$XDG_DATA_HOME/sotto/NAME`, or `~/.local/share/sotto/NAME`.
std::filesystem::path profile_directory(const std::string& name);

/// A place for an account, and its server.
struct ProfilePlace {
  std::filesystem::path directory;
  std::string server;
};

/// Makes the directory where it is missing. Refuses http:// to another machine, which sends codes and tokens in
/// the clear, unless it is meant. Errors say what to do next.
Result<ProfilePlace> find_profile(const ProfileArguments& arguments);

/// Opens the account, making its key where there is none. From now on its server is remembered.
Result<std::unique_ptr<Client>> open_profile(const ProfilePlace& profile, const ProfileArguments& arguments);

/// Whether an address is of this machine: localhost, 127.0.0.0/8, ::1.
bool is_on_this_machine(const std::string& server);

}  // namespace sotto::cli

// Where `sotto` keeps an account: a directory with the encrypted database, its key, and the server it belongs
// to.
//
//   auto client = open_profile({.store = "", .profile = "anna", .server = "http://127.0.0.1:8080"});
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
  std::string server;  ///< "" for the one used last
  std::string trusted_roots_file;
};

/// `$XDG_DATA_HOME/sotto/NAME`, or `~/.local/share/sotto/NAME`.
std::filesystem::path profile_directory(const std::string& name);

/// Opens the account, making directory and key where they are missing. Errors say what to do next.
Result<std::unique_ptr<Client>> open_profile(const ProfileArguments& arguments);

}  // namespace sotto::cli

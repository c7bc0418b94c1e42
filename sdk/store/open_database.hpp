// The one place that decides what lies between SQLite and the disk: nothing, or the encrypting VFS.
#pragma once

#include <filesystem>

#include "base/random.hpp"
#include "sotto/error.hpp"
#include "sotto/options.hpp"
#include "sotto/result.hpp"
#include "sqlite/database.hpp"

namespace sotto::store {

struct StoreOptions {
  /// Made if it is missing. Empty: in memory (tests, simulation), without encryption.
  std::filesystem::path directory;
  StoreKey key;
  /// Simulation: the SQLite VFS at the bottom, and where nonces come from. nullptr: the system's.
  const char* base_vfs = nullptr;
  Random* random = nullptr;
};

/// The database file of the directory, alone with it (another process gets `store_in_use`), tuned.
Result<sqlite::Database> open_database(const StoreOptions& options);

}  // namespace sotto::store

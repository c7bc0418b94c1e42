// Everything a device keeps: one SQLite database in the account's directory.
//
//   Result<std::unique_ptr<Store>> store = Store::open({.directory = dir, .key = StoreKey::none()});
//
// One writer connection, with synchronous=FULL: what a commit has confirmed survives power loss. The schema
// is in schema.cpp; the tables are used through the classes of this folder (README.md has the order to read
// them in).
//
// Thread rules: one thread at a time.
#pragma once

#include <filesystem>
#include <memory>

#include "sotto/error.hpp"
#include "sotto/options.hpp"
#include "sotto/result.hpp"

namespace sotto::store {

struct StoreOptions {
  /// Made if it is missing. Empty: in memory (tests, simulation).
  std::filesystem::path directory;
  StoreKey key;
};

class Store {
 public:
  /// Opens, and brings the schema up to date. Fails with one of the `store_` errors; nothing is deleted.
  static Result<std::unique_ptr<Store>> open(StoreOptions options);

  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  /// Closes all files; no lock is held afterwards (suspend). `reopen` opens them again.
  void close();
  Result<void> reopen();
  [[nodiscard]] bool is_open() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::store

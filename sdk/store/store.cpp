#include "sdk/store/store.hpp"

#include "sdk/store/schema.hpp"

namespace sotto::store {
namespace {

Error to_error(const sqlite::MigrationError& error) {
  switch (error.kind) {
    case sqlite::MigrationError::Kind::newer_schema:
      return {ErrorCode::store_newer_schema, error.cause.text};
    case sqlite::MigrationError::Kind::not_ours:
      return {ErrorCode::store_not_sotto, error.cause.text};
    case sqlite::MigrationError::Kind::failed:
      break;
  }
  return store::to_error(error.cause);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(StoreOptions options) {
  std::unique_ptr<Store> store(new Store(std::move(options)));
  if (auto opened = store->open_files(); !opened) return opened.error();
  return store;
}

Result<void> Store::open_files() {
  auto database = open_database(options_);
  if (!database) return database.error();
  if (auto migrated = sqlite::migrate(*database, schema()); !migrated) return to_error(migrated.error());
  db.open(std::move(*database));
  return {};
}

void Store::close() {
  if (!options_.directory.empty()) db.close();
}

Result<void> Store::reopen() {
  if (db.is_open()) return {};
  return open_files();
}

}  // namespace sotto::store

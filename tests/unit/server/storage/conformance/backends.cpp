// The databases that are tested.
#include <cstdlib>

#include "server/adapters/sqlite/open.hpp"
#include "server/adapters/sqlite/sqlite_store.hpp"
#include "tests/unit/server/storage/conformance/backend.hpp"

namespace sotto::server {
namespace {

template <class T>
T opened(Result<T, OpenError> result) {
  if (result) return *std::move(result);
  ADD_FAILURE() << result.error().text;
  std::abort();
}

Backend sqlite_backend() {
  return {"Sqlite",
          [](const std::string& path) {
            auto database = opened(open_database(path, from_unix_ms(1'790'000'000'000), system_random()));
            return std::make_unique<SqliteStore>(std::move(database.writer), SqliteStore::Role::writer);
          },
          [](const std::string& path) {
            return std::make_unique<SqliteStore>(opened(open_reader(path)), SqliteStore::Role::reader);
          }};
}

INSTANTIATE_TEST_SUITE_P(Backends, StoreConformance, ::testing::ValuesIn(backends()), name_of);

}  // namespace

std::vector<Backend> backends() {
  return {sqlite_backend()};
}

}  // namespace sotto::server

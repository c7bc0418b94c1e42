#include "server/adapters/embedded/embedded_storage.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "server/adapters/sqlite/sqlite_store.hpp"

namespace sotto::server {

namespace {
/// The file holds messages and the key of access tokens: nobody else's business. SQLite makes its log and the
/// like with the same rights. What cannot be made here is reported when it is opened.
void make_private(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}
}  // namespace

Result<std::unique_ptr<EmbeddedStorage>, OpenError> EmbeddedStorage::open(EmbeddedOptions options) {
  const std::string& path = options.path;
  make_private(path);
  std::optional<FileLock> lock = FileLock::take(path + ".lock");
  if (!lock) {
    return OpenError{"database " + path +
                     ": is in use by another process, or its folder is not there or read-only"};
  }
  Random& random = options.threads.random != nullptr ? *options.threads.random : system_random();
  Result<OpenedDatabase, OpenError> opened = open_database(path, options.threads.clock(), random);
  if (!opened) return opened.error();
  OpenedStores stores;
  stores.writer = std::make_unique<SqliteStore>(std::move(opened->writer), SqliteStore::Role::writer);
  stores.token_key = std::move(opened->token_key);
  stores.last_id = opened->last_id;
  for (unsigned i = 0; i < options.readers; ++i) {
    Result<sqlite::Database, OpenError> reader = open_reader(path);
    if (!reader) return reader.error();
    stores.readers.push_back(std::make_unique<SqliteStore>(*std::move(reader), SqliteStore::Role::reader));
  }
  return std::unique_ptr<EmbeddedStorage>(
      new EmbeddedStorage(*std::move(lock), std::move(stores), std::move(options.threads)));
}

}  // namespace sotto::server

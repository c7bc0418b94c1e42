#include "sdk/store/open_database.hpp"

#include <string>
#include <system_error>

#include "sdk/store/connection.hpp"
#include "sdk/store/vfs/open_encrypted.hpp"
#include "sqlite/tuning.hpp"

namespace sotto::store {
namespace {

constexpr const char* kFileName = "sotto.db";
constexpr const char* kWalFileName = "sotto.db-wal";
constexpr const char* kKeyFileName = "sotto.db-key";  // of the encrypting VFS

std::string to_utf8(const std::filesystem::path& path) {
  const std::u8string utf8 = path.u8string();
  return {utf8.begin(), utf8.end()};
}

vfs::DatabaseKey to_database_key(const StoreKey& key) {
  SecretBytes bytes{ByteView(key.bytes)};
  switch (key.kind) {
    case StoreKey::Kind::raw:
      return vfs::DatabaseKey::raw(std::move(bytes));
    case StoreKey::Kind::passphrase:
      return vfs::DatabaseKey::passphrase(std::move(bytes));
    case StoreKey::Kind::none:
      break;
  }
  return {};
}

sqlite::Tuning tuning() {
  sqlite::Tuning tuning;
  tuning.exclusive = true;
  // Whoever has the file open keeps it: waiting would only delay the answer.
  tuning.busy_timeout = Milliseconds(0);
  tuning.secure_delete = true;
  return tuning;
}

/// What is inside is nobody else's business, whatever the umask says. Best effort: not every file system
/// knows owners. The log comes to be with the permissions of the database.
void keep_to_owner(const std::filesystem::path& path, std::filesystem::perms permissions) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) std::filesystem::permissions(path, permissions, ignored);
}

Result<sqlite::Database> open_plain(const std::string& path, const char* vfs) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::create, vfs);
  if (!database) return to_error(database.error());
  if (auto tuned = sqlite::tune(*database, tuning()); !tuned) return to_error(tuned.error());
  return std::move(*database);
}

Result<sqlite::Database> open_in_directory(const StoreOptions& options) {
  const std::string path = to_utf8(options.directory / kFileName);
  if (options.key.kind != StoreKey::Kind::none) {
    vfs::EncryptedOptions encrypted;
    encrypted.tuning = tuning();
    encrypted.base_vfs = options.base_vfs;
    encrypted.random = options.random;
    return vfs::open_encrypted(path, to_database_key(options.key), encrypted);
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.directory / kKeyFileName, ignored))
    return Error(ErrorCode::store_key_missing, "the database is encrypted and no key was given");
  return open_plain(path, options.base_vfs);
}

}  // namespace

Result<sqlite::Database> open_database(const StoreOptions& options) {
  if (options.directory.empty()) return open_plain(":memory:", nullptr);
  if (options.base_vfs != nullptr) return open_in_directory(options);
  using std::filesystem::perms;
  std::error_code failed;
  if (std::filesystem::create_directories(options.directory, failed))
    keep_to_owner(options.directory, perms::owner_all);
  if (failed) return Error(ErrorCode::store_failed, "cannot make the directory: " + failed.message());
  auto database = open_in_directory(options);
  if (!database) return database;  // what we could not open may be somebody else's
  for (const char* name : {kFileName, kWalFileName, kKeyFileName})
    keep_to_owner(options.directory / name, perms::owner_read | perms::owner_write);
  return database;
}

}  // namespace sotto::store

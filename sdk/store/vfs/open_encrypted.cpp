#include "sdk/store/vfs/open_encrypted.hpp"

#include <optional>
#include <vector>

#include <sqlite3.h>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/encrypted_vfs.hpp"
#include "sdk/store/vfs/key_store.hpp"
#include "sdk/store/vfs/raw_file.hpp"

namespace sotto::vfs {
namespace {

Random& random_of(const EncryptedOptions& options) {
  return options.random != nullptr ? *options.random : system_random();
}

struct Place {
  sqlite3_vfs* base;
  std::string path;  // in full, as SQLite will name it
};

Result<Place> find_place(const std::string& path, const EncryptedOptions& options) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return Error(ErrorCode::invalid_argument, "a database path is empty or has a zero byte");
  }
  sqlite3_vfs* base = sqlite3_vfs_find(options.base_vfs);
  if (base == nullptr) return Error(ErrorCode::invalid_argument, "there is no such VFS");
  std::vector<char> full(static_cast<std::size_t>(base->mxPathname) + 1);
  const int code = base->xFullPathname(base, path.c_str(), base->mxPathname, full.data());
  // A symbolic link is followed; SQLite says so by a code of its own.
  if (code != SQLITE_OK && code != SQLITE_OK_SYMLINK) return disk_error(code, "finding " + path);
  return Place{base, full.data()};
}

/// Errors of the first accesses of a connection.
Error opening_error(const sqlite::SqliteError& error, const std::string& path) {
  Error out = to_error(error);
  out.message = "opening " + path + ": " + out.message;
  return out;
}

}  // namespace

Result<sqlite::Database> open_encrypted(const std::string& path, const DatabaseKey& key,
                                        const EncryptedOptions& options) {
  if (key.kind() == DatabaseKey::Kind::none) {
    return Error(ErrorCode::store_key_missing, "no key was given for " + path);
  }
  Result<Place> place = find_place(path, options);
  if (!place) return std::move(place).error();
  Random& random = random_of(options);

  KeyStore keys(place->base, place->path, random);
  const bool create = options.mode == sqlite::OpenMode::create;
  Result<OpenedKey> opened = keys.open(create, [&key, &random](const KeySlot* slot) {
    return slot != nullptr ? KeyWrap::derive(key, *slot) : KeyWrap::create(key, random);
  });
  if (!opened) return std::move(opened).error();

  const auto vfs = EncryptedVfs::create(place->base, place->path, *std::move(opened), random);
  if (vfs == nullptr) return Error(ErrorCode::internal, "SQLite took no further VFS");
  sqlite::SqliteResult<sqlite::Database> db = sqlite::Database::open(place->path, options.mode, vfs->name());
  if (!db) return opening_error(db.error(), path);

  // Before the first write: it decides the layout of a new database, and does nothing to an old one.
  int reserved = kReserved;
  const int code = sqlite3_file_control(db->handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  if (code != SQLITE_OK) return disk_error(code, "opening " + path);
  sqlite::SqliteResult<void> done = sqlite::tune(*db, options.tuning);
  if (!done) return opening_error(done.error(), path);
  // The first page is read here at the latest, and with it a log that a crash has left.
  sqlite::SqliteResult<std::int64_t> tables = db->scalar("SELECT count(*) FROM sqlite_schema");
  if (!tables) return opening_error(tables.error(), path);
  return *std::move(db);
}

Result<void> change_key(const std::string& path, const DatabaseKey& old_key, const DatabaseKey& new_key,
                        const EncryptedOptions& options) {
  Result<Place> place = find_place(path, options);
  if (!place) return std::move(place).error();
  Random& random = random_of(options);
  KeyStore keys(place->base, place->path, random);
  Result<OpenedKey> opened =
      keys.open(/*create=*/false, [&](const KeySlot* slot) { return KeyWrap::derive(old_key, *slot); });
  if (!opened) return std::move(opened).error();
  Result<KeyWrap> wrap = KeyWrap::create(new_key, random);
  if (!wrap) return std::move(wrap).error();
  return keys.change(opened->wrap, *wrap);
}

Error to_error(const sqlite::SqliteError& error) {
  ErrorCode code = ErrorCode::store_failed;
  switch (error.primary()) {
    case SQLITE_FULL:
      code = ErrorCode::store_full;
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      code = ErrorCode::store_in_use;
      break;
    // Every page that opens is one we wrote, so a page that SQLite cannot make sense of is an old one or a
    // fault of its own: damage either way. NOTADB is a first page that makes no sense.
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      code = ErrorCode::store_damaged;
      break;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      code = ErrorCode::internal;
      break;
    case SQLITE_INTERRUPT:
      code = ErrorCode::cancelled;
      break;
    case SQLITE_TOOBIG:
      code = ErrorCode::too_large;
      break;
    default:
      // SQLITE_IOERR_DATA is our layers' word for a page that does not open.
      if (error.code == SQLITE_IOERR_DATA) code = ErrorCode::store_damaged;
      break;
  }
  return {code, error.text + " (" + std::to_string(error.code) + ")"};
}

}  // namespace sotto::vfs

// Opens an SQLite database whose files hold no plaintext: XChaCha20-Poly1305, page by page.
//
//   Result<sqlite::Database> db = open_encrypted("/data/account.db", DatabaseKey::raw(std::move(key)));
//   if (!db && db.error().code == ErrorCode::store_key_wrong) ask_again();
//
// The database is three or four files: `account.db`, its log `account.db-wal` (or `-journal`), and
// `account.db-key`, which holds the database's own key wrapped with yours. They belong together; a copy needs
// them all. README.md says what this protects against, and what not.
//
// Errors, which are never mixed up and never delete anything:
//   store_key_missing   no key was given
//   store_key_wrong     the key file is whole and this key does not open it
//   store_damaged       a page, the log or the key file is not what was written, or the key file is gone
//   store_not_sotto     the file is a plain database, or none at all
//   store_in_use, store_full, store_failed, not_found, invalid_argument
// Damage can also come up later, when a page is read for the first time: then a statement fails with
// SQLITE_IOERR_DATA, which `to_error` turns into store_damaged.
#pragma once

#include <string>

#include "base/random.hpp"
#include "sdk/store/vfs/database_key.hpp"
#include "sotto/error.hpp"
#include "sqlite/database.hpp"
#include "sqlite/tuning.hpp"

namespace sotto::vfs {

struct EncryptedOptions {
  sqlite::OpenMode mode = sqlite::OpenMode::create;
  /// Exclusive: no "-shm" file, and another process gets `store_in_use`. `secure_delete` also keeps SQLite
  /// from leaving pages it never wrote inside the file; leave it on.
  sqlite::Tuning tuning{.exclusive = true, .secure_delete = true};
  /// The VFS underneath by name; nullptr: the system's.
  const char* base_vfs = nullptr;
  /// Of nonces and keys; nullptr: the system's. Anything else is for simulations, and has to outlive the
  /// connection.
  Random* random = nullptr;
};

/// `path` is UTF-8 and names a file.
Result<sqlite::Database> open_encrypted(const std::string& path, const DatabaseKey& key,
                                        const EncryptedOptions& options = {});

/// From now on `new_key` opens the database and `old_key` does not. Takes effect at once, also under open
/// connections; a crash half-way leaves a database that at least one of the two opens. Copies of the old key
/// file still open with the old key: if that has leaked, copy the content into a new database.
Result<void> change_key(const std::string& path, const DatabaseKey& old_key, const DatabaseKey& new_key,
                        const EncryptedOptions& options = {});

/// What an error of a connection from here means to the SDK's user.
Error to_error(const sqlite::SqliteError& error);

}  // namespace sotto::vfs

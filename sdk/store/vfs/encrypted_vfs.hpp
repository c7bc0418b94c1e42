// The SQLite VFS that encrypts: it hands every file of a database to its layer and everything else to the VFS
// underneath.
//
// One EncryptedVfs belongs to one connection and carries its key; SQLite finds it by its name. Each open file
// keeps it alive, so it goes when the connection's last file is closed, whoever outlives whom.
//
// - Temporary files are refused (SQLITE_CANTOPEN): SQLite writes them without reserved bytes. `temp_store =
//   MEMORY` keeps SQLite from asking.
// - Methods stop at version 2, without xFetch: nothing is ever mapped past the layers.
// - The "-shm" file of a WAL database that several connections share goes through as it is: it holds page
//   numbers, salts and the last commit's checksum, no content. An exclusive connection has none.
#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "sdk/store/vfs/key_store.hpp"

namespace sotto::vfs {

class EncryptedVfs {
 public:
  /// `path` (in full) opens with `opened.file_key`; other databases of the connection, as VACUUM INTO and
  /// ATTACH name them, with keys that the same wrap opens. Let go of the result once the connection has
  /// opened its files. nullptr: SQLite has no memory.
  static std::shared_ptr<EncryptedVfs> create(sqlite3_vfs* base, const std::string& path, OpenedKey opened,
                                              Random& random);
  ~EncryptedVfs();
  EncryptedVfs(const EncryptedVfs&) = delete;
  EncryptedVfs& operator=(const EncryptedVfs&) = delete;

  [[nodiscard]] const char* name() const { return name_.c_str(); }

 private:
  friend struct VfsMethods;
  EncryptedVfs(sqlite3_vfs* base, const std::string& path, OpenedKey opened, Random& random);

  std::shared_ptr<const SecretBytes> key_for(const char* path, bool create, int* code);

  std::weak_ptr<EncryptedVfs> self_;
  std::string name_;
  sqlite3_vfs* base_;
  sqlite3_vfs methods_{};
  KeyWrap wrap_;
  Random& random_;
  std::string path_;  ///< of the connection's main database
  std::shared_ptr<const SecretBytes> key_;
};

}  // namespace sotto::vfs

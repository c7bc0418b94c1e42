// A file opened straight through the VFS underneath, closed at the end of the block. For the key file, and
// for a look at a database before SQLite opens it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <sqlite3.h>

#include "sdk/store/vfs/layer.hpp"
#include "sotto/error.hpp"

namespace sotto::vfs {

class RawFile {
 public:
  /// `flags` as for sqlite3_vfs.xOpen.
  static Result<RawFile> open(sqlite3_vfs* base, const std::string& path, int flags);
  /// Bytes in the file, 0 if there is none.
  static Result<std::int64_t> size_of(sqlite3_vfs* base, const std::string& path, int type);
  static Result<bool> exists(sqlite3_vfs* base, const std::string& path);

  RawFile(RawFile&&) = default;
  RawFile& operator=(RawFile&&) = delete;
  ~RawFile();

  [[nodiscard]] BaseFile file() const { return BaseFile(handle()); }
  [[nodiscard]] sqlite3_file* handle() const { return reinterpret_cast<sqlite3_file*>(storage_.get()); }

 private:
  struct FreeName {
    void operator()(const char* name) const { sqlite3_free_filename(name); }
  };

  RawFile() = default;

  std::unique_ptr<std::max_align_t[]> storage_;  // the VFS says how large its file object is
  std::unique_ptr<const char, FreeName> name_;   // which may keep a pointer to the name
};

/// An SQLite result code of a file operation as the SDK's error; `what` says what was being done.
Error disk_error(int code, const std::string& what);

}  // namespace sotto::vfs

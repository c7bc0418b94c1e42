#include "sdk/store/vfs/raw_file.hpp"

#include <cstddef>
#include <cstring>

namespace sotto::vfs {

Result<RawFile> RawFile::open(sqlite3_vfs* base, const std::string& path, int flags) {
  RawFile out;
  // Not a plain string: a VFS may look for URI parameters behind the name.
  out.name_.reset(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr));
  const std::size_t units = (static_cast<std::size_t>(base->szOsFile) - 1) / sizeof(std::max_align_t) + 1;
  out.storage_ = std::make_unique<std::max_align_t[]>(units);
  const int code = base->xOpen(base, out.name_.get(), out.handle(), flags, nullptr);
  if (code != SQLITE_OK) return disk_error(code, "opening " + path);
  return out;
}

RawFile::~RawFile() {
  if (storage_ != nullptr && handle()->pMethods != nullptr) handle()->pMethods->xClose(handle());
}

Result<bool> RawFile::exists(sqlite3_vfs* base, const std::string& path) {
  int yes = 0;
  const int code = base->xAccess(base, path.c_str(), SQLITE_ACCESS_EXISTS, &yes);
  if (code != SQLITE_OK) return disk_error(code, "looking for " + path);
  return yes != 0;
}

Result<std::int64_t> RawFile::size_of(sqlite3_vfs* base, const std::string& path, int type) {
  Result<bool> there = exists(base, path);
  if (!there) return std::move(there).error();
  if (!*there) return std::int64_t{0};
  Result<RawFile> opened = open(base, path, type | SQLITE_OPEN_READONLY);
  if (!opened) return std::move(opened).error();
  std::int64_t size = 0;
  const int code = opened->file().size(&size);
  if (code != SQLITE_OK) return disk_error(code, "measuring " + path);
  return size;
}

Error disk_error(int code, const std::string& what) {
  const int primary = code & 0xff;
  const std::string text = what + ": " + sqlite3_errstr(code);
  if (primary == SQLITE_FULL) return Error(ErrorCode::store_full, text);
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return Error(ErrorCode::store_in_use, text);
  if (code == SQLITE_IOERR_DATA || primary == SQLITE_CORRUPT) return Error(ErrorCode::store_damaged, text);
  return Error(ErrorCode::store_failed, text + " (" + std::to_string(code) + ")");
}

}  // namespace sotto::vfs

#include "testkit/unsynced_vfs.hpp"

#include <map>
#include <memory>
#include <mutex>

#include <sqlite3.h>

namespace sotto::sim {

namespace {

constexpr char kName[] = "sotto-unsynced";

int sync_nothing(sqlite3_file*, int) {
  return SQLITE_OK;
}

/// The methods of the system's files with our own sync. There are a few sets, one for each way of locking,
/// and SQLite may use them for the life of the process.
const sqlite3_io_methods* without_sync(const sqlite3_io_methods* methods) {
  // Guards the map: each client opens its files on its own thread.
  static std::mutex mutex;
  static auto& known = *new std::map<const sqlite3_io_methods*, std::unique_ptr<sqlite3_io_methods>>;
  const std::lock_guard lock(mutex);
  auto& ours = known[methods];
  if (!ours) {
    ours = std::make_unique<sqlite3_io_methods>(*methods);
    ours->xSync = sync_nothing;
  }
  return ours.get();
}

sqlite3_vfs* below() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int result = below()->xOpen(below(), name, file, flags, out_flags);
  if (file->pMethods != nullptr) file->pMethods = without_sync(file->pMethods);
  return result;
}

int remove(sqlite3_vfs*, const char* name, int /*sync_folder*/) {
  return below()->xDelete(below(), name, 0);
}

}  // namespace

const char* unsynced_vfs() {
  static const bool registered = [] {
    static sqlite3_vfs vfs = *below();
    vfs.pNext = nullptr;
    vfs.zName = kName;
    vfs.xOpen = open;
    vfs.xDelete = remove;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return registered ? kName : nullptr;
}

}  // namespace sotto::sim

#include "server/adapters/sqlite/log/joined_log.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <new>
#include <vector>

#include <sqlite3.h>

namespace sotto::server {

/// The one underneath in all but name and `xOpen`.
struct JoinedLog::Vfs : sqlite3_vfs {
  sqlite3_vfs* base;
};

namespace {

constexpr int kFrameHeader = 24;
/// Where the header of a commit's last frame has the size of the database, and others have zeros.
constexpr int kDatabaseSize = 4;
/// Written at once; the rest of a commit follows. SQLite's files on Unix cannot write 128 KiB and more in one
/// call (os_unix.c cuts the length to 17 bits), and past this it would not get any faster.
constexpr std::size_t kMostBytes = std::size_t{64} << 10;
static_assert(kMostBytes < (std::size_t{128} << 10));

/// The log's file. Behind it, in the memory that SQLite gives, is the file of the VFS underneath.
class LogFile : public sqlite3_file {
 public:
  sqlite3_file* base() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  const sqlite3_io_methods& methods() { return *base()->pMethods; }

  int write(const void* data, int amount, sqlite3_int64 offset) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    const auto size = static_cast<std::size_t>(amount);
    const bool is_header = amount == kFrameHeader;
    if (is_header)
      in_last_frame_ =
          std::any_of(bytes + kDatabaseSize, bytes + kDatabaseSize + 4, [](auto b) { return b != 0; });
    const bool goes_on = offset == start_ + static_cast<sqlite3_int64>(waiting_.size());
    if (!goes_on || waiting_.size() + size > kMostBytes) {
      if (const int code = write_waiting(); code != SQLITE_OK) return code;
    }
    if (!goes_on) {
      start_ = offset + amount;
      return methods().xWrite(base(), data, amount, offset);
    }
    try {
      waiting_.insert(waiting_.end(), bytes, bytes + size);
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    return in_last_frame_ && !is_header ? write_waiting() : SQLITE_OK;
  }

  int write_waiting() {
    if (waiting_.empty()) return SQLITE_OK;
    const int amount = static_cast<int>(waiting_.size());
    const int code = methods().xWrite(base(), waiting_.data(), amount, start_);
    // After an error SQLite gives the commit up and starts again at its beginning.
    start_ += amount;
    waiting_.clear();
    return code;
  }

 private:
  std::vector<std::uint8_t> waiting_;
  sqlite3_int64 start_ = -1;  ///< where in the file `waiting_` belongs; nothing goes on from -1
  bool in_last_frame_ = false;
};
// SQLite aligns to 8 bytes, and so has the file behind ours.
static_assert(alignof(LogFile) <= 8 && sizeof(LogFile) % 8 == 0);

LogFile& log_of(sqlite3_file* file) {
  return *static_cast<LogFile*>(file);
}

int close(sqlite3_file* file) {
  LogFile& log = log_of(file);
  const int written = log.write_waiting();
  const int closed = log.methods().xClose(log.base());
  log.~LogFile();
  return written != SQLITE_OK ? written : closed;
}

int write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
  return log_of(file).write(data, amount, offset);
}

/// Anything else happens to the file as it should be by now.
template <auto method, class... T>
int written_first(sqlite3_file* file, T... values) {
  LogFile& log = log_of(file);
  if (const int code = log.write_waiting(); code != SQLITE_OK) return code;
  return (log.methods().*method)(log.base(), values...);
}

int sector_size(sqlite3_file* file) {
  return log_of(file).methods().xSectorSize(log_of(file).base());
}
int device_characteristics(sqlite3_file* file) {
  return log_of(file).methods().xDeviceCharacteristics(log_of(file).base());
}

constexpr sqlite3_io_methods make_methods() {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;  // shared memory belongs to the database's file
  methods.xClose = close;
  methods.xRead = written_first<&sqlite3_io_methods::xRead>;
  methods.xWrite = write;
  methods.xTruncate = written_first<&sqlite3_io_methods::xTruncate>;
  methods.xSync = written_first<&sqlite3_io_methods::xSync>;
  methods.xFileSize = written_first<&sqlite3_io_methods::xFileSize>;
  methods.xLock = written_first<&sqlite3_io_methods::xLock>;
  methods.xUnlock = written_first<&sqlite3_io_methods::xUnlock>;
  methods.xCheckReservedLock = written_first<&sqlite3_io_methods::xCheckReservedLock>;
  methods.xFileControl = written_first<&sqlite3_io_methods::xFileControl>;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = device_characteristics;
  return methods;
}
constexpr sqlite3_io_methods kLogMethods = make_methods();

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* base = static_cast<JoinedLog::Vfs*>(vfs)->base;
  if ((flags & SQLITE_OPEN_WAL) == 0) return base->xOpen(base, path, file, flags, out_flags);
  auto* log = new (file) LogFile;
  log->base()->pMethods = nullptr;
  const int code = base->xOpen(base, path, log->base(), flags, out_flags);
  if (code != SQLITE_OK) {
    if (log->base()->pMethods != nullptr) log->methods().xClose(log->base());
    log->~LogFile();
    file->pMethods = nullptr;
    return code;
  }
  log->pMethods = &kLogMethods;
  return SQLITE_OK;
}

std::string unique_name() {
  static std::atomic<std::uint64_t> next{1};
  return "sotto-joined-log-" + std::to_string(next.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

JoinedLog::JoinedLog(const char* base) : name_(unique_name()), vfs_(std::make_unique<Vfs>()) {
  sqlite3_initialize();
  sqlite3_vfs* found = sqlite3_vfs_find(base);
  static_cast<sqlite3_vfs&>(*vfs_) = *found;  // pAppData too: the functions underneath get what is theirs
  vfs_->base = found;
  vfs_->pNext = nullptr;
  vfs_->zName = name_.c_str();
  vfs_->szOsFile = found->szOsFile + static_cast<int>(sizeof(LogFile));
  vfs_->xOpen = open;
  sqlite3_vfs_register(vfs_.get(), 0);
}

JoinedLog::~JoinedLog() {
  sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace sotto::server

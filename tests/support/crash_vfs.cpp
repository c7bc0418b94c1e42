#include "tests/support/crash_vfs.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>
#include <span>

#include "tests/support/file_content.hpp"

namespace sotto::test {
namespace {

constexpr int kShmSlots = SQLITE_SHM_NLOCK;

struct ShmSlot {
  int shared = 0;
  bool exclusive = false;
};

}  // namespace

/// A file, whoever has it open.
struct CrashDisk::Node {
  FileContent durable;  ///< after the last sync
  FileContent now;      ///< what readers see
  std::vector<Change> pending;
  bool created = false;  ///< its name has survived a sync

  int shared = 0;
  const Handle* reserved = nullptr;
  const Handle* exclusive = nullptr;  ///< pending counts as exclusive for newcomers

  std::vector<std::unique_ptr<std::uint8_t[]>> regions;
  std::array<ShmSlot, kShmSlots> slots;

  [[nodiscard]] std::shared_ptr<Node> content_only() const {
    auto copy = std::make_shared<Node>();
    copy->durable = durable;
    copy->now = now;
    copy->pending = pending;
    copy->created = created;
    return copy;
  }
};

/// An open file, where SQLite keeps it.
struct CrashDisk::Handle {
  sqlite3_file sqlite{};
  CrashDisk* disk = nullptr;
  std::shared_ptr<Node> node;
  std::uint64_t boot = 0;
  int level = SQLITE_LOCK_NONE;
  std::array<ShmSlot, kShmSlots> held;

  [[nodiscard]] bool alive() const { return !disk->off_ && boot == disk->boot_; }
};

struct CrashMethods {
  using Handle = CrashDisk::Handle;
  using Node = CrashDisk::Node;
  using Change = CrashDisk::Change;
  using Lock = std::lock_guard<std::mutex>;

  static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static CrashDisk& of(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }

  // --- files ---

  static int close(sqlite3_file* file) {
    Handle& handle = of(file);
    {
      const Lock lock(handle.disk->mutex_);
      release(handle, SQLITE_LOCK_NONE);
      release_shm(handle);
    }
    handle.~Handle();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* out, int amount, sqlite3_int64 offset) {
    Handle& handle = of(file);
    CrashDisk& disk = *handle.disk;
    const Lock lock(disk.mutex_);
    if (!handle.alive()) return SQLITE_IOERR_READ;
    if (disk.fault_ == CrashDisk::Fault::read && --disk.countdown_ == 0) {
      disk.struck_ = true;
      return SQLITE_IOERR_READ;
    }
    const std::span<std::uint8_t> all(static_cast<std::uint8_t*>(out), static_cast<std::size_t>(amount));
    const std::size_t have = handle.node->now.read(static_cast<std::size_t>(offset), all);
    std::ranges::fill(all.subspan(have), std::uint8_t{0});
    return have == all.size() ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  static void apply(FileContent& content, const Change& change) {
    const auto offset = static_cast<std::size_t>(change.offset);
    if (change.truncate) {
      content.resize(offset);
    } else {
      content.write(offset, change.data);
    }
  }

  static int change(Handle& handle, Change change, int failure) {
    CrashDisk& disk = *handle.disk;
    const Lock lock(disk.mutex_);
    if (!handle.alive()) return failure;
    bool last = false;
    const int code = disk.count_change(&last);
    if (code != SQLITE_OK && !last) return code;
    apply(handle.node->now, change);
    handle.node->pending.push_back(std::move(change));
    return last ? failure : SQLITE_OK;
  }

  static int write(sqlite3_file* file, const void* data, int amount, sqlite3_int64 offset) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    return change(of(file), {offset, Bytes(bytes, bytes + amount), false}, SQLITE_IOERR_WRITE);
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return change(of(file), {size, {}, true}, SQLITE_IOERR_TRUNCATE);
  }

  /// Change by change: a look at the whole file for each sync would make up most of a run.
  static void make_durable(Node& node) {
    for (const Change& change : node.pending) {
      const auto offset = static_cast<std::size_t>(change.offset);
      if (change.truncate) {
        node.durable.resize(offset);
      } else {
        node.durable.share(node.now, offset, change.data.size());
      }
    }
    node.durable.resize(node.now.size());
    node.pending.clear();
    node.created = true;
  }

  static int sync(sqlite3_file* file, int) {
    Handle& handle = of(file);
    CrashDisk& disk = *handle.disk;
    const Lock lock(disk.mutex_);
    if (!handle.alive()) return SQLITE_IOERR_FSYNC;
    bool last = false;
    const int code = disk.count_change(&last);
    if (code != SQLITE_OK) return last ? SQLITE_IOERR_FSYNC : code;
    make_durable(*handle.node);
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    Handle& handle = of(file);
    const Lock lock(handle.disk->mutex_);
    if (!handle.alive()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(handle.node->now.size());
    return SQLITE_OK;
  }

  // --- locks: https://www.sqlite.org/lockingv3.html ---

  static int lock(sqlite3_file* file, int level) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    if (!handle.alive()) return SQLITE_IOERR_LOCK;
    Node& node = *handle.node;
    if (level <= handle.level) return SQLITE_OK;
    if (node.exclusive != nullptr && node.exclusive != &handle) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_SHARED) {
      ++node.shared;
    } else if (level == SQLITE_LOCK_RESERVED) {
      if (node.reserved != nullptr) return SQLITE_BUSY;
      node.reserved = &handle;
    } else {
      if (node.reserved != nullptr && node.reserved != &handle) return SQLITE_BUSY;
      node.exclusive = &handle;
      if (node.shared > 1) {
        handle.level = std::max(handle.level, SQLITE_LOCK_PENDING);
        return SQLITE_BUSY;
      }
    }
    handle.level = level;
    return SQLITE_OK;
  }

  static void release(Handle& handle, int level) {
    if (handle.boot != handle.disk->boot_ || handle.level <= level) return;
    Node& node = *handle.node;
    if (node.exclusive == &handle) node.exclusive = nullptr;
    if (node.reserved == &handle) node.reserved = nullptr;
    if (level == SQLITE_LOCK_NONE && handle.level >= SQLITE_LOCK_SHARED) --node.shared;
    handle.level = level;
  }

  static int unlock(sqlite3_file* file, int level) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    release(handle, level);
    return SQLITE_OK;
  }

  static int check_reserved(sqlite3_file* file, int* out) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    if (!handle.alive()) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *out = handle.node->reserved != nullptr || handle.node->exclusive != nullptr;
    return SQLITE_OK;
  }

  static int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return static_cast<int>(CrashDisk::kSector); }
  static int characteristics(sqlite3_file* file) { return of(file).disk->characteristics_; }

  // --- shared memory of the write-ahead log ---

  static int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    *out = nullptr;
    if (!handle.alive()) return SQLITE_IOERR_SHMMAP;
    auto& regions = handle.node->regions;
    const auto index = static_cast<std::size_t>(region);
    while (extend != 0 && regions.size() <= index)
      regions.push_back(std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(size)));
    if (index < regions.size()) *out = regions[index].get();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* file, int first, int count, int flags) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    if (!handle.alive()) return SQLITE_IOERR_SHMLOCK;
    const bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int pass = 0; pass < 2; ++pass) {
      for (int i = first; i < first + count; ++i) {
        ShmSlot& all = handle.node->slots[static_cast<std::size_t>(i)];
        ShmSlot& mine = handle.held[static_cast<std::size_t>(i)];
        if ((flags & SQLITE_SHM_UNLOCK) != 0) {
          if (pass == 0) continue;
          if (exclusive && mine.exclusive) all.exclusive = mine.exclusive = false;
          if (!exclusive && mine.shared > 0) --all.shared, --mine.shared;
          continue;
        }
        if (pass == 0) {
          if (all.exclusive && !mine.exclusive) return SQLITE_BUSY;
          if (exclusive && all.shared > mine.shared) return SQLITE_BUSY;
        } else if (exclusive) {
          all.exclusive = mine.exclusive = true;
        } else if (mine.shared == 0) {
          ++all.shared, ++mine.shared;
        }
      }
    }
    return SQLITE_OK;
  }

  static void release_shm(Handle& handle) {
    if (handle.boot != handle.disk->boot_) return;
    for (std::size_t i = 0; i < handle.held.size(); ++i) {
      handle.node->slots[i].shared -= handle.held[i].shared;
      if (handle.held[i].exclusive) handle.node->slots[i].exclusive = false;
      handle.held[i] = {};
    }
  }

  static void shm_barrier(sqlite3_file* file) {
    const Lock guard(of(file).disk->mutex_);  // a mutex is a barrier
  }

  static int shm_unmap(sqlite3_file* file, int remove) {
    Handle& handle = of(file);
    const Lock guard(handle.disk->mutex_);
    release_shm(handle);
    if (remove != 0 && handle.boot == handle.disk->boot_) handle.node->regions.clear();
    return SQLITE_OK;
  }

  // --- the file system ---

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags);

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    CrashDisk& disk = of(vfs);
    const Lock guard(disk.mutex_);
    if (disk.off_) return SQLITE_IOERR_DELETE;
    auto found = disk.files_.find(path);
    if (found == disk.files_.end()) return SQLITE_IOERR_DELETE_NOENT;
    bool last = false;
    const int code = disk.count_change(&last);
    if (code != SQLITE_OK && !last) return code;
    disk.deleted_[path] = found->second;
    disk.files_.erase(found);
    if (sync_folder != 0 && !last) disk.deleted_.erase(path);
    return last ? SQLITE_IOERR_DELETE : SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* path, int, int* out) {
    CrashDisk& disk = of(vfs);
    const Lock guard(disk.mutex_);
    if (disk.off_) return SQLITE_IOERR_ACCESS;
    *out = disk.files_.contains(path) ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_pathname(sqlite3_vfs*, const char* path, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", path);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    CrashDisk& disk = of(vfs);
    const Lock guard(disk.mutex_);
    disk.random_.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
    return size;
  }

  static int sleep(sqlite3_vfs*, int us) { return us; }  // nobody here has to wait for a clock
  static int current_time(sqlite3_vfs*, double* out) {
    *out = 2460000.5;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  static constexpr sqlite3_io_methods io() {
    sqlite3_io_methods methods{};
    methods.iVersion = 2;
    methods.xClose = close;
    methods.xRead = read;
    methods.xWrite = write;
    methods.xTruncate = truncate;
    methods.xSync = sync;
    methods.xFileSize = file_size;
    methods.xLock = lock;
    methods.xUnlock = unlock;
    methods.xCheckReservedLock = check_reserved;
    methods.xFileControl = file_control;
    methods.xSectorSize = sector_size;
    methods.xDeviceCharacteristics = characteristics;
    methods.xShmMap = shm_map;
    methods.xShmLock = shm_lock;
    methods.xShmBarrier = shm_barrier;
    methods.xShmUnmap = shm_unmap;
    return methods;
  }
};

namespace {
constexpr sqlite3_io_methods kIo = CrashMethods::io();
}

int CrashMethods::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  CrashDisk& disk = of(vfs);
  const Lock guard(disk.mutex_);
  if (disk.off_) return SQLITE_IOERR;
  std::shared_ptr<Node> node;
  if (path == nullptr) {
    node = std::make_shared<Node>();  // temporary: nobody else sees it
  } else if (auto found = disk.files_.find(path); found != disk.files_.end()) {
    node = found->second;
  } else {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    bool last = false;
    const int code = disk.count_change(&last);
    if (code != SQLITE_OK) return last ? SQLITE_IOERR : code;
    node = std::make_shared<Node>();
    disk.files_[path] = node;
  }
  auto* handle = new (file) Handle;
  handle->disk = &disk;
  handle->node = std::move(node);
  handle->boot = disk.boot_;
  handle->sqlite.pMethods = &kIo;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

CrashDisk::CrashDisk(std::uint64_t seed) : random_(seed) {
  static std::atomic<std::uint64_t> next{1};
  name_ = "crash-disk-" + std::to_string(next.fetch_add(1, std::memory_order_relaxed));
  methods_.iVersion = 1;
  methods_.szOsFile = static_cast<int>(sizeof(Handle));
  methods_.mxPathname = 512;
  methods_.zName = name_.c_str();
  methods_.pAppData = this;
  methods_.xOpen = CrashMethods::open;
  methods_.xDelete = CrashMethods::remove;
  methods_.xAccess = CrashMethods::access;
  methods_.xFullPathname = CrashMethods::full_pathname;
  methods_.xRandomness = CrashMethods::randomness;
  methods_.xSleep = CrashMethods::sleep;
  methods_.xCurrentTime = CrashMethods::current_time;
  methods_.xGetLastError = CrashMethods::last_error;
  sqlite3_vfs_register(&methods_, 0);
}

CrashDisk::~CrashDisk() {
  sqlite3_vfs_unregister(&methods_);
}

int CrashDisk::count_change(bool* last) {
  ++changes_;
  if (fault_ == Fault::crash && --countdown_ == 0) {
    struck_ = off_ = *last = true;
    return SQLITE_IOERR;
  }
  if (fault_ == Fault::change && (--countdown_ == 0 || (sticky_ && countdown_ < 0))) {
    struck_ = true;
    return fault_code_;
  }
  return SQLITE_OK;
}

void CrashDisk::crash_at(std::int64_t change) {
  heal();
  const std::lock_guard<std::mutex> guard(mutex_);
  fault_ = Fault::crash;
  countdown_ = change;
}

void CrashDisk::fail_at(std::int64_t change, int code, bool from_then_on) {
  heal();
  const std::lock_guard<std::mutex> guard(mutex_);
  fault_ = Fault::change;
  countdown_ = change;
  fault_code_ = code;
  sticky_ = from_then_on;
}

void CrashDisk::fail_read_at(std::int64_t read) {
  heal();
  const std::lock_guard<std::mutex> guard(mutex_);
  fault_ = Fault::read;
  countdown_ = read;
}

void CrashDisk::heal() {
  const std::lock_guard<std::mutex> guard(mutex_);
  fault_ = Fault::none;
  sticky_ = false;
  struck_ = false;
}

bool CrashDisk::struck() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return struck_;
}

std::int64_t CrashDisk::changes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return changes_;
}

void CrashDisk::settle(Node& node) {
  // Each write on its own: kept, lost, or decided sector by sector.
  enum Fate : std::uint64_t { kKept, kLost, kTorn, kTrashed, kFates };
  FileContent content = node.durable;
  for (const Change& change : node.pending) {
    const auto fate = static_cast<Fate>(random_.below(kFates));
    if (fate == kLost) continue;
    if (fate == kKept || change.truncate) {
      CrashMethods::apply(content, change);
      continue;
    }
    const auto end = change.offset + static_cast<std::int64_t>(change.data.size());
    for (std::int64_t at = change.offset; at < end;) {
      const std::int64_t next = std::min(end, at - at % kSector + kSector);
      Change part{
          at, Bytes(change.data.begin() + (at - change.offset), change.data.begin() + (next - change.offset)),
          false};
      at = next;
      if (random_.below(2) == 0) continue;
      if (fate == kTrashed) random_.fill(part.data);
      CrashMethods::apply(content, part);
    }
  }
  node.durable = content;
  node.now = std::move(content);
  node.pending.clear();
  node.created = true;
}

void CrashDisk::forget_connections() {
  ++boot_;
}

void CrashDisk::power_cycle() {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (auto& [name, node] : deleted_) {
    // The deletion did not reach the disk. A file of the same name that was made since has taken the place.
    if (random_.below(2) == 0) files_.try_emplace(name, node);
  }
  deleted_.clear();
  for (auto file = files_.begin(); file != files_.end();) {
    const bool vanished = !file->second->created && random_.below(2) == 0;
    if (vanished) {
      file = files_.erase(file);
      continue;
    }
    // A connection that is still open keeps the dead node; the files go on in new ones.
    file->second = file->second->content_only();
    settle(*file->second);
    ++file;
  }
  forget_connections();
  fault_ = Fault::none;
  off_ = false;
}

void CrashDisk::kill_process() {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (auto& [name, node] : files_)
    node = node->content_only();
  forget_connections();
  fault_ = Fault::none;
  off_ = false;
}

CrashDisk::Image CrashDisk::image() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  Image out;
  for (const auto& [name, node] : files_)
    out[name] = node->now.bytes();
  return out;
}

void CrashDisk::load(const Image& image) {
  const std::lock_guard<std::mutex> guard(mutex_);
  files_.clear();
  deleted_.clear();
  for (const auto& [name, content] : image) {
    auto node = std::make_shared<Node>();
    node->durable = node->now = FileContent(content);
    node->created = true;
    files_[name] = std::move(node);
  }
  forget_connections();
  fault_ = Fault::none;
  off_ = false;
}

}  // namespace sotto::test

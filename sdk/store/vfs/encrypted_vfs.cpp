#include "sdk/store/vfs/encrypted_vfs.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "sdk/store/vfs/journal_file.hpp"
#include "sdk/store/vfs/main_file.hpp"
#include "sdk/store/vfs/wal_file.hpp"

namespace sotto::vfs {
namespace {

// What SQLite allocates for a file: this, and behind it the object of the VFS underneath.
struct File {
  sqlite3_file sqlite{};  // first: SQLite's pointer is ours
  std::shared_ptr<EncryptedVfs> vfs;
  std::shared_ptr<const SecretBytes> key;
  std::unique_ptr<Layer> layer;  ///< empty: a file without content, passed through

  sqlite3_file* base() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
static_assert(offsetof(File, sqlite) == 0);
// SQLite aligns to 8 bytes, and so has the object behind ours.
static_assert(alignof(File) <= 8 && sizeof(File) % 8 == 0);

File& file_of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}
sqlite3_file* base_of(sqlite3_file* file) {
  return file_of(file).base();
}
const sqlite3_io_methods& base_methods(sqlite3_file* file) {
  return *base_of(file)->pMethods;
}

int close(sqlite3_file* handle) {
  File& file = file_of(handle);
  const int code = base_methods(handle).xClose(file.base());
  // The VFS may go with its last file; nothing of SQLite's touches it after that.
  const std::shared_ptr<EncryptedVfs> last = std::move(file.vfs);
  file.~File();
  return code;
}

int read(sqlite3_file* handle, void* out, int amount, sqlite3_int64 offset) {
  Layer* layer = file_of(handle).layer.get();
  if (layer == nullptr) return base_methods(handle).xRead(base_of(handle), out, amount, offset);
  return layer->read(static_cast<std::uint8_t*>(out), amount, offset);
}

int write(sqlite3_file* handle, const void* data, int amount, sqlite3_int64 offset) {
  Layer* layer = file_of(handle).layer.get();
  if (layer == nullptr) return base_methods(handle).xWrite(base_of(handle), data, amount, offset);
  return layer->write(static_cast<const std::uint8_t*>(data), amount, offset);
}

int truncate(sqlite3_file* handle, sqlite3_int64 size) {
  Layer* layer = file_of(handle).layer.get();
  return layer == nullptr ? base_methods(handle).xTruncate(base_of(handle), size) : layer->truncate(size);
}

int sync(sqlite3_file* handle, int flags) {
  Layer* layer = file_of(handle).layer.get();
  return layer == nullptr ? base_methods(handle).xSync(base_of(handle), flags) : layer->sync(flags);
}

int file_size(sqlite3_file* handle, sqlite3_int64* size) {
  return base_methods(handle).xFileSize(base_of(handle), size);
}
int lock(sqlite3_file* handle, int level) {
  return base_methods(handle).xLock(base_of(handle), level);
}
int unlock(sqlite3_file* handle, int level) {
  return base_methods(handle).xUnlock(base_of(handle), level);
}
int check_reserved(sqlite3_file* handle, int* out) {
  return base_methods(handle).xCheckReservedLock(base_of(handle), out);
}

int file_control(sqlite3_file* handle, int what, void* argument) {
  // Both would grow the file with zeros, which are no sealed pages.
  if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_NOTFOUND;
  return base_methods(handle).xFileControl(base_of(handle), what, argument);
}

int sector_size(sqlite3_file* handle) {
  return base_methods(handle).xSectorSize(base_of(handle));
}

int device_characteristics(sqlite3_file* handle) {
  // SQLITE_IOCAP_SUBPAGE_READ (3.48): a part of a page costs us the whole page.
  constexpr int kSubpageRead = 0x8000;
  return base_methods(handle).xDeviceCharacteristics(base_of(handle)) & ~kSubpageRead;
}

int shm_map(sqlite3_file* handle, int region, int size, int extend, void volatile** out) {
  return base_methods(handle).xShmMap(base_of(handle), region, size, extend, out);
}
int shm_lock(sqlite3_file* handle, int offset, int n, int flags) {
  return base_methods(handle).xShmLock(base_of(handle), offset, n, flags);
}
void shm_barrier(sqlite3_file* handle) {
  base_methods(handle).xShmBarrier(base_of(handle));
}
int shm_unmap(sqlite3_file* handle, int remove) {
  return base_methods(handle).xShmUnmap(base_of(handle), remove);
}

constexpr sqlite3_io_methods make_methods(int version) {
  sqlite3_io_methods methods{};
  methods.iVersion = version;
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
  methods.xDeviceCharacteristics = device_characteristics;
  if (version >= 2) {
    methods.xShmMap = shm_map;
    methods.xShmLock = shm_lock;
    methods.xShmBarrier = shm_barrier;
    methods.xShmUnmap = shm_unmap;
  }
  return methods;
}
// Version 1 where the file underneath has no shared memory: SQLite then keeps WAL to exclusive connections.
constexpr sqlite3_io_methods kMethods1 = make_methods(1);
constexpr sqlite3_io_methods kMethods2 = make_methods(2);

std::string unique_name() {
  static std::atomic<std::uint64_t> next{1};
  return "sotto-encrypted-" + std::to_string(next.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace

/// The functions of sqlite3_vfs.
struct VfsMethods {
  static EncryptedVfs& self(sqlite3_vfs* vfs) { return *static_cast<EncryptedVfs*>(vfs->pAppData); }
  static sqlite3_vfs* base(sqlite3_vfs* vfs) { return self(vfs).base_; }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* handle, int flags, int* out_flags) {
    handle->pMethods = nullptr;
    try {
      return open_file(self(vfs), path, handle, flags, out_flags);
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    }
  }

  static int open_file(EncryptedVfs& vfs, const char* path, sqlite3_file* handle, int flags, int* out_flags) {
    constexpr int kContent = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    const bool content = (flags & kContent) != 0;
    // A super-journal holds names of files only. Anything else is temporary.
    if (path == nullptr || (!content && (flags & SQLITE_OPEN_SUPER_JOURNAL) == 0)) return SQLITE_CANTOPEN;

    std::shared_ptr<const SecretBytes> key;
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
      int code = SQLITE_OK;
      key = vfs.key_for(path, (flags & SQLITE_OPEN_CREATE) != 0, &code);
      if (key == nullptr) return code;
    } else if (content) {
      key = file_of(sqlite3_database_file_object(path)).key;
    }

    File* file = new (handle) File;
    file->base()->pMethods = nullptr;
    if (content) file->layer = layer_for(flags, BaseFile(file->base()), *key, vfs.random_);
    const int code = vfs.base_->xOpen(vfs.base_, path, file->base(), flags, out_flags);
    if (code != SQLITE_OK) {
      if (file->base()->pMethods != nullptr) file->base()->pMethods->xClose(file->base());
      file->~File();
      handle->pMethods = nullptr;
      return code;
    }
    file->vfs = vfs.self_.lock();
    file->key = std::move(key);
    file->sqlite.pMethods = file->base()->pMethods->iVersion >= 2 ? &kMethods2 : &kMethods1;
    return SQLITE_OK;
  }

  static std::unique_ptr<Layer> layer_for(int flags, BaseFile file, const SecretBytes& key, Random& random) {
    if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
      return std::make_unique<MainFile>(file, PageCipher(key, FileRole::main, random));
    }
    if ((flags & SQLITE_OPEN_WAL) != 0) {
      return std::make_unique<WalFile>(file, PageCipher(key, FileRole::wal, random));
    }
    return std::make_unique<JournalFile>(file, PageCipher(key, FileRole::journal, random));
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    return base(vfs)->xDelete(base(vfs), path, sync_folder);
  }
  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
    return base(vfs)->xAccess(base(vfs), path, flags, out);
  }
  static int full_pathname(sqlite3_vfs* vfs, const char* path, int size, char* out) {
    return base(vfs)->xFullPathname(base(vfs), path, size, out);
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    self(vfs).random_.fill({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
    return size;
  }
  static int sleep(sqlite3_vfs* vfs, int us) { return base(vfs)->xSleep(base(vfs), us); }
  static int current_time(sqlite3_vfs* vfs, double* out) { return base(vfs)->xCurrentTime(base(vfs), out); }
  static int last_error(sqlite3_vfs* vfs, int size, char* out) {
    return base(vfs)->xGetLastError(base(vfs), size, out);
  }
  static int current_time_int64(sqlite3_vfs* vfs, sqlite3_int64* out) {
    return base(vfs)->xCurrentTimeInt64(base(vfs), out);
  }
};

EncryptedVfs::EncryptedVfs(sqlite3_vfs* base, const std::string& path, OpenedKey opened, Random& random)
    : name_(unique_name()),
      base_(base),
      wrap_(std::move(opened.wrap)),
      random_(random),
      path_(path),
      key_(std::make_shared<const SecretBytes>(std::move(opened.file_key))) {
  methods_.iVersion = base->iVersion >= 2 ? 2 : 1;
  methods_.szOsFile = static_cast<int>(sizeof(File)) + base->szOsFile;
  methods_.mxPathname = base->mxPathname;
  methods_.zName = name_.c_str();
  methods_.pAppData = this;
  methods_.xOpen = VfsMethods::open;
  methods_.xDelete = VfsMethods::remove;
  methods_.xAccess = VfsMethods::access;
  methods_.xFullPathname = VfsMethods::full_pathname;
  // No xDlOpen: a database with secrets in it loads no code.
  methods_.xRandomness = VfsMethods::randomness;
  methods_.xSleep = VfsMethods::sleep;
  methods_.xCurrentTime = VfsMethods::current_time;
  methods_.xGetLastError = VfsMethods::last_error;
  if (methods_.iVersion >= 2) methods_.xCurrentTimeInt64 = VfsMethods::current_time_int64;
}

std::shared_ptr<EncryptedVfs> EncryptedVfs::create(sqlite3_vfs* base, const std::string& path,
                                                   OpenedKey opened, Random& random) {
  std::shared_ptr<EncryptedVfs> vfs(new EncryptedVfs(base, path, std::move(opened), random));
  vfs->self_ = vfs;
  if (sqlite3_vfs_register(&vfs->methods_, /*makeDflt=*/0) != SQLITE_OK) return nullptr;
  return vfs;
}

EncryptedVfs::~EncryptedVfs() {
  sqlite3_vfs_unregister(&methods_);
}

std::shared_ptr<const SecretBytes> EncryptedVfs::key_for(const char* path, bool create, int* code) {
  if (path == path_) return key_;
  KeyStore store(base_, path, random_);
  Result<OpenedKey> opened = store.open(create, [this](const KeySlot* slot) -> Result<KeyWrap> {
    if (slot == nullptr || wrap_.fits(*slot)) return wrap_.clone();
    return Error(ErrorCode::store_key_wrong, "another key's database");
  });
  if (!opened) {
    const ErrorCode why = opened.error().code;
    *code = why == ErrorCode::store_key_wrong ? SQLITE_AUTH
            : why == ErrorCode::store_full    ? SQLITE_FULL
            : why == ErrorCode::store_in_use  ? SQLITE_BUSY
                                              : SQLITE_CANTOPEN;
    return nullptr;
  }
  return std::make_shared<const SecretBytes>(std::move(opened->file_key));
}

}  // namespace sotto::vfs

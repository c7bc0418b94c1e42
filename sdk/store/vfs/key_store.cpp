#include "sdk/store/vfs/key_store.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <sqlite3.h>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/raw_file.hpp"

namespace sotto::vfs {
namespace {

constexpr std::size_t kSlotAt[kSlots] = {0, 512};  // in sectors of their own

// The key file is opened as if it were a log: the system's VFS then gives it the database's owner and mode,
// and syncs its folder when it is new, so that it cannot vanish from a database that stays.
constexpr int kKeyFileType = SQLITE_OPEN_WAL;

// How long to wait for another process that is making the same database: far longer than one derivation.
constexpr int kCreateWaitMs = 5000;
constexpr int kCreatePollMs = 10;

std::string key_file_of(const std::string& path) {
  return path + "-key";
}

int lock_exclusive(sqlite3_vfs* base, sqlite3_file* file) {
  for (int waited = 0;; waited += kCreatePollMs) {
    int code = SQLITE_OK;
    for (const int level : {SQLITE_LOCK_SHARED, SQLITE_LOCK_RESERVED, SQLITE_LOCK_EXCLUSIVE}) {
      code = file->pMethods->xLock(file, level);
      if (code != SQLITE_OK) break;
    }
    if (code == SQLITE_OK) return code;
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
    if (code != SQLITE_BUSY || waited >= kCreateWaitMs) return code;
    base->xSleep(base, kCreatePollMs * 1000);
  }
}

}  // namespace

Result<KeyStore::State> KeyStore::look() {
  State state;
  bool data = false;
  const std::pair<std::string, int> files[] = {{path_, SQLITE_OPEN_MAIN_DB},
                                               {path_ + "-wal", SQLITE_OPEN_WAL},
                                               {path_ + "-journal", SQLITE_OPEN_MAIN_JOURNAL}};
  for (const auto& [name, type] : files) {
    Result<std::int64_t> size = RawFile::size_of(base_, name, type);
    if (!size) return std::move(size).error();
    data = data || *size > 0;
  }

  const std::string name = key_file_of(path_);
  Result<bool> there = RawFile::exists(base_, name);
  if (!there) return std::move(there).error();
  if (!*there) {
    state.found = data ? Found::orphan : Found::nothing;
    return state;
  }
  Result<RawFile> file = RawFile::open(base_, name, kKeyFileType | SQLITE_OPEN_READONLY);
  if (!file) return std::move(file).error();
  std::array<std::uint8_t, kKeyFileSize> bytes{};
  const int code = file->file().read(bytes.data(), static_cast<int>(bytes.size()), 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return disk_error(code, "reading " + name);
  bool any = false;
  for (std::size_t i = 0; i < kSlots; ++i) {
    state.slots[i] = decode_slot(std::span(bytes).subspan(kSlotAt[i], kSlotSize));
    any = any || state.slots[i].has_value();
  }
  state.found = any ? Found::whole : data ? Found::damaged : Found::unfinished;
  return state;
}

Result<OpenedKey> KeyStore::open(bool create, const WrapSource& wrap_for) {
  Result<State> state = look();
  if (!state) return std::move(state).error();
  switch (state->found) {
    case Found::whole:
      return unwrap(state->slots, wrap_for);
    case Found::nothing:
    case Found::unfinished:
      if (create) return make(wrap_for);
      return Error(ErrorCode::not_found, "there is no database at " + path_);
    case Found::damaged:
      return Error(ErrorCode::store_damaged,
                   "neither copy of the key in " + key_file_of(path_) + " is whole");
    case Found::orphan:
      return orphan_error();
  }
  return Error(ErrorCode::internal, "unknown state of a key file");
}

Error KeyStore::orphan_error() {
  // A database without its key file: is it one that we encrypted, or some other file?
  constexpr std::string_view kPlainMagic("SQLite format 3\0", 16);
  Result<RawFile> file = RawFile::open(base_, path_, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY);
  if (!file) return std::move(file).error();
  std::int64_t size = 0;
  std::array<std::uint8_t, kPlainMagic.size()> head{};
  int code = file->file().size(&size);
  if (code == SQLITE_OK) code = file->file().read(head.data(), static_cast<int>(head.size()), 0);
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return disk_error(code, "reading " + path_);
  if (as_text(head) == kPlainMagic) {
    return Error(ErrorCode::store_not_sotto, path_ + " is an SQLite database that is not encrypted");
  }
  if (size % static_cast<std::int64_t>(kPageSize) != 0) {
    return Error(ErrorCode::store_not_sotto, path_ + " is no database of ours");
  }
  return Error(ErrorCode::store_damaged, "the key file " + key_file_of(path_) + " is missing");
}

Result<OpenedKey> KeyStore::unwrap(const Slots& slots, const WrapSource& wrap_for) {
  // The slots differ only after an interrupted change of keys; then each opens with one of the two.
  Error last(ErrorCode::store_key_wrong, "the key does not open " + path_);
  std::optional<KeyWrap> wrap;
  for (const std::optional<KeySlot>& slot : slots) {
    if (!slot) continue;
    if (!wrap || !wrap->fits(*slot)) {
      Result<KeyWrap> derived = wrap_for(&*slot);
      if (!derived) {
        if (derived.error().code != ErrorCode::store_key_wrong) return std::move(derived).error();
        last = std::move(derived).error();
        continue;
      }
      wrap.emplace(*std::move(derived));
    }
    if (std::optional<SecretBytes> key = wrap->unwrap(*slot)) {
      return OpenedKey{*std::move(key), *std::move(wrap)};
    }
  }
  return last;
}

Result<OpenedKey> KeyStore::make(const WrapSource& wrap_for) {
  constexpr int kFlags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  Result<RawFile> database = RawFile::open(base_, path_, kFlags);
  if (!database) return std::move(database).error();
  const int code = lock_exclusive(base_, database->handle());
  if (code != SQLITE_OK) return disk_error(code, "creating " + path_);
  Result<OpenedKey> made = make_locked(wrap_for);
  database->handle()->pMethods->xUnlock(database->handle(), SQLITE_LOCK_NONE);
  return made;
}

Result<OpenedKey> KeyStore::make_locked(const WrapSource& wrap_for) {
  Result<State> state = look();  // another process may have been first
  if (!state) return std::move(state).error();
  if (state->found == Found::whole) return unwrap(state->slots, wrap_for);
  if (state->found == Found::damaged || state->found == Found::orphan) {
    return Error(ErrorCode::store_damaged, path_ + " got data but no key file while it was being created");
  }

  Result<KeyWrap> wrap = wrap_for(nullptr);
  if (!wrap) return std::move(wrap).error();
  SecretBytes file_key = SecretBytes::random(random_, kFileKeySize);
  const auto slot = encode_slot(wrap->wrap(file_key, random_));
  std::array<std::uint8_t, kKeyFileSize> bytes{};
  for (const std::size_t at : kSlotAt)
    std::copy(slot.begin(), slot.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  Result<void> written = write_key_file(bytes, 0);
  if (!written) return written.error();
  return OpenedKey{std::move(file_key), *std::move(wrap)};
}

Result<void> KeyStore::write_key_file(ByteView bytes, std::int64_t offset) {
  const std::string name = key_file_of(path_);
  Result<RawFile> file =
      RawFile::open(base_, name, kKeyFileType | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!file) return std::move(file).error();
  int code = file->file().write(bytes.data(), static_cast<int>(bytes.size()), offset);
  if (code == SQLITE_OK) code = file->file().sync(SQLITE_SYNC_FULL);
  if (code != SQLITE_OK) return disk_error(code, "writing " + name);
  return {};
}

Result<void> KeyStore::change(const KeyWrap& old_wrap, const KeyWrap& new_wrap) {
  Result<State> state = look();
  if (!state) return std::move(state).error();
  std::optional<SecretBytes> file_key;
  std::size_t good = 0;
  for (std::size_t i = 0; i < kSlots && !file_key; ++i) {
    if (!state->slots[i] || !old_wrap.fits(*state->slots[i])) continue;
    file_key = old_wrap.unwrap(*state->slots[i]);
    good = i;
  }
  if (!file_key) return Error(ErrorCode::store_key_wrong, "the key does not open " + path_);

  const auto slot = encode_slot(new_wrap.wrap(*file_key, random_));
  for (const std::size_t index : {1 - good, good}) {
    Result<void> written = write_key_file(slot, static_cast<std::int64_t>(kSlotAt[index]));
    if (!written) return written;
  }
  return {};
}

}  // namespace sotto::vfs

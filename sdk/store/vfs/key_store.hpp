// Finds, makes and changes key files on the disk under the VFS.
//
// Creation is safe against a crash at any point and against two processes at once: the key file is written
// and synced, with the exclusive lock of the still empty database held, before the first page. A key file
// that is not whole while there is no data yet is what a crash left, and is made again; a whole one is never
// replaced.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "base/random.hpp"
#include "sdk/store/vfs/key_file.hpp"

struct sqlite3_vfs;

namespace sotto::vfs {

struct OpenedKey {
  SecretBytes file_key;
  KeyWrap wrap;
};

/// Turns a slot into what unwraps it; a null slot asks for a new wrap.
using WrapSource = std::function<Result<KeyWrap>(const KeySlot*)>;

class KeyStore {
 public:
  /// `path` is the database's, in full.
  KeyStore(sqlite3_vfs* base, std::string path, Random& random)
      : base_(base), path_(std::move(path)), random_(random) {}

  /// The key of the database; made if there is no database yet and `create` says so. Errors: `not_found` (no
  /// database), `store_key_missing`, `store_key_wrong`, `store_damaged` (the key file), `store_not_sotto`
  /// (a database without a key file), `store_in_use`, `store_full`, `store_failed`.
  Result<OpenedKey> open(bool create, const WrapSource& wrap_for);
  /// Wraps the key anew, one slot after the other, so that at any point one of the two opens.
  Result<void> change(const KeyWrap& old_wrap, const KeyWrap& new_wrap);

 private:
  enum class Found {
    nothing,
    unfinished,  ///< a key file that is not whole, and no data: a crash while it was made
    whole,
    damaged,  ///< a key file that is not whole, and data
    orphan,   ///< data and no key file
  };
  using Slots = std::array<std::optional<KeySlot>, kSlots>;
  struct State {
    Found found = Found::nothing;
    Slots slots;
  };

  Result<State> look();
  Result<OpenedKey> unwrap(const Slots& slots, const WrapSource& wrap_for);
  Result<OpenedKey> make(const WrapSource& wrap_for);
  Result<OpenedKey> make_locked(const WrapSource& wrap_for);
  Error orphan_error();
  Result<void> write_key_file(ByteView bytes, std::int64_t offset);

  sqlite3_vfs* base_;
  std::string path_;
  Random& random_;
};

}  // namespace sotto::vfs

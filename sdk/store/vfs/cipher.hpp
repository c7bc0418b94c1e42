// Seals what goes to the disk: XChaCha20-Poly1305 with a fresh random nonce for every write, under a key of
// the file's own for each kind of file.
//
//   PageCipher cipher(file_key, FileRole::main, random);
//   cipher.seal(page, out, position_bytes);
//   if (!cipher.open(sealed, page, position_bytes)) return SQLITE_IOERR_DATA;
//
// A sealed page is as long as a plain one: SQLite leaves the last 40 bytes of each page alone ("reserved
// bytes") and they hold nonce and tag. `position` is authenticated with the page, so that a page opens only
// where it was written.
//
//   0                                   4056          4080     4096
//   | ciphertext                        | nonce 24    | tag 16 |
//
// Thread rules: const after construction; as shareable as its Random.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"

namespace sotto::vfs {

inline constexpr std::size_t kPageSize = 4096;
inline constexpr std::size_t kNonceSize = 24;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kReserved = kNonceSize + kTagSize;
inline constexpr std::size_t kContentSize = kPageSize - kReserved;
inline constexpr std::size_t kFileKeySize = 32;

/// Each kind of file of a database has a key of its own, so nothing of one opens as another.
enum class FileRole : std::uint8_t { main = 1, wal = 2, journal = 3 };

class PageCipher {
 public:
  PageCipher(const SecretBytes& file_key, FileRole role, Random& random);

  /// Both pages have kPageSize bytes and do not overlap. The plain page's reserved bytes are not kept.
  void seal(const std::uint8_t* plain, std::uint8_t* sealed, ByteView position) const;
  /// False when the page was changed, moved, or sealed under another key; `plain` is then zeros. `plain` may
  /// be `sealed`. Its reserved bytes become zeros, as SQLite left them.
  [[nodiscard]] bool open(const std::uint8_t* sealed, std::uint8_t* plain, ByteView position) const;

  /// A short record instead of a page: `out` has kReserved bytes more than `plain` (nonce, ciphertext, tag).
  void seal_record(ByteView plain, std::span<std::uint8_t> out, ByteView position) const;
  [[nodiscard]] bool open_record(ByteView sealed, std::span<std::uint8_t> out, ByteView position) const;

  /// Eight pseudo-random bytes that `input` selects, to hide a checksum of plaintext with.
  [[nodiscard]] std::array<std::uint8_t, 8> mask(ByteView input) const;

 private:
  SecretBytes key_;
  SecretBytes mask_key_;
  Random& random_;
};

/// Big-endian, for positions.
void put_u64(std::uint8_t* out, std::uint64_t value);

}  // namespace sotto::vfs

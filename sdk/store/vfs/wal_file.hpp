// The write-ahead log: a header of 32 bytes, then frames of 24 + 4096 (SQLite file format §4.1).
//
// A frame's page is sealed with its place in the log and the head of its frame header (page number, size
// after commit, the two salts of this run of the log) as position: a frame of an earlier run, of another
// place or for another page does not open. The frame header's last 8 bytes are SQLite's running checksum over
// the plaintext; they are masked, since they would let anyone test guesses at a page.
#pragma once

#include <array>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/layer.hpp"

namespace sotto::vfs {

inline constexpr std::size_t kWalHeaderSize = 32;
inline constexpr std::size_t kFrameHeaderSize = 24;
inline constexpr std::size_t kFrameSize = kFrameHeaderSize + kPageSize;

/// One frame as it lies in the file, and back. Used by the layer, and by itself by the tests and the fuzzer.
class FrameCodec {
 public:
  explicit FrameCodec(PageCipher cipher) : cipher_(std::move(cipher)) {}

  /// Masks or unmasks the checksum of a frame header in place; its first 16 bytes are in the clear.
  void mask_header(std::uint8_t* header, std::uint64_t frame) const;
  void seal_page(const std::uint8_t* plain, std::uint8_t* sealed, const std::uint8_t* header,
                 std::uint64_t frame) const;
  [[nodiscard]] bool open_page(const std::uint8_t* sealed, std::uint8_t* plain, const std::uint8_t* header,
                               std::uint64_t frame) const;

 private:
  PageCipher cipher_;
};

class WalFile final : public Layer {
 public:
  WalFile(BaseFile file, PageCipher cipher) : Layer(file), codec_(std::move(cipher)) {}

  int read(std::uint8_t* out, int amount, std::int64_t offset) override;
  int write(const std::uint8_t* data, int amount, std::int64_t offset) override;
  int truncate(std::int64_t size) override;

 private:
  int write_part(const std::uint8_t* data, std::int64_t amount, std::int64_t offset);
  int write_header(const std::uint8_t* header, std::uint64_t frame);
  int write_page(const std::uint8_t* page, std::uint64_t frame);

  FrameCodec codec_;
  std::array<std::uint8_t, kFrameSize> buffer_;
  // The frame header written last: its page comes next.
  std::array<std::uint8_t, kFrameHeaderSize> header_{};
  std::int64_t header_frame_ = -1;
  // Without powersafe overwrite SQLite cuts a header or page in two at a sector's end, with a sync between.
  // The first half waits here; only frames of padding are cut, so nothing is lost if it never comes.
  std::array<std::uint8_t, kPageSize> part_;
  std::int64_t part_start_ = -1;
  std::int64_t part_end_ = -1;
};

}  // namespace sotto::vfs

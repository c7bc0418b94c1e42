// The database file itself: sealed pages, one after another, and nothing else. A page's position is its
// number.
#pragma once

#include <array>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/layer.hpp"

namespace sotto::vfs {

class MainFile final : public Layer {
 public:
  MainFile(BaseFile file, PageCipher cipher) : Layer(file), cipher_(std::move(cipher)) {}

  int read(std::uint8_t* out, int amount, std::int64_t offset) override;
  int write(const std::uint8_t* data, int amount, std::int64_t offset) override;
  int truncate(std::int64_t size) override;

 private:
  /// The page at `offset` as plaintext; `out` has kPageSize bytes. SQLITE_IOERR_DATA: it is not what we
  /// wrote.
  int read_page(std::uint8_t* out, std::int64_t offset);
  int write_page(const std::uint8_t* data, std::int64_t offset);
  int fill_gap(std::int64_t end);

  PageCipher cipher_;
  std::array<std::uint8_t, kPageSize> buffer_;
  std::int64_t known_size_ = 0;  ///< the file had at least this many bytes when we last looked
};

}  // namespace sotto::vfs

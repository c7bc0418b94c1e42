// The rollback journal (SQLite file format §3): headers at sector starts, each followed by its records, a
// page number, the page as it was before the transaction, and a checksum.
//
// What differs on the disk:
// - A header is sealed, twice in its sector, and notes whether its records were synced before it counted
//   them. If they were, each of them has to open: one that does not is damage, and the rollback fails instead
//   of stopping half-way with a database of old and new pages. If they were not (synchronous below FULL), a
//   record that does not open is the torn end of the journal, as it is to SQLite.
// - A page's position is its place, its page number and the nonce of its header, so that a record of an
//   earlier transaction or of another page does not open.
// - The checksum is stored as zero and computed when it is read. It is a sum of bytes of the plaintext, and
//   the tag has proven more than it could.
#pragma once

#include <array>
#include <vector>

#include "sdk/store/vfs/cipher.hpp"
#include "sdk/store/vfs/layer.hpp"

namespace sotto::vfs {

class JournalFile final : public Layer {
 public:
  JournalFile(BaseFile file, PageCipher cipher) : Layer(file), cipher_(std::move(cipher)) {}

  int read(std::uint8_t* out, int amount, std::int64_t offset) override;
  int write(const std::uint8_t* data, int amount, std::int64_t offset) override;
  int truncate(std::int64_t size) override;
  int sync(int flags) override;

 private:
  static constexpr std::size_t kHeaderFields = 28;
  static constexpr std::size_t kNumber = 4;  ///< a page number, a checksum

  struct Header {
    std::int64_t start = 0;
    std::array<std::uint8_t, kHeaderFields> fields{};
    bool durable = false;  ///< the records it counts were synced before it was written
    bool ours = false;     ///< written through this handle: no crash has come between
  };

  int read_page(std::uint8_t* out, std::int64_t offset);
  int read_number(std::uint8_t* out, std::int64_t offset);
  /// The torn end of a journal, or damage: which of the two a record that cannot be read at `offset` is.
  [[nodiscard]] int unreadable(std::int64_t offset) const;

  int write_page(const std::uint8_t* page, std::int64_t offset);
  int write_number(const std::uint8_t* number, std::int64_t offset);
  int write_header(Header header, std::int64_t size);
  int erase_header(std::int64_t start);

  /// The header at `start`, from memory or the disk; nullptr: there is none that opens.
  Header* find_header(std::int64_t start);
  Header* kept_header(std::int64_t start);
  /// The header whose records lie at `offset`.
  [[nodiscard]] const Header* header_before(std::int64_t offset) const;
  void keep(const Header& header);

  PageCipher cipher_;
  std::array<std::uint8_t, kPageSize + kNumber> buffer_;
  std::vector<Header> headers_;  ///< by start
  bool unsynced_records_ = false;
  // The page number written last: its page comes next, and then the checksum.
  std::int64_t number_at_ = -1;
  std::array<std::uint8_t, kNumber> number_{};
  std::int64_t written_page_end_ = -1;
  // The page read last: its checksum comes next.
  std::int64_t read_page_end_ = -1;
  std::uint32_t read_checksum_ = 0;
};

}  // namespace sotto::vfs

#include "sdk/store/vfs/main_file.hpp"

#include <algorithm>
#include <cstring>

namespace sotto::vfs {
namespace {

constexpr std::int64_t kPage = kPageSize;

// SQLite file format §1.3: what these layers depend on, at fixed places of page 1.
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kPageSizeAt = 16;  // 2 bytes, big-endian
constexpr std::size_t kReservedAt = 20;

std::array<std::uint8_t, 8> position_of(std::int64_t offset) {
  std::array<std::uint8_t, 8> position;
  put_u64(position.data(), static_cast<std::uint64_t>(offset / kPage) + 1);
  return position;
}

bool has_room_for_tag(const std::uint8_t* page, std::int64_t offset) {
  if (offset == 0) {
    const std::size_t size = static_cast<std::size_t>(page[kPageSizeAt] << 8 | page[kPageSizeAt + 1]);
    if (size != kPageSize || page[kReservedAt] != kReserved) return false;
  }
  return std::all_of(page + kContentSize, page + kPageSize, [](std::uint8_t b) { return b == 0; });
}

}  // namespace

int MainFile::read_page(std::uint8_t* out, std::int64_t offset) {
  const int code = file_.read(out, static_cast<int>(kPage), offset);
  // A page that the database says it has and the file has not, or only in part, was cut off. SQLite would
  // take "short read" for a page of zeros.
  if (code == SQLITE_IOERR_SHORT_READ) return SQLITE_IOERR_DATA;
  if (code != SQLITE_OK) return code;
  return cipher_.open(out, out, position_of(offset)) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int MainFile::read(std::uint8_t* out, int amount, std::int64_t offset) {
  if (amount == kPage && offset % kPage == 0) return read_page(out, offset);

  const std::int64_t within = offset % kPage;
  if (amount < 0 || within + amount > kPage) return SQLITE_IOERR_READ;
  const int code = read_page(buffer_.data(), offset - within);
  const bool header = offset + amount <= static_cast<std::int64_t>(kHeaderSize);
  if (code == SQLITE_IOERR_DATA && header) {
    // Page 1 may be torn, and SQLite looks at its header before it has rolled a journal back. A short read
    // says "nothing to see yet"; if the page is really broken, reading it whole will say so.
    std::memset(out, 0, static_cast<std::size_t>(amount));
    return SQLITE_IOERR_SHORT_READ;
  }
  if (code == SQLITE_OK) std::memcpy(out, buffer_.data() + within, static_cast<std::size_t>(amount));
  return code;
}

int MainFile::write(const std::uint8_t* data, int amount, std::int64_t offset) {
  // Another page size, or a database attached without reserved bytes: there is nowhere to put the tag.
  if (amount != kPage || offset % kPage != 0 || !has_room_for_tag(data, offset)) return SQLITE_IOERR_WRITE;
  if (offset > known_size_) {
    const int code = fill_gap(offset);
    if (code != SQLITE_OK) return code;
  }
  const int code = write_page(data, offset);
  if (code == SQLITE_OK) known_size_ = std::max(known_size_, offset + kPage);
  return code;
}

int MainFile::write_page(const std::uint8_t* data, std::int64_t offset) {
  cipher_.seal(data, buffer_.data(), position_of(offset));
  return file_.write(buffer_.data(), static_cast<int>(kPage), offset);
}

int MainFile::fill_gap(std::int64_t end) {
  // SQLite may write page 9 of a file of 7 pages and leave 8 to the file system's zeros (a page that was
  // freed before it was ever written, or the page of the lock bytes). Zeros are no sealed page, and must not
  // pass for one: whoever blanks a page would not be noticed.
  std::int64_t size = 0;
  const int code = file_.size(&size);
  if (code != SQLITE_OK) return code;
  static constexpr std::array<std::uint8_t, kPageSize> kBlank{};
  for (std::int64_t at = size - size % kPage; at < end; at += kPage) {
    const int written = write_page(kBlank.data(), at);
    if (written != SQLITE_OK) return written;
  }
  known_size_ = std::max(size, end);
  return SQLITE_OK;
}

int MainFile::truncate(std::int64_t size) {
  known_size_ = std::min(known_size_, size);
  return file_.truncate(size);
}

}  // namespace sotto::vfs

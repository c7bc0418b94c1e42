#include "sdk/store/vfs/journal_file.hpp"

#include <algorithm>
#include <cstring>

namespace sotto::vfs {
namespace {

constexpr std::int64_t kPage = kPageSize;
// The smallest sector SQLite uses for journals, and the unit a disk writes as a whole.
constexpr std::int64_t kSector = 512;
constexpr int kMaxHeader = 65536;  // SQLite's largest sector

// Fields of a header, SQLite file format §3.
constexpr int kMagicSize = 8;
constexpr int kCountedPart = 12;  // magic and number of records, rewritten when the records are synced
constexpr std::size_t kNonceAt = 12;
constexpr std::array<std::uint8_t, kMagicSize> kMagic = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};

// A sealed header: fields and one byte of flags. The second copy lies far enough from the first that damage
// to a few bytes spares one of them, in the same sector so that both are written at once.
constexpr std::size_t kSealedPlain = 28 + 1;
constexpr std::size_t kSealedSize = kSealedPlain + kReserved;
constexpr std::size_t kCopyAt[] = {0, 256};
constexpr std::size_t kSealedEnd = kCopyAt[1] + kSealedSize;
static_assert(kSealedEnd <= kSector && kSealedSize <= kCopyAt[1]);

// The page that holds SQLite's lock bytes is never journaled; its number marks a super-journal's name,
// written when one transaction spans several databases.
constexpr std::uint32_t kLockPage = 0x40000000 / kPageSize + 1;

std::uint32_t get_u32(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}

void put_u32(std::uint8_t* at, std::uint32_t value) {
  for (int i = 3; i >= 0; --i, value >>= 8)
    at[i] = static_cast<std::uint8_t>(value);
}

std::array<std::uint8_t, 8> header_position(std::int64_t start) {
  std::array<std::uint8_t, 8> position;
  put_u64(position.data(), static_cast<std::uint64_t>(start));
  return position;
}

/// Where the page lies, its number, and the nonce of the header it follows.
std::array<std::uint8_t, 16> record_position(std::int64_t offset, const std::uint8_t* number,
                                             const std::uint8_t* header_nonce) {
  std::array<std::uint8_t, 16> position;
  put_u64(position.data(), static_cast<std::uint64_t>(offset));
  std::memcpy(position.data() + 8, number, 4);
  std::memcpy(position.data() + 12, header_nonce, 4);
  return position;
}

/// SQLite file format §3: the nonce plus every 200th byte, from the page's end.
std::uint32_t checksum(const std::uint8_t* page, std::uint32_t nonce) {
  constexpr std::size_t kStep = 200;
  std::uint32_t sum = nonce;
  for (std::size_t i = kPageSize - kStep; i > 0 && i < kPageSize; i -= kStep)
    sum += page[i];
  return sum;
}

bool all_zero(const std::uint8_t* data, int size) {
  return std::all_of(data, data + size, [](std::uint8_t b) { return b == 0; });
}

}  // namespace

// --- reading ---

int JournalFile::read(std::uint8_t* out, int amount, std::int64_t offset) {
  if (amount == kPage) return read_page(out, offset);
  if (amount == static_cast<int>(kNumber)) return read_number(out, offset);
  if (amount <= kMagicSize && offset % kSector == 0) {
    if (const Header* header = find_header(offset)) {
      std::memcpy(out, header->fields.data(), static_cast<std::size_t>(amount));
      return SQLITE_OK;
    }
  }
  return file_.read(out, amount, offset);  // no header here, or the name of a super-journal
}

int JournalFile::read_number(std::uint8_t* out, std::int64_t offset) {
  const Header* header = header_before(offset);
  if (header != nullptr && offset - header->start <= static_cast<std::int64_t>(kHeaderFields - kNumber)) {
    std::memcpy(out, header->fields.data() + (offset - header->start), kNumber);
    return SQLITE_OK;
  }
  if (offset == read_page_end_) {
    put_u32(out, read_checksum_);
    return SQLITE_OK;
  }
  const int code = file_.read(out, static_cast<int>(kNumber), offset);
  return code == SQLITE_IOERR_SHORT_READ ? unreadable(offset) : code;
}

int JournalFile::read_page(std::uint8_t* out, std::int64_t offset) {
  read_page_end_ = -1;
  const Header* header = header_before(offset);
  if (header == nullptr || offset < static_cast<std::int64_t>(kNumber)) return SQLITE_IOERR_SHORT_READ;

  // The number in front is part of what the page was sealed with.
  const int code =
      file_.read(buffer_.data(), static_cast<int>(buffer_.size()), offset - std::int64_t{kNumber});
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ) return code;
  const std::uint8_t* nonce = header->fields.data() + kNonceAt;
  if (code == SQLITE_IOERR_SHORT_READ ||
      !cipher_.open(buffer_.data() + kNumber, out, record_position(offset, buffer_.data(), nonce))) {
    std::memset(out, 0, kPageSize);
    return unreadable(offset);
  }
  read_page_end_ = offset + kPage;
  read_checksum_ = checksum(out, get_u32(nonce));
  return SQLITE_OK;
}

int JournalFile::unreadable(std::int64_t offset) const {
  const Header* header = header_before(offset);
  const bool promised = header != nullptr && (header->durable || header->ours);
  return promised ? SQLITE_IOERR_DATA : SQLITE_IOERR_SHORT_READ;
}

// --- writing ---

int JournalFile::write(const std::uint8_t* data, int amount, std::int64_t offset) {
  if (amount == static_cast<int>(kNumber)) return write_number(data, offset);
  const bool after_number = number_at_ >= 0 && number_at_ + std::int64_t{kNumber} == offset;
  if (amount == kPage && after_number) return write_page(data, offset);

  if (offset % kSector == 0) {
    if (amount >= kSector && amount % kSector == 0 && amount <= kMaxHeader) {
      Header header{.start = offset, .ours = true};
      std::memcpy(header.fields.data(), data, kHeaderFields);
      return write_header(header, amount);
    }
    if (amount == kCountedPart) {
      Header* known = find_header(offset);
      if (known == nullptr) return SQLITE_IOERR_WRITE;
      Header header = *known;
      std::memcpy(header.fields.data(), data, kCountedPart);
      header.durable = !unsynced_records_;
      return write_header(header, kSector);
    }
    // Zeros over a header: the end of the transaction (journal_mode=PERSIST), or a stale header that must not
    // be taken for this transaction's next one.
    if ((amount == static_cast<int>(kHeaderFields) || amount == 1) && all_zero(data, amount)) {
      return erase_header(offset);
    }
  }
  // A super-journal's name holds a path and no content: the name itself, and the magic that ends it.
  const bool name = after_number && get_u32(number_.data()) == kLockPage;
  const bool end = amount == kMagicSize && std::memcmp(data, kMagic.data(), kMagic.size()) == 0;
  if (name || end) return file_.write(data, amount, offset);
  // Whatever else it is, it will not go to the disk in the clear.
  return SQLITE_IOERR_WRITE;
}

int JournalFile::write_number(const std::uint8_t* number, std::int64_t offset) {
  if (offset == written_page_end_) {
    static constexpr std::array<std::uint8_t, kNumber> kNoChecksum{};
    return file_.write(kNoChecksum.data(), static_cast<int>(kNumber), offset);
  }
  number_at_ = offset;
  std::memcpy(number_.data(), number, kNumber);
  unsynced_records_ = true;
  return file_.write(number, static_cast<int>(kNumber), offset);
}

int JournalFile::write_page(const std::uint8_t* page, std::int64_t offset) {
  const Header* header = header_before(offset);
  if (header == nullptr) return SQLITE_IOERR_WRITE;
  cipher_.seal(page, buffer_.data(),
               record_position(offset, number_.data(), header->fields.data() + kNonceAt));
  written_page_end_ = offset + kPage;
  unsynced_records_ = true;
  return file_.write(buffer_.data(), static_cast<int>(kPage), offset);
}

int JournalFile::write_header(Header header, std::int64_t size) {
  std::array<std::uint8_t, kSealedPlain> plain{};
  std::memcpy(plain.data(), header.fields.data(), kHeaderFields);
  plain[kHeaderFields] = header.durable ? 1 : 0;

  std::memset(buffer_.data(), 0, kSector);
  for (const std::size_t at : kCopyAt)
    cipher_.seal_record(plain, std::span(buffer_).subspan(at, kSealedSize), header_position(header.start));
  int code = file_.write(buffer_.data(), static_cast<int>(kSector), header.start);
  // The rest of a larger sector is there so that the records begin in the next one.
  if (code == SQLITE_OK && size > kSector) {
    std::memset(buffer_.data(), 0, kSector);
    for (std::int64_t at = kSector; code == SQLITE_OK && at < size; at += kSector)
      code = file_.write(buffer_.data(), static_cast<int>(kSector), header.start + at);
  }
  keep(header);
  return code;
}

int JournalFile::erase_header(std::int64_t start) {
  std::erase_if(headers_, [start](const Header& h) { return h.start >= start; });
  std::memset(buffer_.data(), 0, kSealedEnd);
  return file_.write(buffer_.data(), static_cast<int>(kSealedEnd), start);
}

int JournalFile::truncate(std::int64_t size) {
  std::erase_if(headers_, [size](const Header& h) { return h.start >= size; });
  number_at_ = written_page_end_ = read_page_end_ = -1;
  return file_.truncate(size);
}

int JournalFile::sync(int flags) {
  const int code = file_.sync(flags);
  if (code == SQLITE_OK) unsynced_records_ = false;
  return code;
}

// --- headers ---

JournalFile::Header* JournalFile::find_header(std::int64_t start) {
  if (Header* kept = kept_header(start); kept != nullptr && kept->ours) return kept;
  // Another connection may have written it since; the disk is the truth.
  if (file_.read(buffer_.data(), static_cast<int>(kSealedEnd), start) != SQLITE_OK) return nullptr;
  std::array<std::uint8_t, kSealedPlain> plain;
  for (const std::size_t at : kCopyAt) {
    const ByteView sealed = std::span(buffer_).subspan(at, kSealedSize);
    if (!cipher_.open_record(sealed, plain, header_position(start))) continue;
    Header header{.start = start, .durable = plain[kHeaderFields] != 0};
    std::memcpy(header.fields.data(), plain.data(), kHeaderFields);
    keep(header);
    return kept_header(start);
  }
  return nullptr;
}

JournalFile::Header* JournalFile::kept_header(std::int64_t start) {
  auto at =
      std::find_if(headers_.begin(), headers_.end(), [start](const Header& h) { return h.start == start; });
  return at == headers_.end() ? nullptr : &*at;
}

const JournalFile::Header* JournalFile::header_before(std::int64_t offset) const {
  auto after = std::upper_bound(headers_.begin(), headers_.end(), offset,
                                [](std::int64_t at, const Header& h) { return at < h.start; });
  return after == headers_.begin() ? nullptr : &*std::prev(after);
}

void JournalFile::keep(const Header& header) {
  auto at = std::lower_bound(headers_.begin(), headers_.end(), header.start,
                             [](const Header& h, std::int64_t start) { return h.start < start; });
  if (at != headers_.end() && at->start == header.start) {
    *at = header;
  } else {
    headers_.insert(at, header);
  }
}

}  // namespace sotto::vfs

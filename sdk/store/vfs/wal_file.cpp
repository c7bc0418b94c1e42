#include "sdk/store/vfs/wal_file.hpp"

#include <cstring>

namespace sotto::vfs {
namespace {

constexpr std::int64_t kHead = kWalHeaderSize;
constexpr std::int64_t kFrameHead = kFrameHeaderSize;
constexpr std::int64_t kPage = kPageSize;
constexpr std::int64_t kFrame = kFrameSize;
// Of a frame header: page number, size after commit, two salts. The checksum comes after.
constexpr std::size_t kPlainPart = 16;

using Position = std::array<std::uint8_t, 8 + kPlainPart>;

Position position_of(const std::uint8_t* header, std::uint64_t frame) {
  Position position;
  put_u64(position.data(), frame);
  std::memcpy(position.data() + 8, header, kPlainPart);
  return position;
}

std::int64_t start_of(std::uint64_t frame) {
  return kHead + static_cast<std::int64_t>(frame) * kFrame;
}

}  // namespace

void FrameCodec::mask_header(std::uint8_t* header, std::uint64_t frame) const {
  const auto mask = cipher_.mask(position_of(header, frame));
  for (std::size_t i = 0; i < mask.size(); ++i)
    header[kPlainPart + i] ^= mask[i];
}

void FrameCodec::seal_page(const std::uint8_t* plain, std::uint8_t* sealed, const std::uint8_t* header,
                           std::uint64_t frame) const {
  cipher_.seal(plain, sealed, position_of(header, frame));
}

bool FrameCodec::open_page(const std::uint8_t* sealed, std::uint8_t* plain, const std::uint8_t* header,
                           std::uint64_t frame) const {
  return cipher_.open(sealed, plain, position_of(header, frame));
}

int WalFile::read(std::uint8_t* out, int amount, std::int64_t offset) {
  if (offset + amount <= kHead) return file_.read(out, amount, offset);
  if (offset < kHead || amount < 0) return SQLITE_IOERR_READ;

  const auto frame = static_cast<std::uint64_t>((offset - kHead) / kFrame);
  const std::int64_t within = (offset - kHead) % kFrame;

  if (within + amount <= kFrameHead) {
    const int code = file_.read(buffer_.data(), static_cast<int>(kFrameHead), start_of(frame));
    if (code == SQLITE_OK) codec_.mask_header(buffer_.data(), frame);
    std::memcpy(out, buffer_.data() + within, static_cast<std::size_t>(amount));
    return code;
  }

  const bool recovery = within == 0 && amount == kFrame;
  const bool page = within == kFrameHead && amount == kPage;
  if (!recovery && !page) return SQLITE_IOERR_READ;

  int code = file_.read(buffer_.data(), static_cast<int>(kFrame), start_of(frame));
  if (code == SQLITE_IOERR_SHORT_READ) {
    // The log ends inside this frame, or before it. Recovery knows what to do; a reader was promised it.
    std::memset(out, 0, static_cast<std::size_t>(amount));
    return recovery ? SQLITE_IOERR_SHORT_READ : SQLITE_IOERR_DATA;
  }
  if (code != SQLITE_OK) return code;

  std::uint8_t* plain = recovery ? out + kFrameHead : out;
  const bool good = codec_.open_page(buffer_.data() + kFrameHead, plain, buffer_.data(), frame);
  if (page) return good ? SQLITE_OK : SQLITE_IOERR_DATA;
  // A torn frame is the ordinary end of a log and no error: with zeros for the page its checksum fails, and
  // recovery stops here.
  std::memcpy(out, buffer_.data(), kFrameHeaderSize);
  codec_.mask_header(out, frame);
  if (!good) std::memset(out + kPlainPart, 0, kFrameHeaderSize - kPlainPart);
  return SQLITE_OK;
}

int WalFile::write(const std::uint8_t* data, int amount, std::int64_t offset) {
  if (offset == 0 && amount == kHead) {
    header_frame_ = -1;
    return file_.write(data, amount, 0);
  }
  if (offset < kHead || amount <= 0) return SQLITE_IOERR_WRITE;
  const auto frame = static_cast<std::uint64_t>((offset - kHead) / kFrame);
  const std::int64_t within = (offset - kHead) % kFrame;
  if (within == 0 && amount == kFrameHead) return write_header(data, frame);
  if (within == kFrameHead && amount == kPage) return write_page(data, frame);
  return write_part(data, amount, offset);
}

int WalFile::write_part(const std::uint8_t* data, std::int64_t amount, std::int64_t offset) {
  if (offset != part_end_) {
    part_start_ = offset;
    part_end_ = offset;
  }
  const std::int64_t within = (part_start_ - kHead) % kFrame;
  const std::int64_t whole = within == 0 ? kFrameHead : kPage;
  const std::int64_t have = part_end_ - part_start_;
  if ((within != 0 && within != kFrameHead) || have + amount > whole) return SQLITE_IOERR_WRITE;
  std::memcpy(part_.data() + have, data, static_cast<std::size_t>(amount));
  part_end_ += amount;
  if (have + amount < whole) return SQLITE_OK;

  const auto frame = static_cast<std::uint64_t>((part_start_ - kHead) / kFrame);
  part_end_ = -1;
  return within == 0 ? write_header(part_.data(), frame) : write_page(part_.data(), frame);
}

int WalFile::write_header(const std::uint8_t* header, std::uint64_t frame) {
  std::memcpy(header_.data(), header, kFrameHeaderSize);
  codec_.mask_header(header_.data(), frame);
  header_frame_ = static_cast<std::int64_t>(frame);
  return file_.write(header_.data(), static_cast<int>(kFrameHead), start_of(frame));
}

int WalFile::write_page(const std::uint8_t* page, std::uint64_t frame) {
  if (header_frame_ != static_cast<std::int64_t>(frame)) {
    // A page that spilled is written again under the header it has.
    const int code = file_.read(header_.data(), static_cast<int>(kFrameHead), start_of(frame));
    header_frame_ = -1;
    if (code != SQLITE_OK) return code;
    header_frame_ = static_cast<std::int64_t>(frame);
  }
  codec_.seal_page(page, buffer_.data(), header_.data(), frame);
  return file_.write(buffer_.data(), static_cast<int>(kPage), start_of(frame) + kFrameHead);
}

int WalFile::truncate(std::int64_t size) {
  header_frame_ = -1;
  part_end_ = -1;
  return file_.truncate(size);
}

}  // namespace sotto::vfs

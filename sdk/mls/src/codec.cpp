#include "sdk/mls/src/codec.hpp"

#include <algorithm>
#include <cstdlib>

namespace sotto::mls {

namespace {
constexpr std::size_t kFirstCapacity = 256;  // most messages' parts fit
constexpr std::size_t kMaxOneByteLength = 0x3F;
constexpr std::size_t kMaxTwoByteLength = 0x3FFF;

std::size_t length_size(std::size_t n) {
  if (n <= kMaxOneByteLength) return 1;
  return n <= kMaxTwoByteLength ? 2 : 4;
}

void put_length(std::uint8_t* out, std::size_t n) {
  switch (length_size(n)) {
    case 1:
      out[0] = static_cast<std::uint8_t>(n);
      break;
    case 2:
      out[0] = static_cast<std::uint8_t>(0x40 | n >> 8);
      out[1] = static_cast<std::uint8_t>(n);
      break;
    default:
      out[0] = static_cast<std::uint8_t>(0x80 | n >> 24);
      out[1] = static_cast<std::uint8_t>(n >> 16);
      out[2] = static_cast<std::uint8_t>(n >> 8);
      out[3] = static_cast<std::uint8_t>(n);
  }
}
}  // namespace

Writer::~Writer() {
  if (content_ == Content::secret) wipe(buffer_);
}

std::uint8_t* Writer::grow(std::size_t n) {
  if (size_ + n > buffer_.size()) {
    if (content_ == Content::measured) {
      size_ += n;
      return not_kept_;
    }
    Bytes larger(std::max({size_ + n, buffer_.size() * 2, kFirstCapacity}));
    if (size_ != 0) std::memcpy(larger.data(), buffer_.data(), size_);
    if (content_ == Content::secret) wipe(buffer_);
    buffer_.swap(larger);
  }
  std::uint8_t* at = buffer_.data() + size_;
  size_ += n;
  return at;
}

void Writer::big_endian(std::uint64_t v, int bytes) {
  std::uint8_t* at = grow(static_cast<std::size_t>(bytes));
  for (int i = 0; i < bytes; ++i)
    at[i] = static_cast<std::uint8_t>(v >> (8 * (bytes - 1 - i)));
}

void Writer::raw(ByteView bytes) {
  if (content_ == Content::measured) {
    size_ += bytes.size();
    return;
  }
  if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
}

void Writer::opaque(ByteView bytes) {
  length(bytes.size());
  raw(bytes);
}

void Writer::length(std::size_t n) {
  // What callers give is measured before it is written. A longer vector would be written wrong, which is
  // worse than the end.
  if (n > kMaxVectorLength && content_ != Content::measured) std::abort();
  put_length(grow(length_size(n)), n);
}

void Writer::close_vector(std::size_t start) {
  const std::size_t n = size_ - start;
  const std::size_t header = length_size(n);
  grow(header);
  if (content_ == Content::measured) return;
  if (n > kMaxVectorLength) std::abort();
  std::uint8_t* at = buffer_.data() + start;
  std::memmove(at + header, at, n);
  put_length(at, n);
}

Bytes Writer::take() {
  Bytes out = std::move(buffer_);
  out.resize(size_);
  buffer_.clear();
  size_ = 0;
  return out;
}

SecretBytes Writer::take_secret() {
  SecretBytes out(view());
  wipe(buffer_);
  size_ = 0;
  return out;
}

void Reader::fail(ErrorCode code, std::string_view what) {
  if (error_) return;
  fail(Error{code, std::string(what) + " at byte " + std::to_string(position_)});
}

void Reader::fail(Error error) {
  if (error_) return;
  error_ = std::move(error);
  position_ = end_;
}

std::uint64_t Reader::big_endian(std::size_t bytes) {
  if (remaining() < bytes) {
    fail(ErrorCode::truncated, "number");
    return 0;
  }
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    v = v << 8 | bytes_[position_ + i];
  position_ += bytes;
  return v;
}

ByteView Reader::raw(std::size_t n) {
  if (remaining() < n) {
    fail(ErrorCode::truncated, "bytes");
    return {};
  }
  ByteView out = bytes_.subspan(position_, n);
  position_ += n;
  return out;
}

ByteView Reader::opaque_view() {
  return raw(length());
}

std::size_t Reader::length() {
  const std::uint8_t first = u8();
  const int prefix = first >> 6;
  if (prefix == 3) {
    fail(ErrorCode::vector_prefix_invalid, "vector length");
    return 0;
  }
  const int more = (1 << prefix) - 1;
  std::size_t n = first & 0x3F;
  for (int i = 0; i < more; ++i)
    n = n << 8 | u8();
  if (ok() && length_size(n) != static_cast<std::size_t>(more) + 1) {
    fail(ErrorCode::vector_length_not_minimal, "vector length");
    return 0;
  }
  return ok() ? n : 0;
}

bool Reader::present() {
  const std::uint8_t v = u8();
  if (v > 1) fail(ErrorCode::optional_invalid, "presence octet");
  return ok() && v == 1;
}

}  // namespace sotto::mls

// The presentation language of RFC 9420 §2.1: big-endian numbers, optional values, vectors with variable-size
// lengths.
//
//   Writer w;
//   write(w, leaf_node);                 // overloads beside each type
//   Bytes bytes = w.take();
//
//   Result<LeafNode> leaf = parse<LeafNode>(bytes);   // all of it, nothing left over
//
// A Reader remembers its first error and gives zeros and empty values from then on, so that a structure is
// read straight through and checked once.
#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <string>

#include "sotto/mls/error.hpp"
#include "sotto/mls/types.hpp"

namespace sotto::mls {

/// Vectors are shorter than this (§2.1.2: 30 bits of length).
inline constexpr std::size_t kMaxVectorLength = (1u << 30) - 1;

/// Nothing larger is read. A message is wrapped into further vectors to be signed and hashed, and those must
/// stay below the limit above; the tree of a group of the most members there may be (kMaxLeaves) fits.
inline constexpr std::size_t kMaxInput = 1u << 28;

/// What is read takes at most so many times the memory of its bytes, be they chosen by an enemy: the smallest
/// entry of each list stands for this many times its size at most, while the list grows
/// (parser_memory_test.cpp).
inline constexpr std::size_t kMemoryPerInputByte = 128;

class Writer {
 public:
  enum class Content : std::uint8_t { open, secret, measured };
  /// `secret`: buffers are wiped when they are outgrown and when the writer ends. `measured`: nothing is kept
  /// but the size (see `encoded_size`).
  explicit Writer(Content content = Content::open) : content_(content) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();

  void u8(std::uint8_t v) { *grow(1) = v; }
  void u16(std::uint16_t v) { big_endian(v, 2); }
  void u32(std::uint32_t v) { big_endian(v, 4); }
  void u64(std::uint64_t v) { big_endian(v, 8); }
  void raw(ByteView bytes);
  /// opaque<V>
  void opaque(ByteView bytes);
  /// A vector length (§2.1.2).
  void length(std::size_t n);
  template <class T, class Fn>
  void optional(const std::optional<T>& value, Fn write_value) {
    u8(value ? 1 : 0);
    if (value) write_value(*value);
  }
  /// A vector whose length is known once `fill` has written its contents.
  template <class Fn>
  void vector(Fn fill) {
    const std::size_t start = size_;
    fill();
    close_vector(start);
  }

  [[nodiscard]] ByteView view() const { return {buffer_.data(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  Bytes take();
  SecretBytes take_secret();

 private:
  std::uint8_t* grow(std::size_t n);
  void big_endian(std::uint64_t v, int bytes);
  void close_vector(std::size_t start);

  Bytes buffer_;  // its size is the capacity in use; `size_` bytes are written
  std::size_t size_ = 0;
  Content content_;
  std::uint8_t not_kept_[8] = {};  // where numbers go that are only measured
};

class Reader {
 public:
  explicit Reader(ByteView bytes) : bytes_(bytes), end_(bytes.size()) {
    if (bytes.size() > kMaxInput) fail(ErrorCode::value_too_large, "input");
  }

  std::uint8_t u8() { return static_cast<std::uint8_t>(big_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  ByteView raw(std::size_t n);
  ByteView opaque_view();
  Bytes opaque() { return to_bytes(opaque_view()); }
  SecretBytes secret() { return SecretBytes(opaque_view()); }
  /// A vector length; the contents may still turn out to be missing.
  std::size_t length();
  /// Whether an optional<T> is present.
  bool present();
  /// Calls `each` until the vector that starts here is used up.
  template <class Fn>
  void vector(Fn each) {
    const std::size_t n = length();
    if (n > remaining()) fail(ErrorCode::truncated, "vector");
    if (!ok()) return;
    const std::size_t outer = end_;
    end_ = position_ + n;
    while (ok() && position_ < end_) {
      each();
    }
    if (ok()) end_ = outer;
  }

  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t remaining() const { return end_ - position_; }
  [[nodiscard]] ByteView since(std::size_t start) const { return bytes_.subspan(start, position_ - start); }
  [[nodiscard]] ByteView rest() const { return bytes_.subspan(position_, end_ - position_); }
  [[nodiscard]] bool ok() const { return !error_; }
  [[nodiscard]] const Error& error() const { return *error_; }
  void fail(ErrorCode code, std::string_view what);
  void fail(Error error);
  /// Fails unless everything was read.
  void finish() {
    if (ok() && remaining() != 0) fail(ErrorCode::trailing_bytes, "end");
  }

 private:
  std::uint64_t big_endian(std::size_t bytes);

  ByteView bytes_;
  std::size_t position_ = 0;
  std::size_t end_;
  std::optional<Error> error_;
};

/// All of `bytes` as a T.
template <class T>
Result<T> parse(ByteView bytes) {
  Reader r(bytes);
  T value;
  read(r, value);
  r.finish();
  if (!r.ok()) return r.error();
  return value;
}

template <class T>
Bytes encode(const T& value) {
  Writer w;
  write(w, value);
  return w.take();
}

/// The size of the encoding, of whatever length, without making it.
template <class T>
std::size_t encoded_size(const T& value) {
  Writer w(Writer::Content::measured);
  write(w, value);
  return w.size();
}

/// A vector of 16-bit code points.
template <class E>
void write_code_points(Writer& w, const std::vector<E>& list) {
  w.length(list.size() * 2);
  for (E e : list)
    w.u16(static_cast<std::uint16_t>(e));
}
template <class E>
void read_code_points(Reader& r, std::vector<E>& list) {
  list.clear();
  r.vector([&] { list.push_back(static_cast<E>(r.u16())); });
}

}  // namespace sotto::mls

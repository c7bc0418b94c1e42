#include "base/secret.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "base/random.hpp"

namespace sotto {

void wipe(std::span<std::uint8_t> bytes) {
  sodium_memzero(bytes.data(), bytes.size());
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(size != 0 ? std::make_unique<std::uint8_t[]>(size) : nullptr), size_(size) {}

SecretBytes::SecretBytes(ByteView bytes) : SecretBytes(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), data_.get());
}

SecretBytes SecretBytes::random(Random& random, std::size_t size) {
  SecretBytes out(size);
  random.fill(out.span());
  return out;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    clear();
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() {
  clear();
}

void SecretBytes::clear() {
  if (size_ != 0) wipe(span());
  data_.reset();
  size_ = 0;
}

}  // namespace sotto

// Secret bytes: wiped when freed, compared in constant time, impossible to print.
//
//   SecretBytes key = SecretBytes::random(random, 32);
//   use(key.view());
//
// Copying is explicit (`clone`), so that every copy of a secret is visible in the code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

namespace sotto {

class Random;

class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);  ///< zeros
  explicit SecretBytes(ByteView bytes);    ///< a copy; wipe the source if it is secret
  static SecretBytes random(Random& random, std::size_t size);

  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] SecretBytes clone() const { return SecretBytes(view()); }
  [[nodiscard]] ByteView view() const { return {data_.get(), size_}; }
  [[nodiscard]] std::span<std::uint8_t> span() { return {data_.get(), size_}; }
  [[nodiscard]] const std::uint8_t* data() const { return data_.get(); }
  [[nodiscard]] std::uint8_t* data() { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Wipes the bytes; empty afterwards.
  void clear();

  friend bool operator==(const SecretBytes& a, const SecretBytes& b) {
    return equal_constant_time(a.view(), b.view());
  }

 private:
  std::unique_ptr<std::uint8_t[]> data_;
  std::size_t size_ = 0;
};

/// Overwrites memory in a way that the compiler may not remove.
void wipe(std::span<std::uint8_t> bytes);

}  // namespace sotto

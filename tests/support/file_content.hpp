// What a file holds, in blocks that copies share until one of them is written to. Copying a file of some
// megabytes, or telling what of it is durable, costs what has changed and not what is there.
//
//   FileContent now;
//   now.write(offset, bytes);
//   FileContent durable = now;             // shares every block
//   durable.share(now, offset, length);    // takes over a part that has changed since
//
// Between size() and the end of the last block there are zeros. One thread at a time for all that share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace sotto::test {

class FileContent {
 public:
  FileContent() = default;
  explicit FileContent(ByteView bytes) { write(0, bytes); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] Bytes bytes() const;
  /// As much as there is from `offset` on, and how much that was.
  std::size_t read(std::size_t offset, std::span<std::uint8_t> out) const;

  /// What lies between the old end and `offset` becomes zeros.
  void write(std::size_t offset, ByteView bytes);
  void resize(std::size_t size);
  /// The blocks of `other` that hold the given part, whole; both have to be the same outside of the part.
  /// What `other` no longer holds is left out.
  void share(const FileContent& other, std::size_t offset, std::size_t length);

 private:
  // A page of the databases that are kept here, or two.
  static constexpr std::size_t kBlock = 4096;
  using Block = std::array<std::uint8_t, kBlock>;

  static std::size_t blocks_for(std::size_t size) { return (size + kBlock - 1) / kBlock; }
  /// The block, nobody else's.
  Block& own(std::size_t index);

  std::size_t size_ = 0;
  std::vector<std::shared_ptr<Block>> blocks_;  ///< null: zeros
};

}  // namespace sotto::test

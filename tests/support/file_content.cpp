#include "tests/support/file_content.hpp"

#include <algorithm>

namespace sotto::test {

Bytes FileContent::bytes() const {
  Bytes all(size_);
  read(0, all);
  return all;
}

std::size_t FileContent::read(std::size_t offset, std::span<std::uint8_t> out) const {
  if (offset >= size_) return 0;
  out = out.first(std::min(out.size(), size_ - offset));
  for (std::size_t done = 0; done < out.size();) {
    const std::size_t from = (offset + done) % kBlock;
    const auto part = out.subspan(done, std::min(kBlock - from, out.size() - done));
    if (const auto& block = blocks_[(offset + done) / kBlock]) {
      std::copy_n(block->begin() + static_cast<std::ptrdiff_t>(from), part.size(), part.begin());
    } else {
      std::ranges::fill(part, std::uint8_t{0});
    }
    done += part.size();
  }
  return out.size();
}

void FileContent::write(std::size_t offset, ByteView bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  for (std::size_t done = 0; done < bytes.size();) {
    const std::size_t to = (offset + done) % kBlock;
    const auto part = bytes.subspan(done, std::min(kBlock - to, bytes.size() - done));
    std::ranges::copy(part, own((offset + done) / kBlock).begin() + static_cast<std::ptrdiff_t>(to));
    done += part.size();
  }
}

void FileContent::resize(std::size_t size) {
  const bool shrinks = size < size_;
  size_ = size;
  blocks_.resize(blocks_for(size));
  if (!shrinks || size % kBlock == 0 || !blocks_.back()) return;
  auto& last = own(blocks_.size() - 1);
  std::fill(last.begin() + static_cast<std::ptrdiff_t>(size % kBlock), last.end(), std::uint8_t{0});
}

void FileContent::share(const FileContent& other, std::size_t offset, std::size_t length) {
  const std::size_t end = std::min(offset + length, other.size_);
  if (end > size_) resize(end);
  for (std::size_t index = offset / kBlock; index < blocks_for(end); ++index)
    blocks_[index] = other.blocks_[index];
}

FileContent::Block& FileContent::own(std::size_t index) {
  auto& block = blocks_[index];
  if (!block) {
    block = std::make_shared<Block>();
  } else if (block.use_count() > 1) {
    block = std::make_shared<Block>(*block);
  }
  return *block;
}

}  // namespace sotto::test

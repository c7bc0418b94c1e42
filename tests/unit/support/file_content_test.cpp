#include "tests/support/file_content.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace sotto::test {
namespace {

/// The same as plain bytes, which nobody doubts.
void write(Bytes& plain, std::size_t offset, const Bytes& bytes) {
  if (plain.size() < offset + bytes.size()) plain.resize(offset + bytes.size());
  std::ranges::copy(bytes, plain.begin() + static_cast<std::ptrdiff_t>(offset));
}

Bytes some_bytes(SeededRandom& random) {
  Bytes bytes(1 + random.below(10'000));
  random.fill(bytes);
  return bytes;
}

TEST(FileContent, HoldsWhatPlainBytesHold) {
  SeededRandom random(1);
  FileContent content;
  Bytes plain;
  for (int i = 0; i < 500; ++i) {
    if (random.below(5) == 0) {
      const std::size_t size = random.below(60'000);
      content.resize(size);
      plain.resize(size);
    } else {
      const std::size_t offset = random.below(50'000);
      const Bytes bytes = some_bytes(random);
      content.write(offset, bytes);
      write(plain, offset, bytes);
    }
    ASSERT_EQ(content.bytes(), plain) << "after step " << i;
  }
}

TEST(FileContent, ReadsAsMuchAsThereIs) {
  const Bytes bytes(5'000, 7);
  const FileContent content{ByteView(bytes)};
  Bytes out(100);
  EXPECT_EQ(content.read(4'000, out), 100U);
  EXPECT_EQ(content.read(4'990, out), 10U);
  EXPECT_EQ(content.read(5'000, out), 0U);
  EXPECT_EQ(content.read(9'000, out), 0U);
}

TEST(FileContent, ACopyDoesNotSeeWhatIsWrittenLater) {
  FileContent content{ByteView(Bytes(9'000, 1))};
  const FileContent copy = content;
  content.write(4'000, Bytes(200, 2));
  content.resize(4'100);
  EXPECT_EQ(copy.bytes(), Bytes(9'000, 1));
}

TEST(FileContent, SharingEveryChangedPartMakesTwoTheSame) {
  SeededRandom random(2);
  FileContent now;
  FileContent durable;
  for (int round = 0; round < 100; ++round) {
    struct Part {
      std::size_t offset;
      std::size_t length;  // 0: cut off there
    };
    std::vector<Part> changes;
    for (auto left = random.below(6); left > 0; --left) {
      const std::size_t offset = random.below(50'000);
      if (random.below(6) == 0) {
        now.resize(offset);
        changes.push_back({offset, 0});
      } else {
        const Bytes bytes = some_bytes(random);
        now.write(offset, bytes);
        changes.push_back({offset, bytes.size()});
      }
    }
    for (const Part& part : changes) {
      if (part.length == 0) {
        durable.resize(part.offset);
      } else {
        durable.share(now, part.offset, part.length);
      }
    }
    durable.resize(now.size());
    ASSERT_EQ(durable.bytes(), now.bytes()) << "after round " << round;
  }
}

}  // namespace
}  // namespace sotto::test

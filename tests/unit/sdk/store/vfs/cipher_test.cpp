#include "sdk/store/vfs/cipher.hpp"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "sdk/store/vfs/wal_file.hpp"

namespace sotto::vfs {
namespace {

using Page = std::array<std::uint8_t, kPageSize>;

class CipherTest : public testing::Test {
 protected:
  CipherTest() {
    SeededRandom(3).fill(std::span(plain_).first(kContentSize));
    cipher_.seal(plain_.data(), sealed_.data(), here_);
  }

  SeededRandom random_{1};
  SecretBytes key_ = SecretBytes::random(random_, kFileKeySize);
  PageCipher cipher_{key_, FileRole::main, random_};
  const std::array<std::uint8_t, 8> here_{0, 0, 0, 0, 0, 0, 0, 1};
  Page plain_{};
  Page sealed_{};
  Page out_{};
};

TEST_F(CipherTest, APageOpensAndItsReservedBytesAreZeros) {
  ASSERT_TRUE(cipher_.open(sealed_.data(), out_.data(), here_));
  EXPECT_EQ(out_, plain_);
}

TEST_F(CipherTest, APageOpensInPlace) {
  ASSERT_TRUE(cipher_.open(sealed_.data(), sealed_.data(), here_));
  EXPECT_EQ(sealed_, plain_);
}

TEST_F(CipherTest, TheSamePageIsSealedDifferentlyEachTime) {
  Page again{};
  cipher_.seal(plain_.data(), again.data(), here_);
  int same = 0;
  for (std::size_t i = 0; i < kPageSize; ++i)
    same += again[i] == sealed_[i] ? 1 : 0;
  EXPECT_LT(same, 64);  // 16 of 4096 by chance
}

TEST_F(CipherTest, EveryFlippedBitIsFoundAndShowsNoPlaintext) {
  for (std::size_t at = 0; at < kPageSize; ++at) {
    Page changed = sealed_;
    changed[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    ASSERT_FALSE(cipher_.open(changed.data(), out_.data(), here_)) << at;
    ASSERT_TRUE(std::all_of(out_.begin(), out_.end(), [](std::uint8_t b) { return b == 0; })) << at;
  }
}

TEST_F(CipherTest, APageDoesNotOpenElsewhereOrInAnotherKindOfFileOrUnderAnotherKey) {
  auto elsewhere = here_;
  elsewhere[7] = 2;
  EXPECT_FALSE(cipher_.open(sealed_.data(), out_.data(), elsewhere));
  for (const FileRole role : {FileRole::wal, FileRole::journal})
    EXPECT_FALSE(PageCipher(key_, role, random_).open(sealed_.data(), out_.data(), here_));
  const SecretBytes other = SecretBytes::random(random_, kFileKeySize);
  EXPECT_FALSE(PageCipher(other, FileRole::main, random_).open(sealed_.data(), out_.data(), here_));
}

TEST_F(CipherTest, APageOfZerosIsNoSealedPage) {
  const Page zeros{};
  EXPECT_FALSE(cipher_.open(zeros.data(), out_.data(), here_));
}

TEST_F(CipherTest, ARecordOpensWhereItWasSealedAndNowhereElse) {
  const Bytes plain = {1, 2, 3};
  Bytes sealed(plain.size() + kReserved);
  cipher_.seal_record(plain, sealed, here_);
  Bytes out(plain.size());
  ASSERT_TRUE(cipher_.open_record(sealed, out, here_));
  EXPECT_EQ(out, plain);
  auto elsewhere = here_;
  elsewhere[0] = 1;
  EXPECT_FALSE(cipher_.open_record(sealed, out, elsewhere));
  sealed.back() ^= 1;
  EXPECT_FALSE(cipher_.open_record(sealed, out, here_));
}

TEST_F(CipherTest, AFramesPageOpensOnlyInItsPlaceForItsPageAndInItsRunOfTheLog) {
  const FrameCodec codec(PageCipher(key_, FileRole::wal, random_));
  std::array<std::uint8_t, kFrameHeaderSize> header{};
  codec.seal_page(plain_.data(), sealed_.data(), header.data(), 5);
  EXPECT_TRUE(codec.open_page(sealed_.data(), out_.data(), header.data(), 5));
  EXPECT_EQ(out_, plain_);
  EXPECT_FALSE(codec.open_page(sealed_.data(), out_.data(), header.data(), 6));
  for (std::size_t i = 0; i < 16; ++i) {  // page number, commit size, salts
    auto other = header;
    other[i] = 1;
    EXPECT_FALSE(codec.open_page(sealed_.data(), out_.data(), other.data(), 5)) << i;
  }
}

TEST_F(CipherTest, AFrameHeadersChecksumIsMaskedByAllThatIsInFrontOfItAndItsPlace) {
  const FrameCodec codec(PageCipher(key_, FileRole::wal, random_));
  using Header = std::array<std::uint8_t, kFrameHeaderSize>;
  const auto mask_of = [&codec](Header header, std::uint64_t frame) {
    const Header before = header;
    codec.mask_header(header.data(), frame);
    EXPECT_TRUE(std::equal(before.begin(), before.begin() + 16, header.begin()));
    return Bytes(header.begin() + 16, header.end());
  };
  const Header zeros{};
  EXPECT_NE(mask_of(zeros, 0), Bytes(8, 0));
  EXPECT_NE(mask_of(zeros, 0), mask_of(zeros, 1));
  for (std::size_t i = 0; i < 16; ++i) {
    Header other{};
    other[i] = 1;
    EXPECT_NE(mask_of(zeros, 0), mask_of(other, 0)) << i;
  }
}

}  // namespace
}  // namespace sotto::vfs

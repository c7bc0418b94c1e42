#include "sdk/store/vfs/main_file.hpp"

#include "sdk/store/vfs/raw_file.hpp"
#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

using Page = std::array<std::uint8_t, kPageSize>;

class MainFileTest : public testing::Test {
 protected:
  MainFileTest() {
    constexpr int kFlags = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    Result<RawFile> raw = RawFile::open(sqlite3_vfs_find(disk_.vfs_name()), kPath, kFlags);
    raw_ = std::make_unique<RawFile>(*std::move(raw));
    layer_ = std::make_unique<MainFile>(raw_->file(), PageCipher(key_, FileRole::main, random_));
    page_.fill(7);
    std::fill(page_.begin() + kContentSize, page_.end(), std::uint8_t{0});
  }

  int write(std::int64_t number) { return layer_->write(page_.data(), kPageSize, (number - 1) * 4096); }
  int read(std::int64_t number) { return layer_->read(out_.data(), kPageSize, (number - 1) * 4096); }

  test::CrashDisk disk_{1};
  SeededRandom random_{1};
  SecretBytes key_{kFileKeySize};
  std::unique_ptr<RawFile> raw_;
  std::unique_ptr<MainFile> layer_;
  Page page_{};
  Page out_{};
};

TEST_F(MainFileTest, PagesLeftOutAreSealedAsBlankOnes) {
  ASSERT_EQ(write(2), SQLITE_OK);
  ASSERT_EQ(write(6), SQLITE_OK);
  for (const std::int64_t number : {1, 3, 4, 5}) {
    ASSERT_EQ(read(number), SQLITE_OK) << number;
    EXPECT_EQ(out_, Page{}) << number;
  }
  ASSERT_EQ(read(6), SQLITE_OK);
  EXPECT_EQ(out_, page_);
}

TEST_F(MainFileTest, AGapAfterATruncationIsFilledToo) {
  ASSERT_EQ(write(9), SQLITE_OK);
  ASSERT_EQ(layer_->truncate(4096), SQLITE_OK);
  ASSERT_EQ(write(4), SQLITE_OK);
  ASSERT_EQ(read(3), SQLITE_OK);
  EXPECT_EQ(out_, Page{});
}

TEST_F(MainFileTest, APageThatIsNotThereIsDamageAndAHeaderThatIsNotThereIsShort) {
  EXPECT_EQ(read(2), SQLITE_IOERR_DATA);
  out_.fill(1);
  EXPECT_EQ(layer_->read(out_.data(), 100, 0), SQLITE_IOERR_SHORT_READ);
  EXPECT_TRUE(std::all_of(out_.begin(), out_.begin() + 100, [](std::uint8_t b) { return b == 0; }));
}

TEST_F(MainFileTest, WhatHasNoRoomForATagIsNotWritten) {
  page_[kPageSize - 1] = 1;
  EXPECT_EQ(write(2), SQLITE_IOERR_WRITE);
  page_[kPageSize - 1] = 0;
  EXPECT_EQ(layer_->write(page_.data(), 1024, 4096), SQLITE_IOERR_WRITE);
  EXPECT_EQ(layer_->write(page_.data(), kPageSize, 512), SQLITE_IOERR_WRITE);
  EXPECT_EQ(write(1), SQLITE_IOERR_WRITE) << "page 1 without our page size and reserved bytes";
}

TEST_F(MainFileTest, PartOfAPageIsReadOnlyIfAllOfItIsWell) {
  ASSERT_EQ(write(2), SQLITE_OK);
  EXPECT_EQ(layer_->read(out_.data(), 16, 4096 + 500), SQLITE_OK);
  EXPECT_EQ(out_[3], 7);
  test::CrashDisk::Image files = disk_.image();
  const std::uint8_t flipped = files.at(kPath)[8000] ^ 1;
  ASSERT_EQ(raw_->file().write(&flipped, 1, 8000), SQLITE_OK);
  EXPECT_EQ(layer_->read(out_.data(), 16, 4096 + 500), SQLITE_IOERR_DATA);
}

}  // namespace
}  // namespace sotto::vfs

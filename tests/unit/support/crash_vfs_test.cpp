#include "tests/support/crash_vfs.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::test {
namespace {

/// A file of the disk, opened as SQLite would.
class File {
 public:
  explicit File(const CrashDisk& disk, const char* name = "f", int flags = SQLITE_OPEN_CREATE) {
    sqlite3_vfs* vfs = sqlite3_vfs_find(disk.vfs_name());
    storage_.resize(static_cast<std::size_t>(vfs->szOsFile));
    code_ = vfs->xOpen(vfs, name, get(), SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE | flags, nullptr);
  }
  ~File() {
    if (code_ == SQLITE_OK) get()->pMethods->xClose(get());
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int code() const { return code_; }
  int write(std::string_view text, std::int64_t at = 0) {
    return get()->pMethods->xWrite(get(), text.data(), static_cast<int>(text.size()), at);
  }
  int sync() { return get()->pMethods->xSync(get(), SQLITE_SYNC_FULL); }
  int lock(int level) { return get()->pMethods->xLock(get(), level); }
  int unlock(int level) { return get()->pMethods->xUnlock(get(), level); }
  int read() {
    char byte = 0;
    return get()->pMethods->xRead(get(), &byte, 1, 0);
  }

 private:
  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(storage_.data()); }
  std::vector<char> storage_;
  int code_ = SQLITE_ERROR;
};

std::string content(const CrashDisk& disk, const char* name = "f") {
  const CrashDisk::Image image = disk.image();
  auto found = image.find(name);
  return found == image.end() ? "(none)" : std::string(as_text(found->second));
}

TEST(CrashDisk, WhatWasSyncedSurvivesEveryCrash) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CrashDisk disk(seed);
    File file(disk);
    ASSERT_EQ(file.write("synced"), SQLITE_OK);
    ASSERT_EQ(file.sync(), SQLITE_OK);
    ASSERT_EQ(file.write("not synced", 1000), SQLITE_OK);
    disk.power_cycle();
    EXPECT_TRUE(content(disk).starts_with("synced"));
  }
}

TEST(CrashDisk, WhatWasNotSyncedSurvivesOrNotOrInPartsOrAsRubbish) {
  const std::string old(1024, 'a');
  const std::string fresh(1024, 'b');
  std::set<std::string> kinds;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CrashDisk disk(seed);
    File file(disk);
    ASSERT_EQ(file.write(old), SQLITE_OK);
    ASSERT_EQ(file.sync(), SQLITE_OK);
    ASSERT_EQ(file.write(fresh), SQLITE_OK);
    disk.power_cycle();
    const std::string now = content(disk);
    kinds.insert(now == old                                         ? "old"
                 : now == fresh                                     ? "new"
                 : now.find_first_not_of("ab") == std::string::npos ? "torn"
                                                                    : "rubbish");
  }
  EXPECT_THAT(kinds, testing::UnorderedElementsAre("old", "new", "torn", "rubbish"));
}

TEST(CrashDisk, ALaterWriteMaySurviveAnEarlierOne) {
  bool seen = false;
  for (std::uint64_t seed = 1; seed <= 200 && !seen; ++seed) {
    CrashDisk disk(seed);
    File file(disk);
    ASSERT_EQ(file.write(std::string(1024, '-')), SQLITE_OK);
    ASSERT_EQ(file.sync(), SQLITE_OK);
    ASSERT_EQ(file.write("one", 0), SQLITE_OK);
    ASSERT_EQ(file.write("two", 512), SQLITE_OK);
    disk.power_cycle();
    seen = content(disk).starts_with("---") && content(disk).substr(512, 3) == "two";
  }
  EXPECT_TRUE(seen);
}

TEST(CrashDisk, TheSameSeedLeavesTheSame) {
  std::set<std::string> left;
  for (int round = 0; round < 3; ++round) {
    CrashDisk disk(17);
    File file(disk);
    ASSERT_EQ(file.write(std::string(4096, 'x')), SQLITE_OK);
    disk.power_cycle();
    left.insert(content(disk));
  }
  EXPECT_EQ(left.size(), 1u);
}

TEST(CrashDisk, NothingWorksAfterTheCrashUntilThePowerIsBack) {
  CrashDisk disk(1);
  File file(disk);
  disk.crash_at(2);
  EXPECT_EQ(file.write("a"), SQLITE_OK);
  EXPECT_NE(file.write("b"), SQLITE_OK);
  EXPECT_TRUE(disk.struck());
  EXPECT_NE(file.read(), SQLITE_OK);
  EXPECT_NE(file.sync(), SQLITE_OK);
  EXPECT_NE(File(disk, "g").code(), SQLITE_OK);
  disk.power_cycle();
  EXPECT_NE(file.read(), SQLITE_OK) << "an open file of before";
  EXPECT_EQ(File(disk, "g").code(), SQLITE_OK);
}

TEST(CrashDisk, AKilledProcessLeavesAllItWroteAndNoLock) {
  CrashDisk disk(1);
  File file(disk);
  ASSERT_EQ(file.write("kept"), SQLITE_OK);
  ASSERT_EQ(file.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  ASSERT_EQ(file.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
  disk.kill_process();
  EXPECT_EQ(content(disk), "kept");
  File next(disk);
  EXPECT_EQ(next.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
}

TEST(CrashDisk, AFaultStrikesOnceOrFromThenOn) {
  CrashDisk disk(1);
  File file(disk);
  disk.fail_at(2, SQLITE_FULL);
  EXPECT_EQ(file.write("a"), SQLITE_OK);
  EXPECT_EQ(file.write("b"), SQLITE_FULL);
  EXPECT_EQ(file.write("c"), SQLITE_OK);
  disk.fail_at(1, SQLITE_FULL, /*from_then_on=*/true);
  EXPECT_EQ(file.write("d"), SQLITE_FULL);
  EXPECT_EQ(file.write("e"), SQLITE_FULL);
  disk.heal();
  EXPECT_EQ(file.write("f"), SQLITE_OK);
  EXPECT_EQ(content(disk), "f");
  disk.fail_read_at(1);
  EXPECT_EQ(file.read(), SQLITE_IOERR_READ);
  EXPECT_EQ(file.read(), SQLITE_OK);
}

TEST(CrashDisk, LocksKeepConnectionsApart) {
  CrashDisk disk(1);
  File one(disk);
  File two(disk);
  EXPECT_EQ(one.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_EQ(two.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
  EXPECT_EQ(one.lock(SQLITE_LOCK_RESERVED), SQLITE_OK);
  EXPECT_EQ(two.lock(SQLITE_LOCK_RESERVED), SQLITE_BUSY);
  EXPECT_EQ(one.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_BUSY);
  EXPECT_EQ(two.unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_EQ(two.lock(SQLITE_LOCK_SHARED), SQLITE_BUSY) << "a writer is waiting";
  EXPECT_EQ(one.lock(SQLITE_LOCK_EXCLUSIVE), SQLITE_OK);
  EXPECT_EQ(one.unlock(SQLITE_LOCK_NONE), SQLITE_OK);
  EXPECT_EQ(two.lock(SQLITE_LOCK_SHARED), SQLITE_OK);
}

TEST(CrashDisk, SeveralConnectionsShareALog) {
  CrashDisk disk(1);
  using sqlite::Database;
  sqlite::SqliteResult<Database> one = Database::open("f", sqlite::OpenMode::create, disk.vfs_name());
  ASSERT_DONE(one);
  ASSERT_DONE(one->exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER) STRICT"));
  sqlite::SqliteResult<Database> two = Database::open("f", sqlite::OpenMode::create, disk.vfs_name());
  ASSERT_DONE(two);
  ASSERT_DONE(one->exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"));
  EXPECT_EQ(two->scalar("SELECT count(*) FROM t").value_or(-1), 0);
  sqlite::SqliteResult<void> second = two->exec("BEGIN IMMEDIATE");
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(SQLITE_BUSY));
  ASSERT_DONE(one->exec("COMMIT"));
  EXPECT_EQ(two->scalar("SELECT count(*) FROM t").value_or(-1), 1);
}

}  // namespace
}  // namespace sotto::test

// The write-ahead log gives its room back.
#include "server/adapters/sqlite/log/checkpoints.hpp"

#include <filesystem>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace sotto::server {
namespace {

class CheckpointsTest : public testing::Test {
 protected:
  CheckpointsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sotto-checkpoints-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    EXPECT_EQ(sqlite3_open((folder / "test.db").c_str(), &db), SQLITE_OK);
    run("PRAGMA journal_mode = WAL; CREATE TABLE t (x BLOB)");
  }
  ~CheckpointsTest() override {
    sqlite3_close(db);
    std::filesystem::remove_all(folder);
  }
  void run(const char* sql) { ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK); }
  [[nodiscard]] std::uintmax_t log_bytes() const {
    return std::filesystem::file_size(folder / "test.db-wal");
  }

  std::filesystem::path folder;
  sqlite3* db = nullptr;
};

TEST_F(CheckpointsTest, GivingRoomBackEmptiesTheLogAndThenHasNothingMoreToGive) {
  Checkpoints checkpoints(db);
  for (int i = 0; i < 20; ++i)
    run("INSERT INTO t VALUES (zeroblob(10000))");
  EXPECT_GT(log_bytes(), 200'000U);
  EXPECT_TRUE(checkpoints.give_room_back());
  EXPECT_EQ(log_bytes(), 0U);
  EXPECT_FALSE(checkpoints.give_room_back()) << "a second try would fail just the same";
}

}  // namespace
}  // namespace sotto::server

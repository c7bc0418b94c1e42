#include "sqlite/tuning.hpp"

#include <sqlite3.h>

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

class TuningTest : public testing::Test {
 protected:
  std::int64_t pragma(const char* name) {
    const std::string sql = std::string("PRAGMA ") + name;
    return db_.scalar(sql.c_str()).value_or(-1);
  }

  TempFolder folder_;
  Database db_ = open_or_die(folder_.file("a.db"));
};

TEST_F(TuningTest, SetsWhatEveryConnectionNeeds) {
  ASSERT_DONE(tune(db_, {.busy_timeout = std::chrono::milliseconds(1234), .secure_delete = true}));
  EXPECT_EQ(pragma("cache_spill"), 0);
  EXPECT_EQ(pragma("temp_store"), 2);  // memory
  EXPECT_EQ(pragma("foreign_keys"), 1);
  EXPECT_EQ(pragma("synchronous"), 3);  // extra
  EXPECT_EQ(pragma("busy_timeout"), 1234);
  EXPECT_EQ(pragma("secure_delete"), 1);
  EXPECT_EQ(db_.scalar_text("PRAGMA journal_mode").value_or("?"), "wal");
}

TEST_F(TuningTest, CanKeepARollbackJournal) {
  ASSERT_DONE(tune(db_, {.journal = JournalMode::rollback, .durability = Durability::normal}));
  EXPECT_EQ(db_.scalar_text("PRAGMA journal_mode").value_or("?"), "delete");
  EXPECT_EQ(pragma("synchronous"), 1);  // normal
}

TEST_F(TuningTest, AnExclusiveConnectionKeepsOthersOutFromTheStart) {
  for (const JournalMode mode : {JournalMode::wal, JournalMode::rollback}) {
    for (int round = 0; round < 2; ++round) {  // a new file, and one that has been closed
      const std::string path = folder_.file(mode == JournalMode::wal ? "wal.db" : "rollback.db");
      Database first = open_or_die(path);
      ASSERT_DONE(tune(first, {.journal = mode, .exclusive = true}));
      Database second = open_or_die(path);
      SqliteResult<void> refused =
          tune(second, {.journal = mode, .busy_timeout = std::chrono::milliseconds(0), .exclusive = true});
      ASSERT_FALSE(refused);
      EXPECT_TRUE(refused.error().is(SQLITE_BUSY)) << refused.error().text;
      EXPECT_FALSE(std::filesystem::exists(path + "-shm"));
      ASSERT_DONE(first.exec("CREATE TABLE IF NOT EXISTS t (a INTEGER) STRICT"));
    }
  }
}

TEST_F(TuningTest, AnExclusiveConnectionInWalModeHasNoSharedMemoryFile) {
  ASSERT_DONE(tune(db_, {.exclusive = true}));
  ASSERT_DONE(db_.exec("CREATE TABLE t (a INTEGER) STRICT"));
  EXPECT_TRUE(std::filesystem::exists(folder_.file("a.db-wal")));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("a.db-shm")));
}

}  // namespace
}  // namespace sotto::sqlite

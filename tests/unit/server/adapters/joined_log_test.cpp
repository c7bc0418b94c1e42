#include "server/adapters/sqlite/log/joined_log.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sqlite/database.hpp"
#include "sqlite/tuning.hpp"
#include "tests/support/crash_vfs.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

constexpr const char* kFile = "server.db";
constexpr int kRowsOfABatch = 30;

sqlite::SqliteResult<sqlite::Database> open_db(const char* vfs, sqlite::Tuning tuning = {},
                                               const std::string& path = kFile) {
  auto db = sqlite::Database::open(path, sqlite::OpenMode::create, vfs);
  if (!db) return db;
  if (auto tuned = sqlite::tune(*db, tuning); !tuned) return tuned.error();
  if (auto made = db->exec("CREATE TABLE IF NOT EXISTS t (batch INTEGER, v BLOB)"); !made)
    return made.error();
  return db;
}

/// Rows of many pages, all of them or none.
sqlite::SqliteResult<void> write_batch(sqlite::Database& db, int batch) {
  const std::string number = std::to_string(batch);
  const std::string rows = std::to_string(kRowsOfABatch);
  const std::string sql =
      "BEGIN IMMEDIATE; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + rows +
      ") INSERT INTO t SELECT " + number + ", zeroblob(1000 + i * " + number + ") FROM n; COMMIT";
  auto done = db.exec(sql.c_str());
  if (!done && db.in_transaction()) (void)db.exec("ROLLBACK");
  return done;
}

std::int64_t rows_of(sqlite::Database& db, int batch) {
  return db.scalar(("SELECT count(*) FROM t WHERE batch = " + std::to_string(batch)).c_str()).value_or(-1);
}

TEST(JoinedLog, ACommitOfManyPagesIsOneWriteAndOneSync) {
  test::CrashDisk disk(1);
  JoinedLog joined(disk.vfs_name());
  auto db = open_db(joined.vfs_name());
  ASSERT_TRUE(db);
  ASSERT_TRUE(write_batch(*db, 1));  // the log's own header too
  const std::int64_t before = disk.changes();
  ASSERT_TRUE(write_batch(*db, 2));
  EXPECT_EQ(disk.changes() - before, 2);
}

TEST(JoinedLog, WhatWasCommittedSurvivesEveryCrash) {
  for (std::int64_t at = 1;; ++at) {
    test::CrashDisk disk(static_cast<std::uint64_t>(at));
    JoinedLog joined(disk.vfs_name());
    int committed = 0;
    constexpr int kBatches = 12;
    sqlite::Tuning tuning;
    tuning.wal_autocheckpoint_pages = 60;  // now and then
    {
      auto db = open_db(joined.vfs_name(), tuning);
      ASSERT_TRUE(db);
      disk.crash_at(at);
      while (committed < kBatches && write_batch(*db, committed + 1))
        ++committed;
    }
    const bool crashed = disk.struck();
    disk.power_cycle();
    auto db = open_db(disk.vfs_name());
    ASSERT_TRUE(db) << "crash at change " << at << ": " << db.error().text;
    EXPECT_EQ(*db->scalar_text("PRAGMA integrity_check"), "ok") << at;
    for (int batch = 1; batch <= committed; ++batch)
      ASSERT_EQ(rows_of(*db, batch), kRowsOfABatch) << "crash at change " << at;
    const std::int64_t last = rows_of(*db, committed + 1);
    EXPECT_TRUE(last == 0 || last == kRowsOfABatch) << "crash at change " << at << ", " << last;
    if (!crashed) break;
  }
}

TEST(JoinedLog, AFullDiskFailsTheCommitThatItIsFullFor) {
  for (std::int64_t at = 1;; ++at) {
    test::CrashDisk disk(7);
    JoinedLog joined(disk.vfs_name());
    auto db = open_db(joined.vfs_name());
    ASSERT_TRUE(db);
    ASSERT_TRUE(write_batch(*db, 1));
    disk.fail_at(at, SQLITE_FULL);
    const auto second = write_batch(*db, 2);
    const bool failed = disk.struck();
    disk.heal();
    EXPECT_EQ(second.ok(), !failed) << at;
    ASSERT_TRUE(write_batch(*db, 3)) << at;
    EXPECT_EQ(rows_of(*db, 2), failed ? 0 : kRowsOfABatch) << at;
    // Another connection sees the same, without the layer.
    auto reader = open_db(disk.vfs_name());
    ASSERT_TRUE(reader);
    EXPECT_EQ(rows_of(*reader, 1), kRowsOfABatch);
    EXPECT_EQ(rows_of(*reader, 2), failed ? 0 : kRowsOfABatch);
    EXPECT_EQ(rows_of(*reader, 3), kRowsOfABatch);
    if (!failed) break;
  }
}

TEST(JoinedLog, ACommitIsInTheFileWhenItReturnsEvenIfNothingIsSynced) {
  test::CrashDisk disk(3);
  JoinedLog joined(disk.vfs_name());
  auto db = open_db(joined.vfs_name());
  auto reader = open_db(disk.vfs_name());
  ASSERT_TRUE(db);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(db->exec("PRAGMA synchronous = OFF"));
  for (int batch = 1; batch <= 20; ++batch) {
    ASSERT_TRUE(write_batch(*db, batch));
    ASSERT_EQ(rows_of(*reader, batch), kRowsOfABatch);
  }
}

TEST(JoinedLog, ACommitLargerThanWhatIsKeptIsWholeOnARealDisk) {
  const testing::TempFolder folder;
  const std::string path = folder.file(kFile);
  JoinedLog joined;
  auto db = open_db(joined.vfs_name(), {}, path);
  ASSERT_TRUE(db);
  ASSERT_TRUE(db->exec("INSERT INTO t VALUES (1, zeroblob(5000000))"));
  auto reader = open_db(nullptr, {}, path);
  ASSERT_TRUE(reader);
  EXPECT_EQ(*reader->scalar("SELECT length(v) FROM t"), 5'000'000);
  EXPECT_EQ(*reader->scalar_text("PRAGMA integrity_check"), "ok");
}

}  // namespace
}  // namespace sotto::server

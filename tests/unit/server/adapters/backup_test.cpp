// Backups: a copy of one moment while the server runs, and a restore after which nothing of what was there
// before shines through.
#include "server/adapters/embedded/backup.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/adapters/embedded/embedded_storage.hpp"
#include "server/adapters/embedded/file_lock.hpp"
#include "server/adapters/sqlite/check.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TempFolder;
using testing::World;

/// A server that was killed leaves its database and a log that was never moved into it.
void copy_as_killed(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal"}) {
    std::error_code ignored;
    fs::copy_file(from + suffix, to + suffix, fs::copy_options::overwrite_existing, ignored);
  }
}

class Backup : public ::testing::Test {
 protected:
  static std::int64_t rows(const std::string& file, const std::string& table) {
    auto db = sqlite::Database::open(file, sqlite::OpenMode::read_write);
    const auto count = db->scalar(("SELECT count(*) FROM " + table).c_str());
    EXPECT_TRUE(count) << count.error().text;
    return count ? *count : -1;
  }
  OpenedDatabase open(const std::string& file) {
    auto opened = open_database(file, world.now, random);
    EXPECT_TRUE(opened) << opened.error().text;
    return *std::move(opened);
  }
  Result<RestoreFacts, OpenError> restore_here() { return restore(copy, database, world.now, random); }

  World world;
  const Caller ann = world.person("Ann");
  const Caller ben = world.person("Ben");
  TempFolder folder;
  SeededRandom random{5};
  std::string copy = folder.file("backup.db");
  std::string database = folder.file("server.db");
};

TEST_F(Backup, HoldsEverythingCommittedWhileTheServerRuns) {
  const auto last = world.say(ann, ben, "one");
  const auto made = back_up(world.path(), copy);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->newest, last->created_at());
  EXPECT_FALSE(made->empty);
  EXPECT_TRUE(world.say(ann, ben, "two"));
  EXPECT_EQ(rows(copy, "messages"), 1);
  EXPECT_FALSE(fs::exists(copy + "-wal")) << "it is one file";
  EXPECT_FALSE(fs::exists(copy + ".part"));
}

TEST_F(Backup, OverwritesNothing) {
  std::ofstream(copy) << "yesterday's";
  const auto made = back_up(world.path(), copy);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text, AllOf(HasSubstr(copy), HasSubstr("is there already")));
  EXPECT_EQ(fs::file_size(copy), 11u);
}

TEST_F(Backup, OfADamagedDatabaseIsNotMade) {
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(world.say(ann, ben, std::string(500, 'x')));
  const std::string damaged = folder.file("damaged.db");
  ASSERT_TRUE(back_up(world.path(), damaged));
  {
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(damaged) / 2));
    file << std::string(20'000, '\x5a');
  }
  const auto made = back_up(damaged, copy);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text, HasSubstr("damaged"));
  EXPECT_FALSE(fs::exists(copy));
  EXPECT_FALSE(fs::exists(copy + ".part"));
}

TEST_F(Backup, ARestoreAfterACrashLeavesNothingOfTheLogThatWasThere) {
  ASSERT_TRUE(world.say(ann, ben, "in the backup"));
  ASSERT_TRUE(back_up(world.path(), copy));
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(world.say(ann, ben, "after it " + std::string(500, 'x')));
  copy_as_killed(world.path(), database);
  ASSERT_GT(fs::file_size(database + "-wal"), 0u);

  const auto restored = restore_here();
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_FALSE(fs::exists(database + "-wal"));
  auto opened = open(database);
  const auto checked = check_database(opened.writer, std::chrono::minutes(1));
  EXPECT_FALSE(checked->damage) << *checked->damage;
  EXPECT_EQ(*opened.writer.scalar("SELECT count(*) FROM messages"), 1);

  ASSERT_TRUE(restored->kept) << "what was there is kept";
  EXPECT_EQ(rows(*restored->kept, "messages"), 301) << "with its log";
}

TEST_F(Backup, ARestoreBeginsANewStreamThatLeavesTheOldOneWhereTheBackupEnds) {
  const auto last = world.say(ann, ben, "in the backup");
  ASSERT_TRUE(back_up(world.path(), copy));
  const StreamOrigin before = open(copy).stream;
  EXPECT_NE(before.id, 0u);
  EXPECT_EQ(before.from, Place{});
  ASSERT_TRUE(restore_here());
  const StreamOrigin after = open(database).stream;
  EXPECT_NE(after.id, before.id);
  EXPECT_EQ(after.from.value, last->id.value);
  EXPECT_EQ(open(database).stream, after) << "and that is its name from now on";

  const std::string second = folder.file("second.db");
  ASSERT_TRUE(back_up(database, second));
  const std::string elsewhere = folder.file("elsewhere.db");
  ASSERT_TRUE(restore(second, elsewhere, world.now, random));
  EXPECT_NE(open(elsewhere).stream.id, after.id);
  EXPECT_EQ(open(elsewhere).stream.from, after.from) << "the smaller of the two";
}

TEST_F(Backup, WhereNothingWasBeforeItIsRestoredToo) {
  ASSERT_TRUE(back_up(world.path(), copy));
  const auto restored = restore_here();
  ASSERT_TRUE(restored) << restored.error().text;
  EXPECT_FALSE(restored->kept);
  EXPECT_EQ(rows(database, "users"), 2);
  struct stat status {};
  ASSERT_EQ(::stat(database.c_str(), &status), 0);
}

TEST_F(Backup, WhatIsNoWholeBackupIsRefusedAndNothingIsTouched) {
  ASSERT_TRUE(back_up(world.path(), copy));
  copy_as_killed(world.path(), database);
  const auto users = rows(database, "users");
  const std::string whole = copy;

  copy = folder.file("missing.db");
  EXPECT_THAT(restore_here().error().text, HasSubstr("no such file"));
  copy = folder.file("cut.db");
  fs::copy_file(whole, copy);
  fs::resize_file(copy, fs::file_size(whole) / 2);
  EXPECT_THAT(restore_here().error().text, AllOf(HasSubstr(copy), HasSubstr("damaged")));
  copy = folder.file("text.db");
  std::ofstream(copy) << std::string(5000, 'x');
  EXPECT_THAT(restore_here().error().text, AllOf(HasSubstr(copy), HasSubstr("not a database")));
  copy = folder.file("newer.db");
  fs::copy_file(whole, copy);
  ASSERT_TRUE(sqlite::Database::open(copy, sqlite::OpenMode::read_write)->exec("PRAGMA user_version = 1000"));
  EXPECT_THAT(restore_here().error().text, AllOf(HasSubstr(copy), HasSubstr("newer version")));
  copy = database;
  EXPECT_THAT(restore_here().error().text, HasSubstr("is the database itself"));

  EXPECT_EQ(rows(database, "users"), users);
  for (const auto& entry : fs::directory_iterator(fs::path(database).parent_path()))
    EXPECT_EQ(entry.path().string().find("restor"), std::string::npos) << entry.path();
}

TEST_F(Backup, ARunningServerIsNotRestoredUnder) {
  ASSERT_TRUE(back_up(world.path(), copy));
  ASSERT_TRUE(restore_here());
  const auto running = EmbeddedStorage::open({.path = database});
  ASSERT_TRUE(running) << running.error().text;
  EXPECT_THAT(restore_here().error().text, HasSubstr("stop the server first"));
}

TEST_F(Backup, AnInterruptedRestoreKeepsTheServerFromStartingUntilItIsRunAgain) {
  ASSERT_TRUE(back_up(world.path(), copy));
  // Between the last steps: the old log is away, the old database still there.
  fs::copy_file(copy, restoring_file(database));
  fs::copy_file(copy, database);
  const auto refused = EmbeddedStorage::open({.path = database});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("a restore was interrupted"));
  ASSERT_TRUE(restore_here());
  EXPECT_TRUE(EmbeddedStorage::open({.path = database}));
}

TEST_F(Backup, ALogThatDoesNotBelongToTheFileIsNoticedAtTheStart) {
  ASSERT_TRUE(world.say(ann, ben, "in the backup"));
  ASSERT_TRUE(back_up(world.path(), copy));
  // By hand, as it must not be done: the file is put back, and the log of the killed server stays. Its pages
  // are of a later state in which earlier pages were moved to the file already.
  for (int i = 0; i < 2000; ++i)
    ASSERT_TRUE(world.say(ann, ben, "moved into the file " + std::string(200, 'x')));
  ASSERT_TRUE(world.store().connection().db().scalar("PRAGMA wal_checkpoint(TRUNCATE)"));
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(world.say(ann, ben, "only in the log"));
  copy_as_killed(world.path(), database);
  fs::copy_file(copy, database, fs::copy_options::overwrite_existing);
  const auto refused = EmbeddedStorage::open({.path = database});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, AllOf(HasSubstr(database), HasSubstr("damaged")));
}

TEST_F(Backup, TheCheckStopsWhenItsTimeIsOver) {
  auto opened = open(database);
  // Hundreds of thousands of rows take longer than no time at all.
  ASSERT_TRUE(opened.writer.exec("CREATE TABLE many (a INTEGER, b BLOB)"));
  ASSERT_TRUE(
      opened.writer.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
                         "INSERT INTO many SELECT i, zeroblob(100) FROM n"));
  const auto checked = check_database(opened.writer, Milliseconds{0});
  ASSERT_TRUE(checked) << checked.error().text;
  EXPECT_FALSE(checked->complete);
  EXPECT_FALSE(checked->damage);
  EXPECT_TRUE(check_database(opened.writer, std::chrono::minutes(5))->complete);
}

TEST_F(Backup, ALockIsOnTheDatabaseItselfWhateverElseIsRemoved) {
  const auto running = EmbeddedStorage::open({.path = database});
  ASSERT_TRUE(running);
  const auto folder_path = fs::path(database).parent_path();
  for (const auto& entry : fs::directory_iterator(folder_path)) {
    const std::string name = entry.path().filename().string();
    if (name != "server.db" && name != "server.db-wal" && name != "server.db-shm") fs::remove(entry.path());
  }
  const auto second = EmbeddedStorage::open({.path = database});
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text, HasSubstr("in use"));
}

}  // namespace
}  // namespace sotto::server

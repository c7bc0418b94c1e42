// What can be wrong with a database file at start: one line, and the file stays as it was.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "server/adapters/sqlite/schema.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;
using testing::World;
using namespace std::chrono_literals;

class Opening : public ::testing::Test {
 protected:
  std::string error(const std::string& file) {
    const auto opened = open_database(file, now, random);
    return opened ? "" : opened.error().text;
  }
  static std::string content(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::stringstream all;
    all << stream.rdbuf();
    return all.str();
  }
  TempFolder folder;
  std::string path = folder.file("server.db");
  SeededRandom random{3};
  Timestamp now = from_unix_ms(1'790'000'000'000);
};

TEST_F(Opening, MakesTheFileWithAKeyThatStays) {
  Bytes key;
  {
    const auto first = open_database(path, now, random);
    ASSERT_TRUE(first) << first.error().text;
    key = to_bytes(first->token_key.view());
    EXPECT_EQ(key.size(), 32u);
    EXPECT_EQ(first->last_id, 0u);
  }
  const auto again = open_database(path, now, random);
  ASSERT_TRUE(again);
  EXPECT_EQ(to_bytes(again->token_key.view()), key);
}

TEST_F(Opening, RefusesAnotherProgramsDatabaseAndLeavesItAsItIs) {
  {
    auto other = sqlite::Database::open(path, sqlite::OpenMode::create);
    ASSERT_TRUE(other->exec("CREATE TABLE theirs (a)"));
  }
  const std::string before = content(path);
  EXPECT_THAT(error(path), AllOf(HasSubstr(path), HasSubstr("another program"), Not(HasSubstr("\n"))));
  EXPECT_EQ(content(path), before);
}

TEST_F(Opening, RefusesWhatIsNoDatabase) {
  std::ofstream(path) << std::string(5000, 'x');
  EXPECT_THAT(error(path), HasSubstr("not a database"));
  EXPECT_EQ(content(path), std::string(5000, 'x'));
}

TEST_F(Opening, RefusesANewerSchema) {
  {
    auto opened = open_database(path, now, random);
    ASSERT_TRUE(opened->writer.exec("PRAGMA user_version = 1000"));
  }
  EXPECT_THAT(error(path), HasSubstr("newer version"));
}

TEST_F(Opening, RefusesAFolderThatIsNotThereAndAFolderInPlaceOfAFile) {
  EXPECT_THAT(error(folder.file("no/such/server.db")), HasSubstr("cannot be opened"));
  EXPECT_THAT(error(folder.file("")), HasSubstr("cannot be opened"));
}

TEST_F(Opening, RefusesAClockFarBehindWhatIsStored) {
  {
    auto opened = open_database(path, now, random);
    const std::string sql =
        "UPDATE progress SET last_id = " + std::to_string(static_cast<std::int64_t>(snowflake_floor(now)));
    ASSERT_TRUE(opened->writer.exec(sql.c_str()));
  }
  now -= 6s;
  EXPECT_THAT(error(path), HasSubstr("6 s in the future"));
  now += 1s;
  const auto opened = open_database(path, now, random);
  ASSERT_TRUE(opened) << opened.error().text;
  EXPECT_EQ(snowflake_time(opened->last_id), now + 5s);
}

TEST_F(Opening, NoticesAFullDisk) {
  // The schema does not fit into two pages.
  auto db = sqlite::Database::open(path, sqlite::OpenMode::create);
  ASSERT_TRUE(db->exec("PRAGMA max_page_count = 2"));
  const auto migrated = sqlite::migrate(*db, server_schema());
  ASSERT_FALSE(migrated);
  EXPECT_TRUE(migrated.error().cause.is(SQLITE_FULL));
}

TEST_F(Opening, AReaderSeesAnUnchangingSnapshot) {
  World world;
  const Caller ann = world.person("Ann");
  auto reader = open_reader(world.path());
  ASSERT_TRUE(reader) << reader.error().text;
  SqliteStore store(*std::move(reader), SqliteStore::Role::reader);
  ASSERT_TRUE(store.begin());
  const Place before = store.snapshot();
  EXPECT_TRUE(store.accounts().find_user(ann.user));
  const Caller ben = world.person("Ben");
  EXPECT_FALSE(store.accounts().find_user(ben.user));
  EXPECT_EQ(store.snapshot(), before);
  store.rollback();
  ASSERT_TRUE(store.begin());
  EXPECT_TRUE(store.accounts().find_user(ben.user));
  EXPECT_GT(store.snapshot(), before);
  store.accounts().set_last_seen(ann.user, now);  // may not write
  EXPECT_TRUE(store.failed());
  store.rollback();
}

}  // namespace
}  // namespace sotto::server

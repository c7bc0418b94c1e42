#include "sqlite/migrations.hpp"

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

using Kind = MigrationError::Kind;

constexpr std::int32_t kId = 0x53740001;
constexpr Migration kTwo[] = {
    {1, "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1)"},
    {2, "ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = a + 1"},
};
constexpr Schema kOld{kId, std::span(kTwo).first(1)};
constexpr Schema kNew{kId, kTwo};

TEST(Migrations, ANewFileGetsThemAll) {
  Database db = open_or_die();
  MigrationResult found = migrate(db, kNew);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 0);
  EXPECT_EQ(db.scalar("SELECT b FROM t").value_or(-1), 2);
  EXPECT_EQ(db.scalar("PRAGMA user_version").value_or(-1), 2);
  EXPECT_EQ(db.scalar("PRAGMA application_id").value_or(-1), kId);
}

TEST(Migrations, AnOlderFileGetsTheMissingOnesAndOnlyOnce) {
  Database db = open_or_die();
  ASSERT_TRUE(migrate(db, kOld));
  MigrationResult found = migrate(db, kNew);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 1);
  found = migrate(db, kNew);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, 2);
  EXPECT_EQ(db.scalar("SELECT count(*) FROM t").value_or(-1), 1);
}

TEST(Migrations, ANewerFileIsRefusedAndLeftAlone) {
  Database db = open_or_die();
  ASSERT_TRUE(migrate(db, kNew));
  MigrationResult found = migrate(db, kOld);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::newer_schema);
  EXPECT_EQ(db.scalar("PRAGMA user_version").value_or(-1), 2);
}

TEST(Migrations, SomebodyElsesDatabaseIsToldFromAnEmptyOne) {
  Database tables = open_or_die();
  ASSERT_DONE(tables.exec("CREATE TABLE theirs (a INTEGER) STRICT"));
  MigrationResult found = migrate(tables, kNew);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::not_ours);

  Database stamped = open_or_die();
  ASSERT_DONE(stamped.exec("PRAGMA application_id = 77"));
  found = migrate(stamped, kNew);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::not_ours);
}

TEST(Migrations, OneThatFailsUndoesThoseBeforeIt) {
  constexpr Migration kBroken[] = {kTwo[0], {2, "ALTER TABLE nothing ADD COLUMN b INTEGER"}};
  Database db = open_or_die();
  MigrationResult found = migrate(db, Schema{kId, kBroken});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, Kind::failed);
  EXPECT_NE(found.error().cause.text.find("migration 2"), std::string::npos) << found.error().cause.text;
  EXPECT_EQ(db.scalar("SELECT count(*) FROM sqlite_schema").value_or(-1), 0);
  EXPECT_EQ(db.scalar("PRAGMA user_version").value_or(-1), 0);
  EXPECT_TRUE(migrate(db, kNew));
}

}  // namespace
}  // namespace sotto::sqlite

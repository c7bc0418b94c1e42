#include "sqlite/database.hpp"

#include <sqlite3.h>

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

TEST(Database, AFileThatIsNotThereIsAnErrorUnlessItIsToBeCreated) {
  TempFolder folder;
  SqliteResult<Database> missing = Database::open(folder.file("a.db"), OpenMode::read_write);
  ASSERT_FALSE(missing);
  EXPECT_TRUE(missing.error().is(SQLITE_CANTOPEN));
  EXPECT_TRUE(Database::open(folder.file("a.db"), OpenMode::create));
}

TEST(Database, AReadOnlyConnectionCannotWrite) {
  TempFolder folder;
  ASSERT_DONE(open_or_die(folder.file("a.db")).exec("CREATE TABLE t (a INTEGER) STRICT"));
  Database db = open_or_die(folder.file("a.db"), OpenMode::read_only);
  SqliteResult<void> written = db.exec("INSERT INTO t VALUES (1)");
  ASSERT_FALSE(written);
  EXPECT_TRUE(written.error().is(SQLITE_READONLY));
}

TEST(Database, AnUnknownVfsIsAnErrorAndNotACrash) {
  SqliteResult<Database> db = Database::open(":memory:", OpenMode::create, "no-such-vfs");
  ASSERT_FALSE(db);
  EXPECT_NE(db.error().text.find("no-such-vfs"), std::string::npos) << db.error().text;
}

TEST(Database, CountsChangesAndKnowsTheLastRow) {
  Database db = open_or_die();
  ASSERT_DONE(db.exec("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (5), (6), (70)"));
  EXPECT_EQ(db.changes(), 3);
  EXPECT_EQ(db.last_insert_rowid(), 70);
  SqliteResult<std::int64_t> sum = db.scalar("SELECT sum(a) FROM t");
  ASSERT_TRUE(sum);
  EXPECT_EQ(*sum, 81);
}

TEST(Database, AScalarWithoutARowSaysSo) {
  Database db = open_or_die();
  SqliteResult<std::int64_t> none = db.scalar("SELECT 1 WHERE 0");
  ASSERT_FALSE(none);
  EXPECT_TRUE(none.error().is(SQLITE_NOTFOUND));
}

TEST(Database, BadSqlNamesWhatIsWrong) {
  Database db = open_or_die();
  SqliteResult<Statement> made = db.prepare("SELECT nothing FROM nowhere");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("nothing"), std::string::npos) << made.error().text;
  EXPECT_NE(made.error().sql.find("nowhere"), std::string::npos) << made.error().sql;
  EXPECT_FALSE(db.prepare("  -- only a comment"));
}

TEST(Database, ADoubleQuotedTypoIsNotAString) {
  Database db = open_or_die();
  ASSERT_DONE(db.exec("CREATE TABLE t (name TEXT) STRICT"));
  EXPECT_FALSE(db.prepare("SELECT 1 FROM t WHERE \"nmae\" = 'x'"));
}

TEST(Database, StatementsMayOutliveTheirDatabase) {
  Statement left;
  {
    Database db = open_or_die();
    SqliteResult<Statement> made = db.prepare("SELECT 3");
    ASSERT_TRUE(made);
    left = *std::move(made);
  }
  SqliteResult<bool> row = left.step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(left.int64(0), 3);
}

TEST(Database, MovingAConnectionKeepsItsStatementsAlive) {
  Database first = open_or_die();
  ASSERT_DONE(first.exec("CREATE TABLE t (a INTEGER) STRICT"));
  SqliteResult<Statement> count = first.prepare("SELECT count(*) FROM t");
  ASSERT_TRUE(count);
  Database second = std::move(first);
  ASSERT_DONE(second.exec("INSERT INTO t VALUES (1)"));
  SqliteResult<bool> row = count->step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(count->int64(0), 1);
}

}  // namespace
}  // namespace sotto::sqlite

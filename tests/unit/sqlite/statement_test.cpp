#include "sqlite/statement.hpp"

#include <limits>

#include <sqlite3.h>

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

class StatementTest : public testing::Test {
 protected:
  Statement prepare(const char* sql) {
    SqliteResult<Statement> made = db_.prepare(sql);
    if (!made) ADD_FAILURE() << made.error().text;
    return *std::move(made);
  }

  Database db_ = open_or_die();
};

TEST_F(StatementTest, EveryTypeComesBackAsItWasBound) {
  Statement echo = prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8");
  const Bytes blob = {0x00, 0xff, 0x00};
  StatementScope use(echo);
  use->bind_all(std::int64_t{-7}, 2.5, std::string_view("na\0ive", 6), ByteView(blob), nullptr, MessageId{42},
                from_unix_ms(1'700'000'000'123), true);
  SqliteResult<bool> row = use->step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(use->int64(0), -7);
  EXPECT_EQ(use->real(1), 2.5);
  EXPECT_EQ(use->text(2), std::string_view("na\0ive", 6));
  EXPECT_EQ(to_bytes(use->blob(3)), blob);
  EXPECT_TRUE(use->is_null(4));
  EXPECT_EQ(use->id<MessageId>(5), MessageId{42});
  EXPECT_EQ(use->time(6), from_unix_ms(1'700'000'000'123));
  EXPECT_TRUE(use->boolean(7));
  EXPECT_EQ(use->columns(), 8);
}

TEST_F(StatementTest, EmptyTextAndEmptyBlobAreNotNull) {
  Statement types = prepare("SELECT typeof(?1), typeof(?2), typeof(?3)");
  StatementScope use(types);
  use->bind_all(std::string_view(), ByteView(), std::optional<std::int64_t>());
  SqliteResult<bool> row = use->step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(use->text(0), "text");
  EXPECT_EQ(use->text(1), "blob");
  EXPECT_EQ(use->text(2), "null");
}

TEST_F(StatementTest, AnIdOfSixtyFourBitsComesBackWhole) {
  Statement echo = prepare("SELECT ?1");
  StatementScope use(echo);
  const UserId id{std::numeric_limits<std::uint64_t>::max() - 1};
  use->bind(1, id);
  SqliteResult<bool> row = use->step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(use->id<UserId>(0), id);
}

TEST_F(StatementTest, NullReadsAsZeroEmptyTextAndNoId) {
  Statement null = prepare("SELECT NULL");
  StatementScope use(null);
  SqliteResult<bool> row = use->step();
  ASSERT_TRUE(row && *row);
  EXPECT_EQ(use->int64(0), 0);
  EXPECT_EQ(use->text(0), "");
  EXPECT_TRUE(use->blob(0).empty());
  EXPECT_FALSE(use->id<MessageId>(0));
}

TEST_F(StatementTest, AScopeLeavesNothingBoundForTheNextUse) {
  Statement echo = prepare("SELECT ?1");
  {
    StatementScope use(echo);
    use->bind(1, "secret");
    ASSERT_TRUE(use->step());
  }
  StatementScope use(echo);
  SqliteResult<bool> row = use->step();
  ASSERT_TRUE(row && *row);
  EXPECT_TRUE(use->is_null(0));
}

TEST_F(StatementTest, AnErrorOfBindComesOutOfTheNextStepAndEndsWithReset) {
  Statement echo = prepare("SELECT ?1");
  {
    StatementScope use(echo);
    use->bind(1, 1).bind(2, 2);
    SqliteResult<bool> row = use->step();
    ASSERT_FALSE(row);
    EXPECT_TRUE(row.error().is(SQLITE_RANGE));
  }
  StatementScope use(echo);
  use->bind(1, 1);
  EXPECT_TRUE(use->step());
}

TEST_F(StatementTest, AConstraintNamesItsColumnAndItsExtendedCode) {
  ASSERT_DONE(db_.exec("CREATE TABLE people (phone TEXT NOT NULL UNIQUE) STRICT"));
  Statement insert = prepare("INSERT INTO people (phone) VALUES (?1)");
  for (int round = 0; round < 2; ++round) {
    StatementScope use(insert);
    use->bind(1, "+15550100");
    SqliteResult<void> done = use->run();
    if (round == 0) {
      ASSERT_DONE(done);
      continue;
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, SQLITE_CONSTRAINT_UNIQUE);
    EXPECT_TRUE(done.error().is(SQLITE_CONSTRAINT));
    EXPECT_NE(done.error().text.find("people.phone"), std::string::npos) << done.error().text;
  }
}

TEST_F(StatementTest, AnErrorsTextNeverHoldsABoundValue) {
  ASSERT_DONE(db_.exec("CREATE VIRTUAL TABLE search USING fts5(body)"));
  // FTS5 quotes the search word in its own message.
  Statement find = prepare("SELECT body FROM search WHERE search MATCH ?1");
  StatementScope use(find);
  use->bind(1, "\"whispered");
  SqliteResult<bool> row = use->step();
  ASSERT_FALSE(row);
  EXPECT_EQ(row.error().text.find("whispered"), std::string::npos) << row.error().text;
  EXPECT_NE(row.error().sql.find("MATCH ?1"), std::string::npos) << row.error().sql;
  EXPECT_EQ(row.error().text.find("MATCH"), std::string::npos) << "people see the text: " << row.error().text;
}

TEST_F(StatementTest, RowsComeOneByOneUntilTheEnd) {
  Statement rows = prepare("SELECT column1 FROM (VALUES (1), (2), (3)) ");
  for (int round = 0; round < 2; ++round) {
    StatementScope use(rows);
    std::vector<std::int64_t> seen;
    SqliteResult<bool> row = use->step();
    for (; row && *row; row = use->step())
      seen.push_back(use->int64(0));
    EXPECT_DONE(row);
    EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3}));
  }
}

}  // namespace
}  // namespace sotto::sqlite

#include "sqlite/transaction.hpp"

#include <sqlite3.h>

#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

class TransactionTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_DONE(db_.exec("CREATE TABLE t (a INTEGER NOT NULL) STRICT")); }

  void insert(int value) {
    const std::string sql = "INSERT INTO t VALUES (" + std::to_string(value) + ")";
    ASSERT_DONE(db_.exec(sql.c_str()));
  }
  std::string content() {
    return db_.scalar_text("SELECT coalesce(group_concat(a), '') FROM (SELECT a FROM t ORDER BY a)")
        .value_or("?");
  }
  Transaction begin() {
    SqliteResult<Transaction> tx = Transaction::begin(db_);
    if (!tx) ADD_FAILURE() << tx.error().text;
    return *std::move(tx);
  }
  Savepoint savepoint() {
    SqliteResult<Savepoint> point = Savepoint::begin(db_);
    if (!point) ADD_FAILURE() << point.error().text;
    return *std::move(point);
  }

  Database db_ = open_or_die();
};

TEST_F(TransactionTest, IsKeptByCommit) {
  Transaction tx = begin();
  insert(1);
  ASSERT_DONE(tx.commit());
  EXPECT_FALSE(db_.in_transaction());
  EXPECT_EQ(content(), "1");
}

TEST_F(TransactionTest, IsUndoneWhenItGoesOutOfScope) {
  {
    Transaction tx = begin();
    insert(1);
  }
  EXPECT_FALSE(db_.in_transaction());
  EXPECT_EQ(content(), "");
}

TEST_F(TransactionTest, CanBeMovedWithoutEndingIt) {
  {
    Transaction outer = [this] {
      Transaction tx = begin();
      insert(1);
      return Transaction(std::move(tx));
    }();
    EXPECT_TRUE(db_.in_transaction());
    ASSERT_DONE(outer.commit());
  }
  EXPECT_EQ(content(), "1");
}

TEST_F(TransactionTest, CommittingTwiceIsAnError) {
  Transaction tx = begin();
  ASSERT_DONE(tx.commit());
  EXPECT_FALSE(tx.commit());
}

TEST_F(TransactionTest, ASecondTransactionInsideIsRefusedAndLeavesTheFirstAlone) {
  Transaction tx = begin();
  insert(1);
  EXPECT_FALSE(Transaction::begin(db_));
  ASSERT_DONE(tx.commit());
  EXPECT_EQ(content(), "1");
}

TEST_F(TransactionTest, ACommitThatFailsLeavesNothingBehind) {
  ASSERT_DONE(db_.exec(
      "PRAGMA foreign_keys = ON; CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT;"
      "CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED) STRICT"));
  Transaction tx = begin();
  insert(1);
  ASSERT_DONE(db_.exec("INSERT INTO child VALUES (1)"));
  SqliteResult<void> done = tx.commit();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, SQLITE_CONSTRAINT_FOREIGNKEY);
  EXPECT_FALSE(db_.in_transaction());
  EXPECT_EQ(content(), "");
}

TEST_F(TransactionTest, ASavepointUndoesItsOwnPartOnly) {
  Transaction tx = begin();
  insert(1);
  {
    Savepoint part = savepoint();
    insert(2);
    {
      Savepoint inner = savepoint();
      insert(3);
      inner.rollback();
      insert(4);
    }
    ASSERT_DONE(part.release());
  }
  {
    Savepoint part = savepoint();
    insert(5);
  }
  ASSERT_DONE(tx.commit());
  EXPECT_EQ(content(), "1,2,4");
}

TEST_F(TransactionTest, TakesTheWriteLockAtOnce) {
  TempFolder folder;
  Database one = open_or_die(folder.file("a.db"));
  Database two = open_or_die(folder.file("a.db"));
  SqliteResult<Transaction> first = Transaction::begin(one);
  ASSERT_TRUE(first);
  SqliteResult<Transaction> second = Transaction::begin(two);
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(SQLITE_BUSY));
}

}  // namespace
}  // namespace sotto::sqlite

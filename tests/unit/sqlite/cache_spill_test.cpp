// SQLite 3.40 to 3.52 lose a committed transaction in WAL mode: a savepoint spilled pages from the page cache
// and spilled some of them again, was rolled back, and what the transaction wrote after it has no valid
// checksums (`iReCksum` points past the end of the log), so it is gone if the process dies before a
// checkpoint.
#include <sqlite3.h>

#include "sqlite/transaction.hpp"
#include "sqlite/tuning.hpp"
#include "tests/unit/sqlite/fixture.hpp"

namespace sotto::sqlite {
namespace {

constexpr int kFixedVersion = 3'053'000;
constexpr int kRows = 400;  // of 1000 bytes: many times the cache below
constexpr int kAdded = 20;  // by the transaction that matters

/// Commits kAdded rows after a rolled back savepoint that could spill, dies, and says how many of them a new
/// process finds.
std::int64_t rows_after_a_crash(bool spill) {
  TempFolder folder;
  Database db = open_or_die(folder.file("a.db"));
  EXPECT_DONE(tune(db, {.cache_kib = 16}));
  if (spill) {
    EXPECT_DONE(db.exec("PRAGMA cache_spill = 1"));
  }
  EXPECT_DONE(db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB NOT NULL) STRICT"));
  SqliteResult<Statement> insert = db.prepare("INSERT INTO t (a) VALUES (randomblob(1000))");
  EXPECT_DONE(insert);
  EXPECT_DONE(db.exec("BEGIN"));
  for (int row = 0; row < kRows; ++row) {
    StatementScope use(*insert);
    EXPECT_DONE(use->run());
  }
  EXPECT_DONE(db.exec("COMMIT"));

  SqliteResult<Transaction> tx = Transaction::begin(db);
  EXPECT_DONE(tx);
  {
    SqliteResult<Savepoint> undone = Savepoint::begin(db);
    EXPECT_DONE(undone);
    // The first half is spilled once and the second half twice: the log is to be re-checksummed from its
    // middle.
    EXPECT_DONE(db.exec("UPDATE t SET a = randomblob(1000)"));
    EXPECT_DONE(db.exec("UPDATE t SET a = randomblob(1000) WHERE id > 200"));
  }
  for (int row = 0; row < kAdded; ++row) {
    StatementScope use(*insert);
    EXPECT_DONE(use->run());
  }
  EXPECT_DONE(tx->commit());

  // What a dead process leaves: the files as they are now.
  std::filesystem::copy_file(folder.file("a.db"), folder.file("b.db"));
  std::filesystem::copy_file(folder.file("a.db-wal"), folder.file("b.db-wal"));
  Database after = open_or_die(folder.file("b.db"));
  return after.scalar("SELECT count(*) FROM t").value_or(-1) - kRows;
}

TEST(CacheSpill, ATunedConnectionKeepsWhatItCommittedAfterARolledBackSavepoint) {
  EXPECT_EQ(rows_after_a_crash(/*spill=*/false), kAdded);
}

TEST(CacheSpill, TheBugItGuardsAgainstIsStillThereInOldVersions) {
  if (sqlite3_libversion_number() >= kFixedVersion) GTEST_SKIP() << "fixed in this SQLite";
  EXPECT_NE(rows_after_a_crash(/*spill=*/true), kAdded);
}

}  // namespace
}  // namespace sotto::sqlite

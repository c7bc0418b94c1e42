// A long random life of a database, beside a plain one in memory that is told the same. They never differ.
#include <string>

#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

constexpr int kSteps = 400;

class Pair {
 public:
  Pair(std::uint64_t seed, const Journal& journal) : random_(seed), disk_(seed), journal_(journal) {
    reopen();
    if (seed % 3 == 0) both("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
    both("CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL, v BLOB NOT NULL) STRICT");
    both("CREATE INDEX by_k ON t (k, id)");
  }

  void step() {
    const std::string id = std::to_string(random_.below(60));
    switch (random_.below(14)) {
      case 0:
        return both("DELETE FROM t WHERE id % 7 = " + std::to_string(random_.below(7)));
      case 1:
        return both("BEGIN; " + insert() + "; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; RELEASE s; " +
                    insert() + "; COMMIT");
      case 2:
        return both("BEGIN; " + insert() + "; DELETE FROM t WHERE id > 20; ROLLBACK");
      case 3:
        return both("UPDATE t SET v = CAST(v || v AS BLOB) WHERE id = " + id + " AND length(v) < 30000");
      case 4:
        return both("UPDATE t SET k = k || '~' WHERE id < " + id);
      case 5:
        return random_.below(4) == 0 ? both("VACUUM") : both("PRAGMA incremental_vacuum(3)");
      case 6:
        return random_.below(2) == 0 ? both("REINDEX")
                                     : both("DROP INDEX by_k; CREATE INDEX by_k ON t (k, id)");
      case 7:
        return reopen();
      case 8:
        return die();
      default:
        return both(insert());
    }
  }

  void compare() {
    ASSERT_EQ(Workload::content(*encrypted_) == Workload::content(plain_), true);
    ASSERT_EQ(encrypted_->scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
    ASSERT_EQ(encrypted_->scalar("SELECT count(*) FROM t WHERE k >= 'k'").value_or(-1),
              plain_.scalar("SELECT count(*) FROM t WHERE k >= 'k'").value_or(-2));
  }

 private:
  std::string insert() {
    Bytes value(random_.below(8) == 0 ? random_.below(20000) : random_.below(400));
    random_.fill(value);
    return "INSERT OR REPLACE INTO t VALUES (" + std::to_string(random_.below(60)) + ", 'k" +
           std::to_string(random_.below(1000)) + "', x'" + to_hex(value) + "')";
  }

  void both(const std::string& sql) {
    ASSERT_DONE(encrypted_->exec(sql.c_str()));
    ASSERT_DONE(plain_.exec(sql.c_str()));
  }

  void reopen() {
    encrypted_.reset();
    Result<Database> db = open_on(disk_, journal_);
    ASSERT_TRUE(db) << db.error().message;
    encrypted_.emplace(*std::move(db));
  }

  void die() {
    // The dead connection's handles stay open, as those of a dead process would not; they can do no more
    // harm.
    disk_.kill_process();
    reopen();
  }

  SeededRandom random_;
  test::CrashDisk disk_;
  Journal journal_;
  std::optional<Database> encrypted_;
  Database plain_ = sqlite::open_or_die();
};

class Model : public testing::TestWithParam<Journal> {};

TEST_P(Model, AnEncryptedDatabaseIsAlwaysWhatAPlainOneIs) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Pair pair(seed, GetParam());
    for (int step = 0; step < kSteps && !HasFatalFailure(); ++step) {
      pair.step();
      if (step % 20 == 19) pair.compare();
    }
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Journals, Model, testing::ValuesIn(kJournals),
                         [](const auto& journal) { return std::string(journal.param.name); });

}  // namespace
}  // namespace sotto::vfs

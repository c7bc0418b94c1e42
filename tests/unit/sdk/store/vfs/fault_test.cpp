// The n-th operation on the disk fails, for every n until none does: the error comes out as an error, and
// nothing that was committed is lost or comes in halves.
#include <algorithm>
#include <string>

#include <sqlite3.h>

#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

constexpr int kTransactions = 8;

const Workload& workload() {
  static const Workload instance(kTransactions);
  return instance;
}

class Fault : public testing::TestWithParam<Journal> {
 protected:
  /// One run with a fault armed; `arm` says which. Returns whether it struck.
  template <class Arm>
  bool survives(const Arm& arm) {
    test::CrashDisk disk(1);
    arm(disk);
    int done = 0;
    {
      Result<Database> db = open_on(disk, GetParam());
      while (db && done < kTransactions) {
        if (Workload::run(*db, done)) {
          ++done;
          continue;
        }
        EXPECT_TRUE(disk.struck());
        // The connection that saw the error shows what it had committed, as soon as the disk is well. If all
        // that failed was to sync the end of the journal, the transaction itself has happened.
        disk.heal();
        const int shown = workload().state_of(Workload::content(*db));
        EXPECT_THAT(shown, testing::AnyOf(done, done + 1));
        done = std::max(done, shown);
        break;
      }
      EXPECT_TRUE(db.ok() || disk.struck());
      if (done == kTransactions && !disk.struck()) return false;
    }
    disk.heal();
    // So does the next one; a log may have more in it than its writer could be sure of.
    Result<Database> db = open_on(disk, GetParam());
    if (!db) {
      ADD_FAILURE() << db.error().message;
      return true;
    }
    EXPECT_EQ(db->scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
    const int shown = workload().state_of(Workload::content(*db));
    EXPECT_THAT(shown, testing::AnyOf(done, done + 1));
    for (int i = shown; i >= 0 && i < kTransactions; ++i)
      EXPECT_DONE(Workload::run(*db, i));
    EXPECT_EQ(workload().state_of(Workload::content(*db)), kTransactions);
    return true;
  }

  template <class Arm>
  void survives_each(std::int64_t at_least, const Arm& arm) {
    std::int64_t n = 1;
    bool struck = true;
    for (; struck && !HasFailure(); ++n) {
      SCOPED_TRACE("operation " + std::to_string(n));
      struck = survives([&](test::CrashDisk& disk) { arm(disk, n); });
    }
    EXPECT_GT(n, at_least) << "the disk was hardly used";
  }
};

TEST_P(Fault, AWriteThatFailsOnceLosesNothing) {
  survives_each(60, [](test::CrashDisk& disk, std::int64_t n) { disk.fail_at(n, SQLITE_IOERR_WRITE); });
}

TEST_P(Fault, ADiskThatStaysFullLosesNothing) {
  survives_each(
      60, [](test::CrashDisk& disk, std::int64_t n) { disk.fail_at(n, SQLITE_FULL, /*from_then_on=*/true); });
}

TEST_P(Fault, AReadThatFailsOnceLosesNothing) {
  // Few: an exclusive connection reads a page once.
  survives_each(4, [](test::CrashDisk& disk, std::int64_t n) { disk.fail_read_at(n); });
}

INSTANTIATE_TEST_SUITE_P(Journals, Fault, testing::ValuesIn(kJournals),
                         [](const auto& journal) { return std::string(journal.param.name); });

TEST(FullDisk, IsItsOwnErrorAlsoWhenOpening) {
  test::CrashDisk disk(1);
  disk.fail_at(1, SQLITE_FULL, /*from_then_on=*/true);
  Result<Database> db = open_on(disk, kJournals[0]);
  ASSERT_FALSE(db);
  EXPECT_EQ(db.error().code, ErrorCode::store_full);
  disk.heal();
  EXPECT_TRUE(open_on(disk, kJournals[0]));
}

}  // namespace
}  // namespace sotto::vfs

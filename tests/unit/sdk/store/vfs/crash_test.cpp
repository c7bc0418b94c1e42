// Power fails, or the process dies, at every single change that reaches the disk.
#include <algorithm>
#include <string>

#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

constexpr int kTransactions = 11;

const Workload& workload() {
  static const Workload instance(kTransactions);
  return instance;
}

class Crash : public testing::TestWithParam<Journal> {
 protected:
  /// Runs the workload from where the database is until it is through or something fails, and returns how
  /// many transactions have been committed then.
  int run(test::CrashDisk& disk, int from = 0) {
    SeededRandom random(7);
    Result<Database> db = open_on(disk, GetParam(), &random);
    if (!db) return from;
    for (int i = from; i < kTransactions; ++i)
      if (!Workload::run(*db, i)) return i;
    return kTransactions;
  }

  /// Everything committed is there, and nothing but whole transactions. Returns how many.
  int check(test::CrashDisk& disk, int committed) {
    Result<Database> db = open_on(disk, GetParam());
    if (!db) {
      ADD_FAILURE() << db.error().message;
      return committed;
    }
    EXPECT_EQ(db->scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
    const int found = workload().state_of(Workload::content(*db));
    EXPECT_THAT(found, testing::AnyOf(committed, committed + 1)) << "transactions, -1: half of one";
    return found;
  }
};

TEST_P(Crash, PowerLossAtEveryChangeLosesNoCommittedTransaction) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    std::int64_t at = 1;
    for (bool struck = true; struck; ++at) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", change " + std::to_string(at));
      test::CrashDisk disk(seed * 100'000 + static_cast<std::uint64_t>(at));
      disk.crash_at(at);
      const int committed = run(disk);
      struck = disk.struck();
      disk.power_cycle();
      check(disk, committed);
      if (HasFailure()) return;
    }
    EXPECT_GT(at, 50) << "the workload hardly touched the disk";
  }
}

TEST_P(Crash, AProcessKilledAtEveryChangeLosesNoCommittedTransaction) {
  std::int64_t at = 1;
  for (bool struck = true; struck; ++at) {
    SCOPED_TRACE("change " + std::to_string(at));
    test::CrashDisk disk(static_cast<std::uint64_t>(at));
    disk.crash_at(at);
    const int committed = run(disk);
    struck = disk.struck();
    disk.kill_process();
    check(disk, committed);
    if (HasFailure()) return;
  }
}

TEST_P(Crash, PowerLossDuringRecoveryIsRecoveredFromToo) {
  std::int64_t at = 1;
  for (bool struck = true; struck; at += 3) {
    for (std::int64_t again = 1; again <= 5; ++again) {
      SCOPED_TRACE("change " + std::to_string(at) + ", then " + std::to_string(again));
      test::CrashDisk disk(static_cast<std::uint64_t>(at * 10 + again));
      disk.crash_at(at);
      int committed = run(disk);
      struck = disk.struck();
      disk.power_cycle();
      disk.crash_at(again);
      { Result<Database> recovering = open_on(disk, GetParam()); }
      disk.power_cycle();
      committed = check(disk, committed);
      if (HasFailure()) return;
      // And it goes on from there as if nothing had been.
      EXPECT_EQ(run(disk, committed), kTransactions);
      check(disk, kTransactions);
    }
  }
}

TEST(CrashWithoutFullSync, AJournalThatWasTornBeforeItsSyncIsIgnoredAndNotTakenForDamage) {
  // Below FULL a journal's header counts records that are synced only with it. If they are not whole after a
  // crash, the database was not touched yet.
  const Journal journal{"DeleteNormal", JournalMode::rollback, "PRAGMA synchronous = NORMAL"};
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    std::int64_t at = 1;
    for (bool struck = true; struck; ++at) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", change " + std::to_string(at));
      test::CrashDisk disk(seed * 100'000 + static_cast<std::uint64_t>(at));
      disk.crash_at(at);
      int committed = 0;
      {
        Result<Database> db = open_on(disk, journal);
        while (db && committed < kTransactions && Workload::run(*db, committed))
          ++committed;
      }
      struck = disk.struck();
      disk.power_cycle();
      Result<Database> db = open_on(disk, journal);
      ASSERT_TRUE(db) << db.error().message;
      ASSERT_EQ(db->scalar_text("PRAGMA integrity_check").value_or("?"), "ok");
      // The deletion of a journal is not synced either, so the last commit may be undone.
      const int found = workload().state_of(Workload::content(*db));
      ASSERT_THAT(found, testing::AllOf(testing::Ge(std::max(0, committed - 1)), testing::Le(committed + 1)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Journals, Crash, testing::ValuesIn(kJournals),
                         [](const auto& journal) { return std::string(journal.param.name); });

}  // namespace
}  // namespace sotto::vfs

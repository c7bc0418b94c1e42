// One bit flips, anywhere in any file. What comes out is an error or the truth; for the log it may also be an
// earlier truth, since a log that cannot be read on ends there.
#include <algorithm>
#include <string>
#include <vector>

#include "sdk/store/vfs/cipher.hpp"
#include "tests/unit/sdk/store/vfs/workload.hpp"

namespace sotto::vfs {
namespace {

constexpr int kTransactions = 8;
constexpr int kUnreadable = -2;  // Workload::state_of
// Prime, so that every byte of the page layout is met in some page.
constexpr std::size_t kStride = 11;
// The log is longer, and each look at it reads all of it.
constexpr std::size_t kLogStride = 61;

const Workload& workload() {
  static const Workload instance(kTransactions);
  return instance;
}

/// The files as a process leaves them that is killed at this change, and how many transactions it had
/// committed.
struct Scene {
  test::CrashDisk::Image files;
  int committed = 0;
  bool finished = false;
};

Scene killed_at(const Journal& journal, std::int64_t change) {
  test::CrashDisk disk(1);
  disk.crash_at(change);
  Scene scene;
  Result<Database> db = open_on(disk, journal);
  while (db && scene.committed < kTransactions && Workload::run(*db, scene.committed))
    ++scene.committed;
  scene.finished = !disk.struck();
  disk.kill_process();
  scene.files = disk.image();
  return scene;
}

Scene never_closed(const Journal& journal) {
  return killed_at(journal, 1'000'000);
}

/// The state that the files show; kUnreadable with the reason checked: damage, and nothing else.
int state_shown(const test::CrashDisk::Image& files, const Journal& journal) {
  test::CrashDisk disk(1);
  disk.load(files);
  Result<Database> db = open_on(disk, journal);
  if (!db) {
    EXPECT_EQ(to_string(db.error().code), "store_damaged") << db.error().message;
    return kUnreadable;
  }
  return workload().state_of(Workload::content(*db));
}

class Damage : public testing::TestWithParam<Journal> {};

TEST_P(Damage, AFlippedBitInTheDatabaseIsAnErrorOrDoesNotMatter) {
  test::CrashDisk disk(1);
  {
    Result<Database> db = open_on(disk, GetParam());
    ASSERT_TRUE(db);
    for (int i = 0; i < kTransactions; ++i)
      ASSERT_DONE(Workload::run(*db, i));
  }
  const test::CrashDisk::Image whole = disk.image();  // closed: all of it is in the one file
  ASSERT_EQ(state_shown(whole, GetParam()), kTransactions);

  const std::size_t pages = whole.at(kPath).size() / kPageSize;
  std::vector<bool> found(pages, false);
  for (std::size_t at = 0; at < whole.at(kPath).size(); at += kStride) {
    test::CrashDisk::Image files = whole;
    files.at(kPath)[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    const int shown = state_shown(files, GetParam());
    ASSERT_THAT(shown, testing::AnyOf(kUnreadable, kTransactions)) << "byte " << at;
    if (shown == kUnreadable) found[at / kPageSize] = true;
  }
  // Pages on the free list alone are never read.
  EXPECT_GE(std::count(found.begin(), found.end(), true), static_cast<std::ptrdiff_t>(pages) - 4) << pages;
}

TEST_P(Damage, AFlippedBitInTheKeyFileDoesNotMatter) {
  const Scene scene = never_closed(GetParam());
  const std::string name = std::string(kPath) + "-key";
  for (std::size_t at = 0; at < scene.files.at(name).size(); ++at) {
    test::CrashDisk::Image files = scene.files;
    files.at(name)[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    ASSERT_EQ(state_shown(files, GetParam()), kTransactions) << "byte " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Journals, Damage, testing::Values(kJournals[0], kJournals[2]),
                         [](const auto& journal) { return std::string(journal.param.name); });

TEST(DamagedLog, AFlippedBitIsAnErrorOrTheEndOfTheLog) {
  const Journal& journal = kJournals[0];
  const Scene scene = never_closed(journal);
  const std::string name = std::string(kPath) + "-wal";
  ASSERT_GT(scene.files.at(name).size(), 20 * kPageSize);
  int shorter = 0;
  for (std::size_t at = 0; at < scene.files.at(name).size(); at += kLogStride) {
    test::CrashDisk::Image files = scene.files;
    files.at(name)[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    const int shown = state_shown(files, journal);
    ASSERT_NE(shown, -1) << "byte " << at << ": half a transaction, or what never was";
    if (shown != kUnreadable && shown < kTransactions) ++shorter;
  }
  EXPECT_GT(shorter, 0);
}

TEST(DamagedLog, ACutLogShowsAnEarlierState) {
  const Journal& journal = kJournals[0];
  const Scene scene = never_closed(journal);
  const std::string name = std::string(kPath) + "-wal";
  int last = 0;
  for (std::size_t size = 0; size <= scene.files.at(name).size(); size += 997) {
    test::CrashDisk::Image files = scene.files;
    files.at(name).resize(size);
    const int shown = state_shown(files, journal);
    ASSERT_GE(shown, last) << size << " bytes";
    last = shown;
  }
  EXPECT_GE(last, kTransactions - 1);
}

TEST(DamagedLog, AFrameOfAnEarlierRunOfTheLogIsNotReadAgain) {
  const Journal& journal = kJournals[1];  // restarts every few pages
  const std::string name = std::string(kPath) + "-wal";
  // Two moments of one database between which the log has begun anew.
  test::CrashDisk disk(1);
  Result<Database> db = open_on(disk, journal);
  ASSERT_TRUE(db);
  test::CrashDisk::Image before;
  for (int i = 0; i < kTransactions; ++i) {
    ASSERT_DONE(Workload::run(*db, i));
    if (i == 3) before = disk.image();
  }
  const test::CrashDisk::Image after = disk.image();
  constexpr std::size_t kFirstFrame = 32;
  constexpr std::size_t kSalts = 8;  // of a frame header
  const Bytes& old_log = before.at(name);
  const Bytes& new_log = after.at(name);
  ASSERT_FALSE(std::equal(old_log.begin() + 16, old_log.begin() + 24, new_log.begin() + 16))
      << "one run only";

  // Old pages under new frame headers, and whole old frames with the new salts written in.
  for (const bool whole_frame : {false, true}) {
    test::CrashDisk::Image files = after;
    Bytes& log = files.at(name);
    const std::size_t from = kFirstFrame + (whole_frame ? 0 : 24);
    std::copy(old_log.begin() + static_cast<std::ptrdiff_t>(from), old_log.begin() + kFirstFrame + 4120,
              log.begin() + static_cast<std::ptrdiff_t>(from));
    std::copy_n(new_log.begin() + 16, 8, log.begin() + kFirstFrame + kSalts);
    EXPECT_THAT(state_shown(files, journal), testing::AnyOf(kUnreadable, testing::Ge(0))) << whole_frame;
  }
}

TEST(DamagedJournal, AFlippedBitInAHotJournalIsAnErrorOrTheRollbackIsWhole) {
  for (const Journal& journal : {kJournals[2], kJournals[4], kJournals[5]}) {
    const std::string name = std::string(kPath) + "-journal";
    int journals = 0;
    int errors = 0;
    Scene scene;
    for (std::int64_t change = 40; !scene.finished; change += 4) {
      scene = killed_at(journal, change);
      if (scene.committed < 4 || !scene.files.contains(name) || scene.files.at(name).size() <= 512) continue;
      ++journals;
      const int truth = state_shown(scene.files, journal);
      ASSERT_GE(truth, scene.committed);
      // Each killing looks at another third of the header.
      const auto first = static_cast<std::size_t>(change % 3);
      for (std::size_t at = first; at < scene.files.at(name).size(); at += at < 340 ? 3 : 797) {
        test::CrashDisk::Image files = scene.files;
        files.at(name)[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
        const int shown = state_shown(files, journal);
        ASSERT_THAT(shown, testing::AnyOf(kUnreadable, truth))
            << journal.name << ", killed at change " << change << ", byte " << at;
        if (shown == kUnreadable) ++errors;
      }
    }
    EXPECT_GT(journals, 4) << journal.name;
    EXPECT_GT(errors, 100) << journal.name;
  }
}

TEST(DamagedJournal, AHotJournalThatIsCutOffIsAnErrorOrTheRollbackIsWhole) {
  const Journal& journal = kJournals[2];
  const std::string name = std::string(kPath) + "-journal";
  Scene scene;
  int errors = 0;
  for (std::int64_t change = 40; !scene.finished; change += 5) {
    scene = killed_at(journal, change);
    if (scene.committed < 4 || !scene.files.contains(name) || scene.files.at(name).size() <= 512) continue;
    const int truth = state_shown(scene.files, journal);
    for (std::size_t size = 512; size < scene.files.at(name).size(); size += 1021) {
      test::CrashDisk::Image files = scene.files;
      files.at(name).resize(size);
      const int shown = state_shown(files, journal);
      ASSERT_THAT(shown, testing::AnyOf(kUnreadable, truth)) << "killed at change " << change << ", " << size;
      if (shown == kUnreadable) ++errors;
    }
  }
  EXPECT_GT(errors, 20);
}

}  // namespace
}  // namespace sotto::vfs

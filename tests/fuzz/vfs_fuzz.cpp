// The files of an encrypted database, changed at will, are opened and read: what comes out is an error or a
// state that once was. The input is a scene (which files a dead process left) and a list of edits to them;
// edits rather than whole files, since no fuzzer finds its way past an authentication tag.
//
//   byte 0       scene: 0 a closed database, 1 a log that was left, 2 a journal that was left
//   then by 5    file, place (2 bytes, scaled to the file), what to do, value
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "sdk/store/vfs/key_file.hpp"
#include "sdk/store/vfs/open_encrypted.hpp"
#include "sqlite/transaction.hpp"
#include "tests/support/crash_vfs.hpp"

namespace sotto::vfs {
namespace {

using Image = test::CrashDisk::Image;

constexpr char kPath[] = "/fuzz.db";
constexpr std::array<const char*, 4> kFiles = {"/fuzz.db", "/fuzz.db-wal", "/fuzz.db-journal",
                                               "/fuzz.db-key"};
constexpr int kTransactions = 4;

DatabaseKey key() {
  return DatabaseKey::raw(SecretBytes(DatabaseKey::kRawSize));
}

Result<sqlite::Database> open(const test::CrashDisk& disk, sqlite::JournalMode mode) {
  EncryptedOptions options;
  options.base_vfs = disk.vfs_name();
  options.tuning.journal = mode;
  options.tuning.busy_timeout = std::chrono::milliseconds(0);
  return open_encrypted(kPath, key(), options);
}

struct Scene {
  sqlite::JournalMode mode;
  Image files;
};

/// Transactions 1 to kTransactions each add 40 rows with their number; a journal is left in the middle of
/// one.
Scene make_scene(sqlite::JournalMode mode, bool closed) {
  test::CrashDisk disk(1);
  Scene scene{mode, {}};
  {
    Result<sqlite::Database> db = open(disk, mode);
    if (!db || !db->exec("CREATE TABLE t (n INTEGER NOT NULL, b BLOB NOT NULL) STRICT")) std::abort();
    for (int n = 1; n <= kTransactions; ++n) {
      const std::string sql =
          "INSERT INTO t WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE"
          " i < 40) SELECT " +
          std::to_string(n) + ", zeroblob(300) FROM c";
      if (!db->exec(sql.c_str())) std::abort();
    }
    if (mode == sqlite::JournalMode::rollback && !closed) {
      // Far enough into the commit that the journal is synced and the first pages are overwritten.
      constexpr int kIntoTheCommit = 24;
      disk.crash_at(kIntoTheCommit);
      if (db->exec("UPDATE t SET n = n + 100")) std::abort();
      disk.kill_process();
    }
    scene.files = disk.image();
  }
  if (closed) scene.files = disk.image();
  if (mode == sqlite::JournalMode::rollback && scene.files[kFiles[2]].size() <= 512) std::abort();
  return scene;
}

const Scene& scene_of(std::uint8_t choice) {
  static const std::array<Scene, 3> scenes = {make_scene(sqlite::JournalMode::wal, true),
                                              make_scene(sqlite::JournalMode::wal, false),
                                              make_scene(sqlite::JournalMode::rollback, false)};
  return scenes[choice % scenes.size()];
}

void edit(Image& files, const std::uint8_t* step) {
  auto found = files.find(kFiles[step[0] % kFiles.size()]);
  if (found == files.end() || found->second.empty()) return;
  Bytes& bytes = found->second;
  const std::size_t at = (std::size_t{step[1]} << 8 | step[2]) * bytes.size() / 65536;
  switch (step[3] % 4) {
    case 0:
      bytes[at] ^= step[4];
      return;
    case 1:
      bytes[at] = step[4];
      return;
    case 2:
      bytes.resize(at);
      return;
    default:
      // A page or frame from elsewhere in the same file.
      const std::size_t from = step[4] * bytes.size() / 256;
      for (std::size_t i = 0; i < 4096 && at + i < bytes.size() && from + i < bytes.size(); ++i)
        bytes[at + i] = bytes[from + i];
  }
}

/// Rows of whole transactions only, from the first on, or an error.
void check(sqlite::Database& db) {
  sqlite::SqliteResult<std::int64_t> table = db.scalar("SELECT count(*) FROM sqlite_schema");
  if (!table || *table == 0) return;
  sqlite::SqliteResult<std::int64_t> rows = db.scalar("SELECT count(*) FROM t");
  if (!rows) return;
  sqlite::SqliteResult<std::int64_t> wrong = db.scalar(
      "SELECT count(*) FROM (SELECT n, count(*) AS c, sum(length(b)) AS l, max(b) AS m FROM t GROUP BY n)"
      " WHERE c <> 40 OR l <> 12000 OR m <> zeroblob(300) OR n NOT BETWEEN 1 AND 4");
  if (!wrong) return;
  if (*wrong != 0 || *rows % 40 != 0) std::abort();
}

}  // namespace
}  // namespace sotto::vfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sotto::vfs;
  if (size == 0) return 0;
  (void)decode_slot({data, size});
  const Scene& scene = scene_of(data[0]);
  Image files = scene.files;
  constexpr std::size_t kStep = 5;
  constexpr std::size_t kMaxSteps = 16;
  for (std::size_t i = 0; i < kMaxSteps && 1 + (i + 1) * kStep <= size; ++i)
    edit(files, data + 1 + i * kStep);

  sotto::test::CrashDisk disk(1);
  disk.load(files);
  sotto::Result<sotto::sqlite::Database> db = open(disk, scene.mode);
  if (db) check(*db);
  return 0;
}

// A disk in memory that loses power, tears writes and runs full when a test says so, as an SQLite VFS.
//
//   CrashDisk disk(seed);
//   disk.crash_at(17);                        // the 17th change from now is the last thing it hears of
//   run_workload(disk.vfs_name());            // everything after fails with SQLITE_IOERR
//   disk.power_cycle();                       // what was not synced is there, or not, or torn, or trash
//   check(disk.vfs_name());
//
// What may survive a crash follows SQLite's own crash tests: of each write since the file's last sync, whole
// or sector by sector, the new bytes, the old ones, or rubbish; later writes may survive where earlier ones
// did not. A deletion without a sync of the folder may be undone. A synced byte never changes.
//
// Thread rules: any number of connections, from any thread. All choices come from the seed and the order of
// operations. (SQLite's own randomness, which goes into salts, is process-wide; fix it with
// SQLITE_TESTCTRL_PRNG_SEED where a run has to repeat to the byte.)
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace sotto::test {

class CrashDisk {
 public:
  /// What is on the disk, by file name.
  using Image = std::map<std::string, Bytes>;

  static constexpr std::int64_t kSector = 512;

  explicit CrashDisk(std::uint64_t seed);
  ~CrashDisk();
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;

  /// The name it is registered under with SQLite.
  [[nodiscard]] const char* vfs_name() const { return name_.c_str(); }

  // Faults. A change is a write, truncation, sync, deletion, or creation of a file; changes count from 1
  // after each of these calls. Only one fault is armed at a time.
  void crash_at(std::int64_t change);
  /// The n-th change fails with `code` (SQLITE_FULL, SQLITE_IOERR_WRITE, ...) and changes nothing. With
  /// `from_then_on` all later ones fail too, until `heal`.
  void fail_at(std::int64_t change, int code, bool from_then_on = false);
  /// The n-th read fails with SQLITE_IOERR_READ.
  void fail_read_at(std::int64_t read);
  void heal();
  /// Whether the armed fault has happened.
  [[nodiscard]] bool struck() const;
  [[nodiscard]] std::int64_t changes() const;

  /// Power is cut, if it was not yet, and comes back. Connections that are still open stay useless for good.
  void power_cycle();
  /// A process dies, the machine does not: everything written stays, all locks go. Open connections are
  /// useless from now on.
  void kill_process();

  /// As a reader sees it now.
  [[nodiscard]] Image image() const;
  /// Replaces the content, all of it durable. No connection may be open.
  void load(const Image& image);

  /// What SQLite is told the disk can do; the default is SQLITE_IOCAP_POWERSAFE_OVERWRITE.
  void set_characteristics(int characteristics) { characteristics_ = characteristics; }

 private:
  friend struct CrashMethods;
  struct Node;
  struct Handle;

  struct Change {
    std::int64_t offset;
    Bytes data;     // of a write
    bool truncate;  // to `offset`
  };

  /// Counts a change and says what becomes of it: SQLITE_OK, or the code to fail with. `last` is set for the
  /// change during which the power goes.
  int count_change(bool* last);
  void settle(Node& node);
  void forget_connections();

  // Connections of several threads share the files, as they share a real disk.
  mutable std::mutex mutex_;
  std::string name_;
  sqlite3_vfs methods_{};
  SeededRandom random_;
  int characteristics_ = SQLITE_IOCAP_POWERSAFE_OVERWRITE;
  std::map<std::string, std::shared_ptr<Node>> files_;
  std::map<std::string, std::shared_ptr<Node>> deleted_;  ///< not yet for good
  std::uint64_t boot_ = 1;                                ///< handles of an earlier one are dead

  enum class Fault { none, crash, change, read };
  Fault fault_ = Fault::none;
  std::int64_t countdown_ = 0;
  int fault_code_ = SQLITE_OK;
  bool sticky_ = false;
  bool struck_ = false;
  bool off_ = false;
  std::int64_t changes_ = 0;
};

}  // namespace sotto::test

// A fixed series of transactions that touches everything a database does to its files: new pages, changed,
// freed and reused ones, overflow chains, an index, savepoints. What it leaves after each transaction is
// known, so a crash may be checked against it: all that was committed is there, and nothing in between.
#pragma once

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "sqlite/transaction.hpp"
#include "tests/support/crash_vfs.hpp"
#include "tests/unit/sdk/store/vfs/fixture.hpp"

namespace sotto::vfs {

inline constexpr char kPath[] = "/account.db";

class Workload {
 public:
  explicit Workload(int transactions) : states_{""} {
    Database plain = sqlite::open_or_die();
    for (int i = 0; i < transactions; ++i) {
      EXPECT_DONE(run(plain, i));
      states_.push_back(content(plain));
    }
  }

  [[nodiscard]] int transactions() const { return static_cast<int>(states_.size()) - 1; }
  /// The content after so many transactions.
  [[nodiscard]] const std::string& state(int transactions) const {
    return states_.at(static_cast<std::size_t>(transactions));
  }

  /// After how many transactions the content is this one; -1: it never was, -2: it could not be read.
  [[nodiscard]] int state_of(const std::string& content) const {
    if (content.starts_with('!')) return -2;
    for (int i = transactions(); i >= 0; --i)
      if (state(i) == content) return i;
    return -1;
  }

  /// The `index`-th transaction, from 0.
  static sqlite::SqliteResult<void> run(Database& db, int index) {
    sqlite::SqliteResult<Transaction> tx = Transaction::begin(db);
    if (!tx) return tx.error();
    sqlite::SqliteResult<void> done = body(db, index);
    if (!done) return done;
    return tx->commit();
  }

  /// Every row, or an error that starts with "!".
  static std::string content(Database& db) {
    sqlite::SqliteResult<std::int64_t> tables = db.scalar("SELECT count(*) FROM sqlite_schema");
    if (!tables) return "!" + std::to_string(tables.error().code);
    if (*tables == 0) return "";
    sqlite::SqliteResult<std::string> rows = db.scalar_text(
        "SELECT coalesce(group_concat(id || '=' || k || ':' || hex(v)), '-')"
        " FROM (SELECT id, k, v FROM t ORDER BY id)");
    return rows ? std::to_string(*tables) + *rows : "!" + std::to_string(rows.error().code);
  }

 private:
  static sqlite::SqliteResult<void> body(Database& db, int index) {
    if (index == 0)
      return db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT NOT NULL, v BLOB NOT NULL) STRICT");
    if (index == 1) return db.exec("CREATE INDEX by_k ON t (k)");
    SeededRandom random(static_cast<std::uint64_t>(index));
    sqlite::SqliteResult<Statement> put =
        db.prepare("INSERT OR REPLACE INTO t (id, k, v) VALUES (?1, ?2, ?3)");
    if (!put) return put.error();
    Bytes value;
    for (int i = 0; i < 3; ++i) {
      value.resize(random.below(10) == 0 ? 9000 : 20 + random.below(1500));
      random.fill(value);
      const std::string k = "key" + std::to_string(random.below(1000));
      StatementScope use(*put);
      use->bind_all(1 + random.below(12), std::string_view(k), ByteView(value));
      sqlite::SqliteResult<void> done = use->run();
      if (!done) return done;
    }
    if (index % 3 == 0) {
      sqlite::SqliteResult<sqlite::Savepoint> undone = sqlite::Savepoint::begin(db);
      if (!undone) return undone.error();
      sqlite::SqliteResult<void> done = db.exec("UPDATE t SET v = zeroblob(length(v) / 2), k = k || 'x'");
      if (!done) return done;
    }
    return index % 4 == 3 ? db.exec("DELETE FROM t WHERE id = (SELECT id FROM t ORDER BY k LIMIT 1)")
                          : sqlite::SqliteResult<void>();
  }

  std::vector<std::string> states_;
};

/// A way to keep a journal, as the tests name it.
struct Journal {
  friend void PrintTo(const Journal& journal, std::ostream* out) { *out << journal.name; }
  const char* name;
  JournalMode mode;
  const char* pragma;  ///< after opening; nullptr: nothing more
};
inline constexpr std::array<Journal, 6> kJournals = {{
    {"Wal", JournalMode::wal, nullptr},
    {"WalThatRestarts", JournalMode::wal, "PRAGMA wal_autocheckpoint = 8"},
    {"Delete", JournalMode::rollback, nullptr},
    {"Truncate", JournalMode::rollback, "PRAGMA journal_mode = TRUNCATE"},
    // Pages are written before the commit, so the journal has several headers.
    {"DeleteWithSpilledPages", JournalMode::rollback, "PRAGMA cache_spill = 1; PRAGMA cache_size = 3"},
    {"Persist", JournalMode::rollback, "PRAGMA journal_mode = PERSIST"},
}};

inline Result<Database> open_on(test::CrashDisk& disk, const Journal& journal, Random* random = nullptr) {
  EncryptedOptions options;
  options.base_vfs = disk.vfs_name();
  options.random = random;
  options.tuning.journal = journal.mode;
  options.tuning.busy_timeout = std::chrono::milliseconds(0);
  Result<Database> db = open_encrypted(kPath, test_key(), options);
  if (db && journal.pragma != nullptr) {
    sqlite::SqliteResult<void> set = db->exec(journal.pragma);
    if (!set) return to_error(set.error());
  }
  return db;
}

}  // namespace sotto::vfs

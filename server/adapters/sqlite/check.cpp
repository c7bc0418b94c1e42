#include "server/adapters/sqlite/check.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <sqlite3.h>

namespace sotto::server {

namespace {

/// Interrupts the connection's statements once the time is over, until it is destroyed.
class TimeLimit {
 public:
  TimeLimit(const sqlite::Database& db, Milliseconds limit)
      : thread_([this, &db, limit] {
          std::unique_lock guard(lock_);
          if (changed_.wait_for(guard, limit, [this] { return stopped_; })) return;
          over_ = true;
          db.interrupt();
        }) {}
  ~TimeLimit() {
    {
      const std::lock_guard guard(lock_);
      stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  [[nodiscard]] bool over() const { return over_; }

 private:
  // Between the thread that checks and the one that waits for the time to be over.
  std::mutex lock_;
  std::condition_variable changed_;
  bool stopped_ = false;
  std::atomic<bool> over_{false};
  std::thread thread_;  // last: it uses what is above
};

sqlite::SqliteResult<std::vector<std::string>> tables_of(sqlite::Database& db) {
  auto list = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  if (!list) return list.error();
  std::vector<std::string> names;
  while (true) {
    const sqlite::SqliteResult<bool> row = list->step();
    if (!row) return row.error();
    if (!*row) return names;
    names.emplace_back(list->text(0));
  }
}

std::string first_line(std::string text) {
  constexpr std::size_t kLongest = 200;  // a line of the log
  text = text.substr(0, text.find('\n'));
  return text.substr(0, kLongest);
}

}  // namespace

sqlite::SqliteResult<DatabaseCheck> check_database(sqlite::Database& db, Milliseconds at_most) {
  auto tables = tables_of(db);
  if (!tables) return tables.error();
  const TimeLimit limit(db, at_most);
  for (const std::string& table : *tables) {
    if (limit.over()) return DatabaseCheck{std::nullopt, false};
    // The names are those of the schema; a pragma takes no parameters.
    auto result = db.scalar_text(("PRAGMA quick_check(\"" + table + "\")").c_str());
    // What it found before it was interrupted may be due to the interruption.
    if (limit.over()) return DatabaseCheck{std::nullopt, false};
    if (!result && result.error().primary() != SQLITE_CORRUPT) return result.error();
    if (!result) return DatabaseCheck{sqlite3_errstr(SQLITE_CORRUPT), true};
    if (*result != "ok") return DatabaseCheck{first_line(std::move(*result)), true};
  }
  return DatabaseCheck{};
}

}  // namespace sotto::server

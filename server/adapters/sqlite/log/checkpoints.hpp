// When what is committed moves from SQLite's write-ahead log to the database file.
//
//   Checkpoints checkpoints(db);            // from now on after commits
//   if (checkpoints.give_room_back()) ...   // the disk is full: try again, the log has been emptied
//
// Seldom, since a page that is written by every batch then goes to the file once for hundreds of them; but
// never so seldom that the log fills a disk that has room for what is in it. The writer's thread.
#pragma once

#include <string>

struct sqlite3;

namespace sotto::server {

class Checkpoints {
 public:
  /// `db` is the writer's connection and outlives this.
  explicit Checkpoints(sqlite3* db);
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  /// Moves everything and cuts the log to nothing. False if the log was empty or could not be moved, so that
  /// nothing is to be hoped for from another try.
  bool give_room_back();

 private:
  static int after_commit(void* self, sqlite3* db, const char* name, int pages);
  /// Could what is in the log still be added to the database file, and as much again be logged?
  [[nodiscard]] bool disk_is_short(int pages) const;

  sqlite3* db_;
  int page_bytes_;
  std::string folder_;  ///< empty: not on a disk
  int looked_at_ = 0;   ///< the log's pages when the disk was last looked at
};

}  // namespace sotto::server

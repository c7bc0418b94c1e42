// SQLite's write-ahead log with one write for each commit instead of two for each of its pages.
//
//   static const JoinedLog joined;                         // over the system's files
//   Database::open(path, OpenMode::create, joined.vfs_name());
//
// SQLite writes the header of a frame and its page apart, which in a batch is a system call for each message
// (docs/performance.md). Here a write that goes on where the last one ended is kept, until the commit's last
// page, or until anything else is done with the file: so SQLite and all other connections find what they
// would find without this, and a write that fails fails the same commit.
//
// The format of a frame: https://sqlite.org/fileformat2.html#walformat
//
// Thread rules: a file belongs to its connection's thread.
#pragma once

#include <memory>
#include <string>

namespace sotto::server {

class JoinedLog {
 public:
  /// Registers itself with SQLite over the VFS `base` (nullptr: the system's), which has to outlive it.
  explicit JoinedLog(const char* base = nullptr);
  ~JoinedLog();
  JoinedLog(const JoinedLog&) = delete;
  JoinedLog& operator=(const JoinedLog&) = delete;

  [[nodiscard]] const char* vfs_name() const { return name_.c_str(); }

  struct Vfs;

 private:
  std::string name_;
  std::unique_ptr<Vfs> vfs_;
};

}  // namespace sotto::server

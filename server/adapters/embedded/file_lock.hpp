// One process for a database: two would hand out the same ids.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace sotto::server {

/// A lock on the database file itself, so that there is no other file that somebody could tidy away. Held
/// until destroyed, or until the process is gone, however it goes.
///
/// It is flock(2), which SQLite's own locks (fcntl) do not meet. But those are lost when the process closes
/// any descriptor of the file, and this holds one: it has to be taken before SQLite opens the file and
/// destroyed after SQLite has closed it.
class FileLock {
 public:
  /// Makes the file, for its owner alone, if it is missing. Nothing: another process holds it, or the file
  /// cannot be made or opened.
  static std::optional<FileLock> take(const std::string& path);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sotto::server

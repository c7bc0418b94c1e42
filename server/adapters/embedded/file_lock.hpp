// One process for a database: two would hand out the same ids.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace sotto::server {

/// Held until destroyed, or until the process is gone, however it goes.
class FileLock {
 public:
  /// Nothing: somebody else holds it, or the file cannot be made.
  static std::optional<FileLock> take(const std::string& path);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace sotto::server

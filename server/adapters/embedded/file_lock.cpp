#include "server/adapters/embedded/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sotto::server {

std::optional<FileLock> FileLock::take(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return std::nullopt;
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  // A restore that ended just now has put another file in its place.
  struct stat held {
  }, there{};
  if (::fstat(descriptor, &held) != 0 || ::stat(path.c_str(), &there) != 0) return std::nullopt;
  if (held.st_ino != there.st_ino || held.st_dev != there.st_dev) return std::nullopt;
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace sotto::server

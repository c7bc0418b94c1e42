#include "server/process/data_folder.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

namespace sotto::server {

namespace fs = std::filesystem;

std::optional<std::string> prepare_data_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) return "data: " + path + " is not a folder";
  // The process's umask keeps what is made here from everybody else.
  fs::create_directories(path, error);
  if (error) return "data: " + path + " cannot be made: " + error.message();
  if (access(path.c_str(), R_OK | W_OK | X_OK) != 0)
    return "data: cannot write in " + path + ": " + std::strerror(errno);
  return std::nullopt;
}

std::optional<std::string> disk_problem(const std::string& path) {
  // Some seconds of a very busy server: time for a load balancer to look and move its traffic.
  constexpr std::uint64_t kLeastBytes = 16 * 1024 * 1024;
  struct statvfs disk {};
  if (statvfs(path.c_str(), &disk) != 0) return std::string("the data folder: ") + std::strerror(errno);
  if (static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize < kLeastBytes) return "the disk is full";
  return std::nullopt;
}

}  // namespace sotto::server

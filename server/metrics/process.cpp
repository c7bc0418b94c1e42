#include "server/metrics/process.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <dirent.h>

namespace sotto::server {
namespace {

double boot_time_seconds() {
  std::ifstream stat("/proc/stat");
  std::string word;
  while (stat >> word) {
    double seconds = 0;
    if (word == "btime" && stat >> seconds) return seconds;
  }
  return 0;
}

double count_open_fds() {
  DIR* dir = opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double count = 0;
  while (readdir(dir) != nullptr)
    ++count;
  closedir(dir);
  return count - 3;  // ".", ".." and the one that reads the folder
}

}  // namespace

ProcessFigures read_process_figures() {
  ProcessFigures figures;
  figures.open_fds = count_open_fds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.max_fds = static_cast<double>(limit.rlim_cur);

  // proc(5): fields are counted from 1; the second, the program's name in brackets, may hold spaces.
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return figures;
  std::istringstream fields(line.substr(name_end + 1));
  std::string value;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  for (int field = 3; fields >> value; ++field) {
    const auto number = [&] { return std::strtod(value.c_str(), nullptr); };
    switch (field) {
      case 14:  // utime
      case 15:  // stime
        figures.cpu_seconds += number() / ticks;
        break;
      case 20:
        figures.threads = number();
        break;
      case 22:  // starttime, in ticks since boot
        figures.start_time_seconds = boot_time_seconds() + number() / ticks;
        break;
      case 23:
        figures.virtual_bytes = number();
        break;
      case 24:
        figures.resident_bytes = number() * page;
        break;
      default:
        break;
    }
  }
  return figures;
}

}  // namespace sotto::server

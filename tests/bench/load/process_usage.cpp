#include "tests/bench/load/process_usage.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace sotto::bench {

ProcessUsage usage_of(int pid) {
  ProcessUsage usage;
  if (pid == 0) return usage;
  const std::string root = "/proc/" + std::to_string(pid) + "/";
  std::ifstream stat(root + "stat");
  std::string line;
  std::getline(stat, line);
  // Fields are counted from after the name, which may hold anything: utime and stime are the 12th and 13th
  // there.
  if (const auto name_end = line.rfind(')'); name_end != std::string::npos) {
    std::istringstream fields(line.substr(name_end + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
      fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    usage.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  std::ifstream statm(root + "statm");
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  statm >> pages >> resident;
  usage.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream io(root + "io");
  for (std::string key; io >> key;) {
    std::uint64_t value = 0;
    io >> value;
    if (key == "write_bytes:") usage.written_bytes = value;
  }
  return usage;
}

}  // namespace sotto::bench

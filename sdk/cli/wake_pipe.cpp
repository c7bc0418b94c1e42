#include "sdk/cli/wake_pipe.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace sotto::cli {

namespace {
volatile std::sig_atomic_t end_signal = 0;
volatile std::sig_atomic_t signal_pipe = -1;

extern "C" void on_end_signal(int signal) {
  end_signal = signal;
  const char byte = 1;
  [[maybe_unused]] auto written = ::write(signal_pipe, &byte, 1);
}
}  // namespace

WakePipe::WakePipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  read_end_ = ends[0];
  write_end_ = ends[1];
  for (int end : ends) {
    ::fcntl(end, F_SETFL, O_NONBLOCK);
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
}

WakePipe::~WakePipe() {
  if (signal_pipe == write_end_) {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    signal_pipe = -1;
  }
  ::close(read_end_);
  ::close(write_end_);
}

void WakePipe::wake() const {
  const char byte = 1;
  [[maybe_unused]] auto written = ::write(write_end_, &byte, 1);  // full: a wake-up is waiting already
}

void WakePipe::drain() const {
  std::array<char, 256> bytes{};
  while (::read(read_end_, bytes.data(), bytes.size()) > 0) {
  }
}

void WakePipe::catch_end_signals() {
  signal_pipe = write_end_;
  std::signal(SIGINT, on_end_signal);
  std::signal(SIGTERM, on_end_signal);
}

bool WakePipe::end_requested() {
  return end_signal != 0;
}

}  // namespace sotto::cli

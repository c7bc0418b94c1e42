#include "server/process/signals.hpp"

#include <csignal>
#include <cstdlib>
#include <thread>
#include <unistd.h>

#include <pthread.h>

namespace sotto::server {
namespace {

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, signal);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = waited_for();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A client that goes away is an error of its socket and not of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

Signal wait_for_signal() {
  const sigset_t set = waited_for();
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal == SIGHUP ? Signal::reload : Signal::stop;
}

void stop_at_once_on_next_signal() {
  std::thread([] {
    const sigset_t set = waited_for();
    int signal = 0;
    while (sigwait(&set, &signal) != 0 || signal == SIGHUP) {
    }
    // Ends as the signal ends a program that does not know it, so that whoever started us sees why.
    std::signal(signal, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    kill(getpid(), signal);
  }).detach();
}

}  // namespace sotto::server

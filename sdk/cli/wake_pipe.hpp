// Turns the client's wake-up into a file descriptor that poll(2) can wait for together with standard input.
// Also carries SIGINT and SIGTERM, so that a program ends by closing its client and not in the middle of a
// write.
#pragma once

namespace sotto::cli {

/// One for each process: the signal handlers write to it.
class WakePipe {
 public:
  WakePipe();
  ~WakePipe();
  WakePipe(const WakePipe&) = delete;
  WakePipe& operator=(const WakePipe&) = delete;

  /// Any thread, and signal handlers. A wake-up that is not drained yet stands for all later ones.
  void wake() const;
  void drain() const;
  [[nodiscard]] int descriptor() const { return read_end_; }

  /// From now on SIGINT and SIGTERM wake the pipe and are told by `end_requested`.
  void catch_end_signals();
  [[nodiscard]] static bool end_requested();

 private:
  int read_end_ = -1;
  int write_end_ = -1;
};

}  // namespace sotto::cli

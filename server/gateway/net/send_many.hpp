// Many sends in one system call. A message to a group of 500 is 500 sends of the same bytes to as many
// sockets; handed to io_uring together they cost little more than half (docs/performance.md).
//
//   SendMany ring;                               // without a ring where the kernel has, or allows, none
//   sends.push_back({socket, frame->wire()});
//   if (ring.run(sends)) took(sends[i].result);  // else send(2), one by one
//
// Nothing is left under way: each send is tried once, as send(2) with MSG_DONTWAIT would, and `run` returns
// when the kernel has answered for all of them. One thread at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sotto::server {

class SendMany {
 public:
  struct Send {
    int socket = -1;         ///< below 0: nothing to do here
    std::string_view bytes;  ///< stays where it is until `run` returns
    int result = 0;          ///< bytes taken, or the negative errno
  };

  /// With `allowed` false as on a kernel without: `run` does nothing.
  explicit SendMany(bool allowed = true);
  SendMany(const SendMany&) = delete;
  SendMany& operator=(const SendMany&) = delete;
  ~SendMany();

  [[nodiscard]] bool available() const { return ring_ != nullptr; }
  /// False: nothing was sent, for lack of a ring. Any number of sends.
  bool run(std::span<Send> sends);

 private:
  struct Ring;
  std::unique_ptr<Ring> ring_;
};

}  // namespace sotto::server

#include "server/gateway/net/send_many.hpp"

#include <cerrno>
#include <sys/socket.h>

#include <liburing.h>

namespace sotto::server {

namespace {
/// Sends in one system call: a group of the largest size goes out in one. 50 KB for each io thread.
constexpr unsigned kAtOnce = 512;
}  // namespace

struct SendMany::Ring {
  io_uring uring{};

  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { io_uring_queue_exit(&uring); }
};

SendMany::SendMany(bool allowed) {
  if (!allowed) return;
  io_uring uring{};
  // ENOSYS, EPERM and ENOMEM alike: a kernel before 5.6, a container's seccomp profile, sysctl
  // kernel.io_uring_disabled, no locked memory. Sends go one by one then.
  if (io_uring_queue_init(kAtOnce, &uring, IORING_SETUP_CLAMP) != 0) return;
  ring_ = std::make_unique<Ring>();
  ring_->uring = uring;
}

SendMany::~SendMany() = default;

bool SendMany::run(std::span<Send> sends) {
  if (!ring_) return false;
  io_uring& uring = ring_->uring;
  for (std::size_t next = 0; next < sends.size();) {
    unsigned under_way = 0;
    for (; next < sends.size(); ++next) {
      const Send& send = sends[next];
      if (send.socket < 0) continue;
      io_uring_sqe* entry = io_uring_get_sqe(&uring);
      if (entry == nullptr) break;  // the ring is full: the rest goes after these
      // With MSG_DONTWAIT a full socket is EAGAIN at once; without, the kernel would wait for room.
      io_uring_prep_send(entry, send.socket, send.bytes.data(), send.bytes.size(),
                         MSG_NOSIGNAL | MSG_DONTWAIT);
      io_uring_sqe_set_data64(entry, next);
      ++under_way;
    }
    while (under_way > 0) {
      // Errors here (EINTR, EAGAIN, EBUSY) leave what was not submitted in the ring, for the next try. The
      // kernel holds pointers into `sends`, so there is no way out before it has answered for all.
      io_uring_submit_and_wait(&uring, 1);
      io_uring_cqe* entry = nullptr;
      unsigned head = 0;
      unsigned answered = 0;
      io_uring_for_each_cqe(&uring, head, entry) {
        sends[io_uring_cqe_get_data64(entry)].result = entry->res;
        ++answered;
      }
      io_uring_cq_advance(&uring, answered);
      under_way -= answered;
    }
  }
  return true;
}

}  // namespace sotto::server

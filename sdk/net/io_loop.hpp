// The inside of IoLoop, for the files of this folder that speak Asio.
#pragma once

#include <memory>
#include <mutex>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "sdk/net/loop.hpp"

namespace sotto::net {

namespace asio = boost::asio;
using boost::system::error_code;

// The concrete executor, not Asio's type-erased one: smaller objects and less code.
using IoExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, IoExecutor>;
using Endpoint = asio::ip::tcp::endpoint;

/// A way to a loop for threads that may outlive it (a name lookup cannot be interrupted).
struct LoopGate {
  /// Guards `loop` against ending while another thread posts to it.
  std::mutex mutex;
  IoLoop* loop;  // null once the loop is gone

  explicit LoopGate(IoLoop* l) : loop(l) {}
  /// Any thread. Nothing happens once the loop is gone.
  void post(Task task) {
    const std::lock_guard lock(mutex);
    if (loop != nullptr) loop->post(std::move(task));
  }
};

struct IoLoop::Impl {
  explicit Impl(IoLoop* loop) : gate(std::make_shared<LoopGate>(loop)) {}

  std::shared_ptr<LoopGate> gate;
  asio::io_context context{1};  // one thread: lets Asio skip work that only several need
  asio::executor_work_guard<IoExecutor> work{context.get_executor()};
};

}  // namespace sotto::net

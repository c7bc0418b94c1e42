#include "server/gateway/net/wire.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/error.hpp>
#include <openssl/err.h>

namespace sotto::server {

namespace {

/// Frames in one sendmsg. More would save little: a system call costs about as much as ten small frames.
constexpr std::size_t kFramesAtOnce = 64;

/// The largest TLS record (RFC 8446 §5.1): frames are gathered into one, so a burst costs one encryption.
constexpr std::size_t kRecordBytes = 16 * 1024;

/// A queue that has been longer gives its memory back when it is empty.
constexpr std::size_t kKeptCapacity = 64;

boost::system::error_code from_errno(int error) {
  return {error, boost::system::system_category()};
}

}  // namespace

Wire::Wire(Socket socket, SslPtr ssl, Metrics& metrics, WireOwner& owner)
    : socket_(std::move(socket)), ssl_(std::move(ssl)), metrics_(metrics), owner_(owner) {}

Wire::~Wire() {
  metrics_.queued_bytes.add(-static_cast<std::int64_t>(queued_bytes_));
}

// ---------------------------------------------------------------- out

void Wire::enqueue(FramePtr frame) {
  if (broken_ || send_shut_) return;
  const std::size_t size = frame->wire().size();
  queued_bytes_ += size;
  enqueued_ += size;
  metrics_.queued_bytes.add(static_cast<std::int64_t>(size));
  queue_.push_back(std::move(frame));
}

void Wire::flush() {
  if (waiting_ || broken_) return;
  bool progress = false;
  while (head_ < queue_.size()) {
    const Attempt attempt = ssl_ ? write_tls() : write_plain();
    if (attempt.error) return broken(attempt.error);
    if (attempt.readiness != Readiness::done) {
      waiting_ = true;
      socket_.async_wait(wait_for(attempt.readiness), [this, alive = owner_.keep_alive()](error_code error) {
        waiting_ = false;
        if (error) return;  // closed meanwhile
        flush();
      });
      break;
    }
    written(attempt.bytes);
    progress = true;
  }
  if (progress) owner_.on_written();
}

SendMany::Send Wire::single_send() {
  if (waiting_ || broken_ || ssl_ || head_ + 1 != queue_.size()) return {};
  return {.socket = socket_.native_handle(), .bytes = queue_[head_]->wire().substr(front_offset_)};
}

void Wire::sent(int result) {
  if (result < 0 && result != -EAGAIN && result != -EINTR) return broken(from_errno(-result));
  if (result > 0) written(static_cast<std::size_t>(result));
  if (head_ < queue_.size()) flush();  // which waits until there is room
  if (result > 0) owner_.on_written();
}

ssize_t Wire::send_frames() {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  if (head_ + 1 == queue_.size()) {
    // One frame, as on most calm connections: send(2) is cheaper than sendmsg(2) with a list of one.
    const std::string_view bytes = queue_[head_]->wire().substr(front_offset_);
    return ::send(socket_.native_handle(), bytes.data(), bytes.size(), kFlags);
  }
  std::array<iovec, kFramesAtOnce> parts{};
  std::size_t count = 0;
  for (std::size_t i = head_; i < queue_.size() && count < parts.size(); ++i, ++count) {
    const std::string_view bytes = queue_[i]->wire().substr(i == head_ ? front_offset_ : 0);
    parts[count] = {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  return ::sendmsg(socket_.native_handle(), &message, kFlags);
}

Wire::Attempt Wire::write_plain() {
  for (;;) {
    const ssize_t sent = send_frames();
    if (sent >= 0)
      return {.readiness = Readiness::done, .error = {}, .bytes = static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {.readiness = Readiness::wants_write, .error = {}, .bytes = 0};
    return {.readiness = Readiness::done, .error = from_errno(errno), .bytes = 0};
  }
}

Wire::Attempt Wire::write_tls() {
  // A retry has to offer at least what was offered before (SSL_write(3)); the queue only grows until then,
  // and gathering from its head gives the same bytes again.
  static thread_local std::array<char, kRecordBytes> record;
  std::size_t size = 0;
  for (std::size_t i = head_; i < queue_.size() && size < record.size(); ++i) {
    const std::string_view bytes = queue_[i]->wire().substr(i == head_ ? front_offset_ : 0);
    const std::size_t part = std::min(bytes.size(), record.size() - size);
    std::copy_n(bytes.data(), part, record.data() + size);
    size += part;
  }
  ERR_clear_error();
  std::size_t sent = 0;
  const int result = SSL_write_ex(ssl_.get(), record.data(), size, &sent);
  Attempt attempt = tls_result(result);
  attempt.bytes = sent;
  return attempt;
}

void Wire::written(std::size_t bytes) {
  queued_bytes_ -= bytes;
  taken_ += bytes;
  metrics_.queued_bytes.add(-static_cast<std::int64_t>(bytes));
  metrics_.bytes_sent.add(bytes);
  while (bytes > 0) {
    const std::size_t rest = queue_[head_]->wire().size() - front_offset_;
    if (bytes < rest) {
      front_offset_ += bytes;
      break;
    }
    bytes -= rest;
    front_offset_ = 0;
    queue_[head_++].reset();
  }
  if (head_ == queue_.size()) {
    queue_.clear();
    head_ = 0;
    if (queue_.capacity() > kKeptCapacity) queue_.shrink_to_fit();
  } else if (head_ > queue_.size() / 2 && head_ > kKeptCapacity) {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
  if (waiter_ && taken_ >= waiter_until_) std::exchange(waiter_, nullptr)->complete({}, waiter_bytes_);
}

void Wire::broken(error_code error) {
  broken_ = true;
  if (waiter_) std::exchange(waiter_, nullptr)->complete(error, 0);
  net::post(get_executor(), [this, alive = owner_.keep_alive()] { owner_.on_broken(); });
}

// ---------------------------------------------------------------- in

Wire::Attempt Wire::try_read(net::mutable_buffer buffer) {
  if (buffer.size() == 0) return {};
  // TLS keeps the descriptor's number, which is somebody else's once this socket is closed.
  if (!socket_.is_open())
    return {.readiness = Readiness::done, .error = net::error::bad_descriptor, .bytes = 0};
  if (!unread_.empty()) {
    const std::size_t part = std::min(buffer.size(), unread_.size());
    std::copy_n(unread_.data(), part, static_cast<char*>(buffer.data()));
    unread_.erase(0, part);
    if (unread_.empty()) unread_.shrink_to_fit();
    return {.readiness = Readiness::done, .error = {}, .bytes = part};
  }
  Attempt attempt;
  if (ssl_) {
    ERR_clear_error();
    std::size_t got = 0;
    attempt = tls_result(SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got));
    attempt.bytes = got;
  } else {
    ssize_t got = 0;
    do {
      got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
      attempt.bytes = static_cast<std::size_t>(got);
    } else if (got == 0) {
      attempt.error = net::error::eof;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      attempt.readiness = Readiness::wants_read;
    } else {
      attempt.error = from_errno(errno);
    }
  }
  metrics_.bytes_received.add(attempt.bytes);
  return attempt;
}

Wire::Attempt Wire::try_handshake() {
  if (!socket_.is_open())
    return {.readiness = Readiness::done, .error = net::error::bad_descriptor, .bytes = 0};
  ERR_clear_error();
  return tls_result(SSL_do_handshake(ssl_.get()));
}

Wire::Attempt Wire::tls_result(int result) {
  if (result == 1) return {};
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.readiness = Readiness::wants_read, .error = {}, .bytes = 0};
    case SSL_ERROR_WANT_WRITE:
      return {.readiness = Readiness::wants_write, .error = {}, .bytes = 0};
    case SSL_ERROR_ZERO_RETURN:
      return {.readiness = Readiness::done, .error = net::error::eof, .bytes = 0};
    case SSL_ERROR_SYSCALL:
      return {.readiness = Readiness::done,
              .error = system_error != 0 ? from_errno(system_error) : error_code(net::error::eof),
              .bytes = 0};
    default:
      return {.readiness = Readiness::done, .error = net::error::connection_aborted, .bytes = 0};
  }
}

// ---------------------------------------------------------------- the end

void Wire::shutdown_send() {
  if (send_shut_) return;
  send_shut_ = true;
  if (!broken_ && ssl_ && SSL_is_init_finished(ssl_.get()) != 0) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // close_notify, if there is room for it
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Wire::close() {
  broken_ = true;
  if (waiter_) std::exchange(waiter_, nullptr)->complete(net::error::operation_aborted, 0);
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace sotto::server

#include "sdk/net/channel/dial.hpp"

#include <algorithm>
#include <utility>

#include "sdk/net/channel/lookup.hpp"

namespace sotto::net {

namespace {

// RFC 8305 §5 recommends 250 ms between attempts.
constexpr Milliseconds kStagger{250};
// More addresses than this belong to no chat server; each costs a socket.
constexpr std::size_t kMaxAddresses = 8;

// What the kernel takes before it is sent stands in front of every later frame, pings included: at 20 KB/s
// this is 3 s, within the time a pong may take.
constexpr int kUnsentBytes = 64 << 10;

void tune(Socket& socket) {
  error_code ignored;  // only costs speed
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
#ifdef TCP_NOTSENT_LOWAT
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes, sizeof kUnsentBytes);
#endif
}

Error connect_error(error_code error, const std::string& server) {
  if (error == asio::error::connection_refused) {
    return {ErrorCode::network_unreachable, "connection refused by " + server};
  }
  if (error == asio::error::timed_out) {
    return {ErrorCode::timed_out, "no answer from " + server};
  }
  return {ErrorCode::network_unreachable, "cannot reach " + server + ": " + error.message()};
}

}  // namespace

std::vector<Endpoint> interleave_families(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> first;
  std::vector<Endpoint> second;
  for (const auto& endpoint : endpoints) {
    const bool like_first = endpoint.address().is_v6() == endpoints.front().address().is_v6();
    (like_first ? first : second).push_back(endpoint);
  }
  std::vector<Endpoint> out;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) out.push_back(first[i]);
    if (i < second.size()) out.push_back(second[i]);
  }
  if (out.size() > kMaxAddresses) out.resize(kMaxAddresses);
  return out;
}

std::shared_ptr<Dial> Dial::start(IoLoop& loop, const std::string& host, std::uint16_t port,
                                  Milliseconds tcp_timeout, Done done) {
  auto dial = std::make_shared<Dial>(loop, host + ":" + std::to_string(port), tcp_timeout, std::move(done));
  look_up(loop, host, port, [dial](Result<std::vector<Endpoint>> found) {
    if (!dial->done_) return;
    if (!found) return dial->finish(found.error());
    dial->connect_to(interleave_families(*found));
  });
  return dial;
}

Dial::Dial(IoLoop& loop, std::string server, Milliseconds tcp_timeout, Done done)
    : loop_(loop), server_(std::move(server)), tcp_timeout_(tcp_timeout), done_(std::move(done)) {}

void Dial::connect_to(std::vector<Endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  attempts_.reserve(endpoints_.size());  // sockets with work under way stay where they are
  deadline_ = loop_.after(tcp_timeout_, [this] {
    finish(Error(ErrorCode::timed_out, "no answer from " + server_ + " to a connection attempt"));
  });
  try_next();
}

void Dial::try_next() {
  if (!done_ || attempts_.size() == endpoints_.size()) return;
  const std::size_t index = attempts_.size();
  Socket& socket = attempts_.emplace_back(loop_.impl().context.get_executor());
  ++running_;
  socket.async_connect(endpoints_[index], [self = shared_from_this(), index](error_code error) {
    self->on_attempt(index, error);
  });
  stagger_ = loop_.after(kStagger, [this] { try_next(); });
}

void Dial::on_attempt(std::size_t index, error_code error) {
  if (!done_) return;
  --running_;
  if (!error) {
    Socket& socket = attempts_[index];
    tune(socket);
    finish(std::move(socket));
    return;
  }
  // A refusal tells more than "no IPv6 here".
  if (!failure_ || error == asio::error::connection_refused) failure_ = error;
  if (attempts_.size() < endpoints_.size()) {
    try_next();
  } else if (running_ == 0) {
    finish(connect_error(failure_, server_));
  }
}

void Dial::finish(Result<Socket> result) {
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(result));
}

void Dial::cancel() {
  done_ = nullptr;
  stagger_.reset();
  deadline_.reset();
  // Closed, not destroyed: handlers of theirs are still to come.
  for (auto& socket : attempts_) {
    error_code ignored;
    socket.close(ignored);
  }
}

}  // namespace sotto::net

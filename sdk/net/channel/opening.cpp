#include "sdk/net/channel/opening.hpp"

#include <utility>

#include "sdk/net/channel/tls.hpp"

namespace sotto::net {

std::shared_ptr<Opening> Opening::start(IoLoop& loop, asio::ssl::context& tls, Url url,
                                        const Timeouts& timeouts, Done done) {
  auto opening = std::make_shared<Opening>(loop, tls, std::move(url), timeouts, std::move(done));
  opening->dial_ = Dial::start(loop, opening->url_.host, opening->url_.port, timeouts.tcp,
                               [opening](Result<Socket> socket) { opening->on_dialled(std::move(socket)); });
  return opening;
}

Opening::Opening(IoLoop& loop, asio::ssl::context& tls, Url url, const Timeouts& timeouts, Done done)
    : loop_(loop), tls_(tls), url_(std::move(url)), timeouts_(timeouts), done_(std::move(done)) {}

void Opening::on_dialled(Result<Socket> socket) {
  dial_.reset();
  if (!socket) return finish(socket.error());
  channel_ = std::make_unique<Channel>(std::move(*socket));
  if (!url_.tls) return finish(std::move(channel_));
  deadline_ = loop_.after(timeouts_.tls, [this] {
    finish(Error(ErrorCode::timed_out, url_.server() + " did not finish the TLS handshake"));
  });
  channel_->start_tls(tls_, url_.host,
                      [self = shared_from_this()](error_code error) { self->on_secured(error); });
}

void Opening::on_secured(error_code error) {
  if (!done_) return;
  if (error) return finish(describe_tls_failure(channel_->tls(), error, url_.server()));
  finish(std::move(channel_));
}

void Opening::finish(Result<std::unique_ptr<Channel>> result) {
  const auto self = shared_from_this();
  const Done done = std::exchange(done_, nullptr);
  cancel();
  done(std::move(result));
}

void Opening::cancel() {
  done_ = nullptr;
  deadline_.reset();
  if (dial_) dial_->cancel();
  if (channel_) channel_->close();
}

}  // namespace sotto::net

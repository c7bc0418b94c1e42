// The first half of every connection: name, TCP, TLS. What comes out is a Channel to the right server.
//
//   opening_ = Opening::start(loop, tls, url, timeouts, [](Result<std::unique_ptr<Channel>> opened) { ... });
//   opening_->cancel();   // no call back after this
//
// The loop's thread only.
#pragma once

#include <functional>
#include <memory>

#include "sdk/net/channel/channel.hpp"
#include "sdk/net/channel/dial.hpp"
#include "sdk/net/transport.hpp"
#include "sdk/net/url.hpp"

namespace sotto::net {

class Opening : public std::enable_shared_from_this<Opening> {
 public:
  using Done = std::function<void(Result<std::unique_ptr<Channel>>)>;

  /// `tls` must outlive the channel. Never calls back from inside. The step that takes too long is named.
  static std::shared_ptr<Opening> start(IoLoop& loop, asio::ssl::context& tls, Url url,
                                        const Timeouts& timeouts, Done done);
  void cancel();

  Opening(IoLoop& loop, asio::ssl::context& tls, Url url, const Timeouts& timeouts, Done done);

 private:
  void on_dialled(Result<Socket> socket);
  void on_secured(error_code error);
  void finish(Result<std::unique_ptr<Channel>> result);

  IoLoop& loop_;
  asio::ssl::context& tls_;
  Url url_;
  Timeouts timeouts_;
  Done done_;  // empty once finished or cancelled
  std::shared_ptr<Dial> dial_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Timer> deadline_;
};

}  // namespace sotto::net

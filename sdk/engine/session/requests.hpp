// REST calls: with the access token, which is refreshed when it is about to end or was refused, once for all
// who wait.
//
//   requests.send({"GET", "/api/devices"}, ticket.number, [](Result<HttpResponse> response) { ... });
//
// A 429 waits as long as the server says, if that is a matter of seconds, and repeats the call. A 401
// refreshes the token and repeats the call once. Rotation: the answer to a refresh may get lost; the
// previous token is good for ten minutes more, so a refresh that failed on the network is repeated at once.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/operations.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::engine {

class JsonObject;

/// `{access_token, refresh_token, expires_in}` of login and refresh; empty where one is missing.
store::Tokens tokens_of(const JsonObject& body, Timestamp now);

class Requests final : public Part {
 public:
  /// 2xx, or why not.
  using Handler = std::function<void(Result<HttpResponse>)>;

  Requests(Core& core, Operations& operations) : core_(core), operations_(operations) {}

  /// With the access token. `owner`: ends with that operation (none: with the engine).
  void send(HttpRequest request, OperationNumber owner, Handler handler);
  /// Without a token: signing in.
  void send_anonymous(HttpRequest request, OperationNumber owner, Handler handler);
  /// Ends the request of an operation that was cancelled.
  void cancel(OperationNumber owner);
  void cancel_all();

  /// Makes sure of a token that is good for a while, then calls; `force` gets a new one in any case.
  /// `signed_out`: there is none to be had.
  void with_token(bool force, std::function<void(Result<void>)> then);
  /// Called when the server has refused the refresh token.
  void on_signed_out(std::function<void(const Error&)> handler) { signed_out_ = std::move(handler); }

  // Part
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

  void on_response(RequestNumber number, HttpResponse response);
  void on_failed(RequestNumber number, const Error& error);

 private:
  struct Pending {
    HttpRequest request;  ///< without its token
    OperationNumber owner{};
    bool with_token = false;
    bool repeated = false;
    Handler handler;
    int rests = 0;  ///< how often the server has said "too many"
  };

  void perform(Pending pending);
  [[nodiscard]] bool is_full() const { return pending_.size() + resting_.size() >= kMaxPendingRequests; }
  void start_refresh();
  void refreshed(const HttpResponse& response);
  void end_refresh(const Result<void>& result);

  Core& core_;
  Operations& operations_;
  std::uint64_t last_ = 0;
  std::map<RequestNumber, Pending> pending_;
  std::multimap<Milliseconds, Pending> resting_;  ///< by when they may be sent again, in steady time
  std::vector<std::function<void(Result<void>)>> waiting_;  ///< for the refresh that runs
  RequestNumber refresh_{};
  int refresh_attempts_ = 0;
  std::function<void(const Error&)> signed_out_;
};

}  // namespace sotto::engine

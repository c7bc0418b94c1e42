#include "sdk/engine/session/requests.hpp"

#include <algorithm>

#include "base/mutant.hpp"
#include "sdk/engine/bounds.hpp"
#include "sdk/engine/json.hpp"
#include "sdk/engine/session/error_words.hpp"
#include "sdk/engine/timing.hpp"

namespace sotto::engine {
namespace {

/// The lost answer of one attempt must not sign anybody out: the next comes well within the old token's 60 s.
constexpr int kRefreshAttempts = 2;
/// "Too many requests" is waited for so long and so often; a longer wait is the caller's to know of.
constexpr Milliseconds kLongestRest = seconds(30);
constexpr int kMaxRests = 5;
/// Where the server does not say for how long.
constexpr Milliseconds kDefaultRest = seconds(1);

bool is_success(int status) {
  return status >= 200 && status < 300;
}

}  // namespace

store::Tokens tokens_of(const JsonObject& body, Timestamp now) {
  // A lifetime nobody means (or an overflow) only makes the first refresh come sooner.
  constexpr std::uint64_t kLongestLifetime = std::uint64_t{30} * 24 * 3600;
  store::Tokens tokens;
  tokens.access = SecretBytes(as_bytes(body.text("access_token")));
  tokens.refresh = SecretBytes(as_bytes(body.text("refresh_token")));
  tokens.access_expires_at = now + seconds(std::min(body.number("expires_in"), kLongestLifetime));
  return tokens;
}

void Requests::send(HttpRequest request, OperationNumber owner, Handler handler) {
  if (is_full()) return handler(Error(ErrorCode::rate_limited, "too many requests at once"));
  Pending pending{std::move(request), owner, true, false, std::move(handler)};
  with_token(false, [this, pending = std::make_shared<Pending>(std::move(pending))](Result<void> token) {
    // Cancelled while it waited for the token.
    if (pending->owner != OperationNumber::none && !operations_.is_running(pending->owner)) return;
    if (!token) return pending->handler(token.error());
    perform(std::move(*pending));
  });
}

void Requests::send_anonymous(HttpRequest request, OperationNumber owner, Handler handler) {
  if (is_full()) return handler(Error(ErrorCode::rate_limited, "too many requests at once"));
  perform({std::move(request), owner, false, false, std::move(handler)});
}

void Requests::perform(Pending pending) {
  const RequestNumber number{++last_};
  SendRequest effect;
  effect.request = number;
  effect.what.method = pending.request.method;
  effect.what.path = pending.request.path;
  effect.what.headers = pending.request.headers;
  effect.what.body = pending.request.body;
  if (pending.with_token) effect.what.bearer = core_.account->tokens.access.clone();
  pending_.emplace(number, std::move(pending));
  core_.perform(Effect(std::move(effect)));
}

void Requests::cancel(OperationNumber owner) {
  for (auto it = pending_.begin(); it != pending_.end();) {
    if (it->second.owner != owner || owner == OperationNumber::none) {
      ++it;
      continue;
    }
    core_.perform(Effect(CancelRequest{it->first}));
    it = pending_.erase(it);
  }
  std::erase_if(resting_, [owner](const auto& resting) {
    return resting.second.owner == owner && owner != OperationNumber::none;
  });
}

void Requests::cancel_all() {
  for (const auto& [number, pending] : pending_)
    core_.perform(Effect(CancelRequest{number}));
  if (refresh_ != RequestNumber::none) core_.perform(Effect(CancelRequest{refresh_}));
  pending_.clear();
  resting_.clear();
  waiting_.clear();
  refresh_ = RequestNumber::none;
}

void Requests::on_response(RequestNumber number, HttpResponse response) {
  if (number == refresh_ && number != RequestNumber::none) return refreshed(response);
  auto node = pending_.extract(number);
  if (node.empty()) return;  // cancelled
  Pending& pending = node.mapped();
  if (is_success(response.status)) return pending.handler(std::move(response));
  if (response.status == 401 && pending.with_token && !pending.repeated) {
    pending.repeated = true;
    with_token(true, [this, again = std::make_shared<Pending>(std::move(pending))](Result<void> token) {
      if (again->owner != OperationNumber::none && !operations_.is_running(again->owner)) return;
      if (!token) return again->handler(token.error());
      perform(std::move(*again));
    });
    return;
  }
  const Milliseconds rest = response.retry_after > Milliseconds(0) ? response.retry_after : kDefaultRest;
  // What nobody waits for has its own time to try again.
  const bool waited_for = pending.owner != OperationNumber::none;
  if (response.status == 429 && pending.with_token && waited_for && pending.rests < kMaxRests &&
      rest <= kLongestRest) {
    ++pending.rests;
    resting_.emplace(core_.now.steady + rest, std::move(pending));
    return;
  }
  pending.handler(error_of(response));
}

void Requests::work() {
  while (!resting_.empty() && resting_.begin()->first <= core_.now.steady) {
    auto node = resting_.extract(resting_.begin());
    perform(std::move(node.mapped()));
  }
}

std::optional<Milliseconds> Requests::deadline() const {
  return resting_.empty() ? std::nullopt : std::optional(resting_.begin()->first);
}

void Requests::on_failed(RequestNumber number, const Error& error) {
  if (number == refresh_ && number != RequestNumber::none) {
    if (refresh_attempts_ < kRefreshAttempts) return start_refresh();
    return end_refresh(error);
  }
  auto node = pending_.extract(number);
  if (!node.empty()) node.mapped().handler(error);
}

void Requests::with_token(bool force, std::function<void(Result<void>)> then) {
  if (!core_.account || !core_.account->signed_in())
    return then(Error(ErrorCode::signed_out, "nobody is signed in"));
  const bool good = core_.account->tokens.access_expires_at > core_.now.wall + kRefreshAhead;
  if (good && !force) return then({});
  waiting_.push_back(std::move(then));
  if (refresh_ != RequestNumber::none) return;  // one for all
  refresh_attempts_ = 0;
  start_refresh();
}

void Requests::start_refresh() {
  ++refresh_attempts_;
  refresh_ = RequestNumber{++last_};
  SendRequest effect;
  effect.request = refresh_;
  effect.what.method = "POST";
  effect.what.path = "/api/auth/refresh";
  effect.what.body = JsonWriter().text("refresh_token", as_text(core_.account->tokens.refresh.view())).str();
  core_.perform(Effect(std::move(effect)));
}

void Requests::refreshed(const HttpResponse& response) {
  refresh_ = RequestNumber::none;
  if (!is_success(response.status)) {
    Error error = error_of(response);
    const bool refused = response.status == 400 || response.status == 401 || response.status == 403;
    if (!refused || mutant(Mutant::sign_out_not_told)) return end_refresh(error);  // trouble that passes
    error = Error(ErrorCode::signed_out, "the server refused the refresh token");
    core_.write().account.forget_tokens();
    core_.account->tokens = {};
    if (signed_out_) signed_out_(error);
    return end_refresh(error);
  }
  auto body = JsonObject::parse(response.body);
  store::Tokens tokens = body ? tokens_of(*body, core_.now.wall) : store::Tokens{};
  if (tokens.access.empty() || tokens.refresh.empty())
    return end_refresh(Error(ErrorCode::protocol_violation, "the answer to a refresh lacks its tokens"));
  core_.write().account.set_tokens(tokens);
  core_.account->tokens = std::move(tokens);
  end_refresh({});
}

void Requests::end_refresh(const Result<void>& result) {
  refresh_ = RequestNumber::none;
  auto waiting = std::exchange(waiting_, {});
  for (auto& then : waiting)
    then(result);
}

}  // namespace sotto::engine

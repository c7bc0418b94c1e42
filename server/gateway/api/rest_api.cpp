#include "server/gateway/api/rest_api.hpp"

#include <memory>
#include <utility>

#include "server/gateway/api/router.hpp"
#include "server/gateway/bearer.hpp"
#include "server/logging/log.hpp"
#include "server/metrics/metrics.hpp"

namespace sotto::server {
namespace {

using Finish = std::function<void(Answer)>;

constexpr std::string_view kBadToken = "the access token is not valid or has expired";
// About how long an answer is on its way.
constexpr Milliseconds kPlaceFree = std::chrono::seconds(1);

Answer no_token() {
  return refusal(401, "unauthorized", "this needs Authorization: Bearer with an access token");
}

Answer busy() {
  // The queue of the storage is some half a second long.
  Answer answer = refusal(503, "unavailable", "the server is busy; try again");
  answer.response.headers.push_back({"Retry-After", "1"});
  return answer;
}

/// What was asked for too often, as the metrics name it: attacks on sign-in are told from busy clients.
std::string_view limited_word(std::string_view pattern) {
  if (pattern == "/api/auth/otp") return "otp";
  if (pattern == "/api/auth/login") return "login";
  if (pattern == "/api/auth/refresh") return "refresh";
  if (pattern == "/api/contacts") return "contacts";
  return "request";
}

/// Authenticates where the route asks for it and runs the work, in one job.
template <class Job, class DoWork>
class ApiJob : public Job {
 public:
  ApiJob(const RestApi::Authenticate& authenticate, std::optional<std::string> token, UserId account,
         DoWork work, Finish finish)
      : authenticate_(authenticate),
        token_(std::move(token)),
        account_(account),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  void done(bool good) override {
    if (!good) return finish_(refusal(storage_failed()));
    if (answer_.afterwards) answer_.afterwards();
    finish_(std::move(answer_));
  }

 protected:
  [[nodiscard]] UserId account() const { return account_; }
  template <class StoreType, class Third>
  void run_as_caller(StoreType& store, Third& third, Timestamp now) {
    Caller caller;
    if (token_) {
      const auto known = authenticate_(store, now, *token_);
      if (!known) {
        answer_ = refusal(known.error());
        return;
      }
      caller = *known;
    }
    answer_ = work_(store, third, caller);
  }

 private:
  const RestApi::Authenticate& authenticate_;
  std::optional<std::string> token_;
  UserId account_;
  DoWork work_;
  Finish finish_;
  Answer answer_;
};

class ApiReadJob final : public ApiJob<ReadJob, Read> {
 public:
  using ApiJob::ApiJob;
  [[nodiscard]] UserId owner() const override { return account(); }
  void run(const Store& store, Timestamp now) override { run_as_caller(store, now, now); }
};

class ApiWriteJob final : public ApiJob<WriteJob, Write> {
 public:
  using ApiJob::ApiJob;
  void run(Store& store, WriteContext& context) override { run_as_caller(store, context, context.now); }
};

}  // namespace

RestApi::RestApi(Routes routes, Uses uses, Cors cors)
    : routes_(std::move(routes)), uses_(std::move(uses)), cors_(std::move(cors)), accounts_(uses_.limits) {}

RestApi::Finish RestApi::finish_for(const HttpRequest& request, std::string_view pattern,
                                    HttpResponder respond) {
  return [this, method = request.method, pattern, origin = cors_.allow(request),
          respond = std::move(respond)](Answer answer) {
    if (!answer.code.empty()) uses_.metrics.errors.add(answer.code);
    if (answer.code == "rate_limited") uses_.metrics.rate_limited.add(limited_word(pattern));
    // The pattern and not the path, which could hold anything; never the query.
    log::debug(
        "http_request",
        {{"method", log::text(method)}, {"route", log::text(pattern)}, {"status", answer.response.status}});
    if (origin) Cors::add_headers(answer.response, *origin);
    respond(std::move(answer.response));
  };
}

void RestApi::handle(HttpRequest request, HttpResponder respond) {
  const Match match = find_route(routes_, request.method, request.path);
  if (request.method == "OPTIONS" && request.header("Access-Control-Request-Method") && !match.allow.empty())
    if (const auto origin = cors_.allow(request)) return respond(Cors::preflight(*origin, match.allow));

  const std::string_view pattern = match.route != nullptr ? match.route->pattern : "";
  const Finish finish = finish_for(request, pattern, std::move(respond));
  if (match.allow.empty()) return finish(refusal(404, "not_found", "there is nothing at this path"));
  if (match.route == nullptr) {
    Answer answer = refusal(405, "method_not_allowed", "this path has " + match.allow);
    answer.response.headers.push_back({"Allow", match.allow});
    return finish(std::move(answer));
  }

  std::optional<Bearing> bearing;
  Finish finish_and_leave = finish;
  if (match.route->access == Access::token) {
    const auto token = bearer_token(request);
    if (!token) return finish(no_token());
    const auto bearer = uses_.bearer(uses_.now(), *token);
    if (!bearer) return finish(refusal(refuse(ServiceCode::unauthorized, std::string(kBadToken))));
    bearing = Bearing{std::string(*token), bearer->user};
    std::shared_ptr<void> place = accounts_.begin(bearer->user);
    if (!place) {
      return finish(refusal(refuse_rate("too many requests of this account are under way", kPlaceFree)));
    }
    finish_and_leave = [finish, place = std::move(place)](Answer answer) {
      answer.response.held = place;
      finish(std::move(answer));
    };
  }
  Input input(request, match.values);
  Work work = match.route->handler(input);
  if (input.refused()) work = *input.refused();
  if (bearing) {
    if (const auto refused = over_limit(bearing->account, work, input.cost()))
      return finish_and_leave(refusal(*refused));
  }
  submit(*match.route, std::move(bearing), std::move(work), finish_and_leave);
}

std::optional<ServiceError> RestApi::over_limit(UserId account, const Work& work, double cost) {
  const bool write = std::holds_alternative<Write>(work);
  const auto kind = write ? AccountLimits::Kind::write : AccountLimits::Kind::read;
  const Milliseconds wait = accounts_.take(account, kind, cost, uses_.now());
  if (wait == Milliseconds(0)) return std::nullopt;
  return refuse_rate(write ? "too many changes by this account" : "too many requests of this account", wait);
}

void RestApi::submit(const Route& route, std::optional<Bearing> bearing, Work work, const Finish& finish) {
  if (auto* answer = std::get_if<Answer>(&work)) {
    if (route.access == Access::open) return finish(std::move(*answer));
    // Whoever is not signed in learns that and not what else is wrong.
    work = Read{[said = std::move(*answer)](const Store&, Timestamp, const Caller&) { return said; }};
  }
  std::optional<std::string> token;
  UserId account;
  if (bearing) {
    token = std::move(bearing->token);
    account = bearing->account;
  }
  bool taken = false;
  if (auto* read = std::get_if<Read>(&work)) {
    std::unique_ptr<ReadJob> job =
        std::make_unique<ApiReadJob>(uses_.authenticate, std::move(token), account, std::move(*read), finish);
    taken = uses_.storage.read(job);
  } else {
    std::unique_ptr<WriteJob> job = std::make_unique<ApiWriteJob>(
        uses_.authenticate, std::move(token), account, std::move(std::get<Write>(work)), finish);
    taken = uses_.storage.write(job);
  }
  if (!taken) finish(busy());
}

}  // namespace sotto::server

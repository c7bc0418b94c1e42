// The whole server without sockets or threads: REST, sessions, services and a real store, one call after the
// other.
//
//   WholeServer server;
//   const SignedIn ann = server.sign_in(server.world.person("Ann"));
//   HttpResponse answer = server.call(ann.token, "GET", "/api/users/me");
//   std::vector<v1::ServerFrame> told = server.say(ann, {sync(0)});
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/gateway/api/rest_api.hpp"
#include "server/gateway/api/routes.hpp"
#include "tests/unit/server/gateway/shard_fixture.hpp"
#include "tests/unit/server/world.hpp"

namespace sotto::server::testing {

/// A world's store as the storage of a gateway: each job at once.
class WorldStorage final : public StorageDouble {
 public:
  explicit WorldStorage(World& world) : world_(world) {}
  void tell(EventSink& events) { events_ = &events; }

  bool write(std::unique_ptr<WriteJob>& job) override {
    std::vector<std::unique_ptr<WriteJob>> jobs;
    jobs.push_back(std::move(job));
    world_.run(jobs);
    if (events_ != nullptr && !world_.events.empty())
      events_->committed(std::make_shared<const EventBatch>(EventBatch{world_.events}));
    return true;
  }
  bool read(std::unique_ptr<ReadJob>& job) override {
    const auto mine = std::move(job);
    world_.store().begin();
    mine->run(world_.store(), world_.now);
    const bool good = !world_.store().failed();
    world_.store().rollback();
    mine->done(good);
    return true;
  }

 private:
  World& world_;
  EventSink* events_ = nullptr;
};

struct SignedIn {
  Caller caller;
  std::string token;
};

class WholeServer {
 public:
  explicit WholeServer(Limits limits = without_rates()) : world(limits) {
    storage.tell(dispatcher);
    dispatcher.attach({&shard});
    turns.time = world.now;
  }

  static Limits without_rates() {
    Limits limits;
    limits.rate_limits = false;
    return limits;
  }

  /// Another device of the person, with a token of its own.
  SignedIn sign_in(const Caller& person) {
    const std::string number = world.me(person)->phone_number;
    const auto code = world.write([&](Store& db, WriteContext& c) {
      return app.services.auth.request_otp(db, c, {number, "192.0.2.1"});
    });
    const LoginRequest request{number, code->code, {}, {}, "192.0.2.1"};
    const auto pair =
        world.write([&](Store& db, WriteContext& c) { return app.services.auth.login(db, c, request); });
    return {pair->caller, pair->access_token};
  }

  HttpResponse call(const std::string& token, std::string method, std::string target, std::string body = "") {
    HttpRequest request;
    request.method = std::move(method);
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}};
    request.body = std::move(body);
    request.remote_address = "192.0.2.1";
    std::optional<HttpResponse> answer;
    api.handle(std::move(request), [&](HttpResponse response) { answer = std::move(response); });
    EXPECT_TRUE(answer) << target << " is not answered";
    return answer.value_or(HttpResponse{});
  }

  /// Everything a connection of the device is sent when it says these frames, one after the other.
  std::vector<v1::ServerFrame> say(const SignedIn& who, const std::vector<v1::ClientFrame>& frames) {
    FakeSink sink;
    Session& session = shard.open(who.caller, WireFormat::binary, sink, who.token);
    turns.run();
    for (const v1::ClientFrame& frame : frames) {
      (void)session.on_frame(encode_frame(WireFormat::binary, frame), false);
      run();
    }
    shard.erase(session.ref());
    run();
    return sink.take();
  }

  /// What is collected is written, and told.
  void run() {
    turns.run();
    shard.flush_receipts();
    turns.run();
  }

  World world;
  WorldStorage storage{world};
  MemorySessionRegistry registry;
  NoPush push;
  NoOtp otp;
  SeededRandom random{1};
  Metrics metrics;
  Application app{world.limits,
                  false,
                  {.storage = storage,
                   .registry = registry,
                   .otp_sender = otp,
                   .push_sender = push,
                   .random = random,
                   .metrics = metrics}};
  Dispatcher dispatcher{app};
  QueueDriver turns;
  Shard shard{0, turns, app, {}, dispatcher};
  ProcessState process{"1", [] { return std::nullopt; }, SecretBytes()};
  Routes routes = all_routes(app, process);
  RestApi api = make_rest_api(app, process, Cors({}), [this] { return world.now; });
};

}  // namespace sotto::server::testing

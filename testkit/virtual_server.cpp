#include "testkit/virtual_server.hpp"

#include <unordered_map>
#include <utility>

#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/application/application.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/gateway/session/dispatcher.hpp"
#include "server/gateway/session/session_jobs.hpp"
#include "server/gateway/session/shard.hpp"
#include "server/metrics/metrics.hpp"
#include "server/services/messages/retention_service.hpp"

namespace sotto::sim {

namespace {

class NoPush final : public server::PushSender {
  void send(server::PushNotice) override {}
};

/// The server's end of one link.
class Socket final : public server::SessionSink {
 public:
  Socket(std::shared_ptr<Link> link, std::function<void()> ended)
      : link_(std::move(link)), ended_(std::move(ended)) {}

  void send(server::FramePtr frame) override {
    link_->to_client().send({Link::Kind::frame, std::string(frame->payload()), 0});
  }
  void ping(std::string_view payload) override {
    link_->to_client().send({Link::Kind::ping, std::string(payload), 0});
  }
  [[nodiscard]] std::size_t queued_bytes() const override { return link_->to_client().queued_bytes(); }
  void resume_reading() override { link_->to_server().stall(false); }
  void close(std::uint16_t code, std::string_view) override {
    link_->to_client().send({Link::Kind::close, {}, code});
    ended_();
  }

  server::Session* session = nullptr;
  [[nodiscard]] Link& link() { return *link_; }

 private:
  std::shared_ptr<Link> link_;
  std::function<void()> ended_;
};

/// The shortest retention is a day. A run takes a few minutes.
constexpr Milliseconds kDay = 24h;

server::Limits kept_for_a_day(server::Limits limits) {
  limits.retention_days = 1;
  limits.clock_jump = Milliseconds::max();  // the clock comes from the test and is always right
  return limits;
}

class RetentionJob final : public server::WriteJob {
 public:
  RetentionJob(server::RetentionService& service, Milliseconds kept, std::function<bool(Timestamp)> may,
               std::function<void()> go_on)
      : service_(service), kept_(kept), may_(std::move(may)), go_on_(std::move(go_on)) {}
  void run(server::Store& store, server::WriteContext& context) override {
    more_ = false;
    if (!may_(context.now - kept_)) return;
    server::WriteContext later{context.now - kept_ + kDay, context.ids, context.random, context.events};
    more_ = service_.step(store, later, 0ms);
  }
  void done(bool committed) override {
    if (committed && more_) go_on_();
  }

 private:
  server::RetentionService& service_;
  Milliseconds kept_;
  std::function<bool(Timestamp)> may_;
  std::function<void()> go_on_;
  bool more_ = false;
};

}  // namespace

struct VirtualServer::Running final : server::ShardDriver,
                                      std::enable_shared_from_this<VirtualServer::Running> {
  Running(const VirtualServerOptions& options, std::shared_ptr<VirtualStorage> opened)
      : world(options.world),
        clock(options.clock),
        storage(std::move(opened)),
        app(options.limits, options.accept_dev_code,
            {.storage = *storage,
             .registry = registry,
             .otp_sender = options.otp,
             .push_sender = push,
             .random = options.world.random(),
             .metrics = metrics}),
        retention(kept_for_a_day(options.limits)),
        dispatcher(app),
        shard(0, *this, app, settings(options.session, *storage), dispatcher),
        api(server::make_rest_api(app, process, server::Cors({}), clock)) {
    dispatcher.attach({&shard});
    storage->start(dispatcher);
  }

  static server::SessionSettings settings(server::SessionSettings given, const VirtualStorage& storage) {
    given.stream = storage.stream();
    return given;
  }

  // ---- ShardDriver
  void post(std::function<void()> work) override { after(0ms, std::move(work)); }
  void wake_at(Timestamp at) override {
    const auto serial = ++wake_serial;
    after(std::max(0ms, std::chrono::duration_cast<Milliseconds>(at - now())), [this, serial] {
      if (serial == wake_serial) shard.on_wake();
    });
  }
  [[nodiscard]] Timestamp now() const override { return clock(); }
  [[nodiscard]] std::int64_t monotonic_us() const override { return world.now().count() * 1000; }

  void after(Milliseconds delay, std::function<void()> work) {
    world.after(delay, [weak = weak_from_this(), work = std::move(work)] {
      if (auto alive = weak.lock()) work();
    });
  }

  void open_session(const std::shared_ptr<Link>& link, const std::string& token, server::Caller caller) {
    auto* key = link.get();
    auto socket = std::make_unique<Socket>(link, [this, key] {
      // As in a closing handshake, queued frames leave first.
      after(50ms, [this, key] { erase(key); });
    });
    link->to_client().on_taken = [weak = weak_from_this(), key] {
      if (auto self = weak.lock()) self->written(key);
    };
    link->to_server().on_item = [weak = weak_from_this(), key](Link::Item item) {
      if (auto self = weak.lock()) self->take(key, std::move(item));
    };
    auto& place = sockets[key] = std::move(socket);
    link->to_client().send({Link::Kind::upgraded, {}, 0});
    place->session = &shard.open(caller, WireFormat::binary, *place, token);
    sessions[key] = place->session->ref();
  }

  void take(Link* key, Link::Item item) {
    auto found = sockets.find(key);
    if (found == sockets.end()) return;
    auto& session = *found->second->session;
    switch (item.kind) {
      case Link::Kind::frame:
        if (!session.on_frame(item.bytes, false)) found->second->link().to_server().stall(true);
        break;
      case Link::Kind::ping:
        found->second->link().to_client().send({Link::Kind::pong, item.bytes, 0});
        session.on_heard();
        break;
      case Link::Kind::pong:
        session.on_pong(item.bytes);
        break;
      case Link::Kind::close:
        erase(key);
        break;
      case Link::Kind::upgraded:
      case Link::Kind::refused:
        break;  // only a server sends these
    }
  }

  void written(Link* key) {
    auto found = sockets.find(key);
    if (found != sockets.end()) found->second->session->on_written();
  }

  void delete_old(Milliseconds kept, const std::function<bool(Timestamp)>& may) {
    std::unique_ptr<server::WriteJob> job = std::make_unique<RetentionJob>(
        retention, kept, may,
        [this, kept, may] { after(0ms, [this, kept, may] { delete_old(kept, may); }); });
    if (!storage->write(job)) after(10ms, [this, kept, may] { delete_old(kept, may); });
  }

  void erase(Link* key) {
    auto found = sockets.find(key);
    if (found == sockets.end()) return;
    found->second->link().break_now();
    shard.erase(sessions.at(key));
    sessions.erase(key);
    sockets.erase(key);
  }

  World& world;
  std::function<Timestamp()> clock;
  std::shared_ptr<VirtualStorage> storage;
  server::Metrics metrics;
  server::MemorySessionRegistry registry;
  NoPush push;
  server::Application app;
  server::ProcessState process{"simulation", [] { return std::optional<std::string>(); }, {}};
  server::RetentionService retention;
  server::Dispatcher dispatcher;
  server::Shard shard;
  server::RestApi api;
  std::unordered_map<Link*, std::unique_ptr<Socket>> sockets;
  std::unordered_map<Link*, server::SessionRef> sessions;
  std::uint64_t wake_serial = 0;
};

VirtualServer::VirtualServer(std::shared_ptr<Running> running) : running_(std::move(running)) {}

VirtualServer::~VirtualServer() {
  for (auto& [link, socket] : running_->sockets)
    link->break_now();
}

std::unique_ptr<VirtualServer> VirtualServer::start(const VirtualServerOptions& options) {
  auto storage = VirtualStorage::open(
      {options.world, options.clock, options.world.random(), options.died, options.disk_is_dead},
      options.database, options.vfs);
  if (!storage) return nullptr;
  auto running = std::make_shared<Running>(options, std::move(storage));
  options.world.tell([] { return std::string("server is up"); });
  return std::unique_ptr<VirtualServer>(new VirtualServer(std::move(running)));
}

void VirtualServer::drain(Milliseconds spread) {
  running_->shard.drain(spread);
  running_->shard.flush_receipts();
}

bool VirtualServer::idle() const {
  return running_->sockets.empty() && running_->shard.receipts_idle() && running_->storage->idle();
}

void VirtualServer::delete_old(Milliseconds kept, std::function<bool(Timestamp)> may) {
  running_->delete_old(kept, may);
}

VirtualStorage& VirtualServer::storage() {
  return *running_->storage;
}

void VirtualServer::accept(const std::shared_ptr<Link>& link, std::string token) {
  auto* running = running_.get();
  auto weak = running->weak_from_this();
  const auto owner = running->app.services.auth.bearer(running->now(), token);
  std::unique_ptr<server::ReadJob> job =
      std::make_unique<server::TokenJob>(running->app.services.auth, owner ? owner->user : UserId{}, token,
                                         [weak, link, token](server::ServiceResult<server::Bearer> bearer) {
                                           auto alive = weak.lock();
                                           if (!alive || link->broken()) return;
                                           alive->post([weak, link, token, bearer = std::move(bearer)] {
                                             auto self = weak.lock();
                                             if (!self || link->broken()) return;
                                             if (!bearer)
                                               return link->to_client().send({Link::Kind::refused, {}, 401});
                                             self->open_session(link, token, bearer->caller);
                                           });
                                         });
  if (!running->storage->read(job)) link->break_now();
}

void VirtualServer::request(server::HttpRequest request, server::HttpResponder respond) {
  auto weak = running_->weak_from_this();
  running_->api.handle(
      std::move(request), [weak, respond = std::move(respond)](server::HttpResponse response) {
        // Called inside a storage step: the answer leaves afterwards, unless the server is dead by then.
        if (auto alive = weak.lock()) {
          alive->post([respond, response = std::move(response)]() mutable { respond(std::move(response)); });
        }
      });
}

void VirtualServer::forget(const std::shared_ptr<Link>& link) {
  running_->erase(link.get());
}

}  // namespace sotto::sim

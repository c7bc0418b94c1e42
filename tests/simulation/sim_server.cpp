#include "tests/simulation/sim_server.hpp"

#include <unordered_map>
#include <utility>

#include "server/adapters/memory/memory_session_registry.hpp"
#include "server/gateway/api/rest_api.hpp"
#include "server/gateway/api/routes.hpp"
#include "server/gateway/dispatcher.hpp"
#include "server/gateway/session_jobs.hpp"
#include "server/gateway/shard.hpp"
#include "server/metrics/metrics.hpp"
#include "server/services/auth_service.hpp"
#include "server/services/contact_service.hpp"
#include "server/services/conversation_service.hpp"
#include "server/services/device_service.hpp"
#include "server/services/group_service.hpp"
#include "server/services/history_service.hpp"
#include "server/services/message_service.hpp"
#include "server/services/receipt_service.hpp"
#include "server/services/stream_service.hpp"
#include "server/services/user_service.hpp"
#include "tests/simulation/sim_storage.hpp"

namespace sotto::sim {

namespace {

class NoPush final : public server::PushSender {
  void send(server::PushNotice) override {}
};
class NoOtp final : public server::OtpSender {
  void send(server::OtpMessage) override {}
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

}  // namespace

/// Everything that dies with the process.
struct SimServer::Running final : server::ShardDriver, std::enable_shared_from_this<SimServer::Running> {
  Running(SimServer& server, std::unique_ptr<SimStorage> opened)
      : owner(server),
        storage(std::move(opened)),
        auth(server.limits_, storage->token_key(), true),
        contacts(server.limits_),
        groups(server.limits_),
        users(groups),
        messages(server.limits_, conversations),
        services{*storage,      registry,      push,
                 auth,          conversations, messages,
                 receipts,      streams,       server.world_.random(),
                 server.limits_},
        dispatcher(services, metrics),
        shard(0, *this, services, settings(), metrics, dispatcher),
        api(server::all_routes({auth, devices, users, contacts, conversations, groups, history, otp, metrics},
                               {"simulation", [] { return std::optional<std::string>(); }, {}}),
            {*storage,
             [this](const server::Store& store, Timestamp now, std::string_view token) {
               return auth.authenticate(store, now, token);
             },
             metrics},
            server::Cors({})) {
    dispatcher.attach({&shard});
    storage->start(dispatcher);
  }

  static server::SessionSettings settings() {
    server::SessionSettings settings;
    settings.max_queued_bytes = 8 * 1024;  // small, so that falling back to the store happens
    settings.page_elements = 12;           // and a burst takes several pages
    return settings;
  }

  // ---- ShardDriver
  void post(std::function<void()> work) override { after(0ms, std::move(work)); }
  void wake_at(Timestamp at) override {
    const auto serial = ++wake_serial;
    after(std::max(0ms, std::chrono::duration_cast<Milliseconds>(at - now())), [this, serial] {
      if (serial == wake_serial) shard.on_wake();
    });
  }
  [[nodiscard]] Timestamp now() const override { return owner.clock(); }
  [[nodiscard]] std::int64_t monotonic_us() const override { return owner.world_.now().count() * 1000; }

  void after(Milliseconds delay, std::function<void()> work) {
    owner.world_.after(delay, [weak = weak_from_this(), work = std::move(work)] {
      if (auto alive = weak.lock()) work();
    });
  }

  void open_session(const std::shared_ptr<Link>& link, const std::string& token, server::Caller caller) {
    auto* key = link.get();
    auto socket = std::make_unique<Socket>(link, [this, key] {
      // As a closing handshake: the rest leaves first.
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
        break;  // a server's words
    }
  }

  void written(Link* key) {
    auto found = sockets.find(key);
    if (found != sockets.end()) found->second->session->on_written();
  }

  void erase(Link* key) {
    auto found = sockets.find(key);
    if (found == sockets.end()) return;
    found->second->link().break_now();
    shard.erase(sessions.at(key));
    sessions.erase(key);
    sockets.erase(key);
  }

  SimServer& owner;
  std::unique_ptr<SimStorage> storage;
  server::Metrics metrics;
  server::MemorySessionRegistry registry;
  NoPush push;
  NoOtp otp;
  server::AuthService auth;
  server::DeviceService devices;
  server::ContactService contacts;
  server::ConversationService conversations;
  server::GroupService groups;
  server::UserService users;
  server::HistoryService history;
  server::MessageService messages;
  server::ReceiptService receipts;
  server::StreamService streams;
  server::GatewayServices services;
  server::Dispatcher dispatcher;
  server::Shard shard;
  server::RestApi api;
  std::unordered_map<Link*, std::unique_ptr<Socket>> sockets;
  std::unordered_map<Link*, server::SessionRef> sessions;
  std::uint64_t wake_serial = 0;
};

SimServer::SimServer(World& world, server::Limits limits)
    : world_(world), limits_(limits), disk_(world.random().next_u64()) {}

SimServer::~SimServer() = default;

bool SimServer::start() {
  // The storage needs `after` of what it becomes part of: reached through a weak pointer that is set below.
  auto self = std::make_shared<std::weak_ptr<Running>>();
  auto storage = SimStorage::open({world_, [this] { return clock(); }, world_.random(),
                                   [this, self](Milliseconds delay, std::function<void()> work) {
                                     world_.after(delay, [self, work = std::move(work)] {
                                       if (auto alive = self->lock()) work();
                                     });
                                   },
                                   [this] { world_.after(0ms, [this] { kill(true); }); },
                                   [this] { return crash_armed_ && disk_.struck(); }},
                                  disk_.vfs_name());
  if (!storage) return false;
  running_ = std::make_shared<Running>(*this, std::move(storage));
  *self = running_;
  world_.tell([] { return std::string("server is up"); });
  return true;
}

void SimServer::kill(bool power) {
  if (!running_) return;
  world_.tell([power] { return std::string(power ? "server loses power" : "server is killed"); });
  for (auto& [link, socket] : running_->sockets)
    link->break_now();
  if (power) {
    disk_.power_cycle();
  } else {
    disk_.kill_process();
  }
  crash_armed_ = false;
  running_.reset();
  if (on_death) on_death();
}

void SimServer::die_at(std::uint32_t change) {
  if (!running_) return;
  if (change == 0) return running_->storage->die_before_publishing();
  crash_armed_ = true;
  disk_.crash_at(change);
}

void SimServer::fail_disk(std::uint32_t change, bool until_healed) {
  crash_armed_ = false;
  if (running_) disk_.fail_at(change, SQLITE_FULL, until_healed);
}

void SimServer::fail_reads(std::uint32_t read) {
  crash_armed_ = false;
  if (running_) disk_.fail_read_at(read);
}

void SimServer::heal() {
  disk_.heal();
}

void SimServer::accept(const std::shared_ptr<Link>& link, std::string token) {
  if (!running_) return;
  auto* running = running_.get();
  auto weak = running->weak_from_this();
  std::unique_ptr<server::ReadJob> job = std::make_unique<server::TokenJob>(
      running->auth, token, [weak, link, token](server::ServiceResult<server::Caller> caller) {
        auto alive = weak.lock();
        if (!alive || link->broken()) return;
        alive->post([weak, link, token, caller = std::move(caller)] {
          auto self = weak.lock();
          if (!self || link->broken()) return;
          if (!caller) return link->to_client().send({Link::Kind::refused, {}, 401});
          self->open_session(link, token, *caller);
        });
      });
  if (!running->storage->read(job)) link->break_now();
}

void SimServer::request(server::HttpRequest request, server::HttpResponder respond) {
  if (!running_) return;
  auto weak = running_->weak_from_this();
  running_->api.handle(
      std::move(request), [weak, respond = std::move(respond)](server::HttpResponse response) {
        // From inside a storage step: the answer leaves afterwards, unless the server is dead by then.
        if (auto alive = weak.lock()) {
          alive->post([respond, response = std::move(response)]() mutable { respond(std::move(response)); });
        }
      });
}

void SimServer::forget(const std::shared_ptr<Link>& link) {
  if (running_) running_->erase(link.get());
}

}  // namespace sotto::sim

#include "sotto/testing.hpp"

#include <algorithm>
#include <map>
#include <system_error>
#include <vector>

#include "sdk/client/client_access.hpp"
#include "testkit/unsynced_vfs.hpp"
#include "testkit/virtual_loop.hpp"
#include "testkit/virtual_network.hpp"
#include "testkit/virtual_server.hpp"
#include "testkit/virtual_transport.hpp"
#include "testkit/world.hpp"
#include <stdlib.h>

namespace sotto::testing {

using namespace std::chrono_literals;
using sim::LoopControl;
using sim::VirtualNetwork;
using sim::VirtualServer;

namespace {

// Longer than a session needs to answer the requests it has accepted: a batch and a round trip.
constexpr Milliseconds kStopWithin = 2s;
// As the server's default (docs/operating.md): clients reconnect spread over this time.
constexpr Milliseconds kReconnectSpread = 1s;
// A user tries again as well. On the worst preset six attempts in ten succeed.
constexpr int kSignInAttempts = 20;
constexpr char kServerDatabase[] = "sotto-server.db";
// Never looked up: RFC 6761 reserves .test.
constexpr char kServerUrl[] = "http://sotto.test";

std::string in_seconds(Milliseconds time) {
  return std::to_string(time / 1s) + " s";
}

/// A folder that is removed with the world.
class TempFolder {
 public:
  TempFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "sotto-testing-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw Failure("no folder can be made like " + pattern);
    path_ = pattern;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The phones of the world. Each holds the last code it received.
class Phones final : public server::OtpSender {
 public:
  void send(server::OtpMessage message) override { codes_[message.phone_number] = message.code; }
  [[nodiscard]] std::optional<std::string> code_for(const std::string& phone_number) const {
    const auto found = codes_.find(phone_number);
    return found == codes_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::map<std::string, std::string> codes_;
};

struct OpenClient {
  const Client* client = nullptr;
  std::shared_ptr<LoopControl> loop;
  sim::Station station = 0;
};

/// Everything that the parts of the public World share.
struct Shared {
  Shared(std::uint64_t seed, const World::Options& options)
      : kept_world(std::make_shared<sim::World>(seed)),
        world(*kept_world),
        network(std::make_shared<VirtualNetwork>(world, options.network)) {
    limits.rate_limits = options.rate_limits;
  }

  /// Waits until all clients are idle, and takes their requests.
  void settle() {
    for (const auto& client : clients) {
      if (client.loop->wait_until_idle()) continue;
      throw Failure(
          "client " + std::to_string(client.station + 1) +
          " has been at work for a minute of real time: its wake-up hook or executor does not return");
    }
    std::erase_if(clients, [this](const OpenClient& client) {
      // Checked before taking: if the thread has ended, these are its last requests.
      const bool ended = client.loop->ended();
      for (const auto& ask : client.loop->take_asks())
        ask(world);
      return ended;
    });
  }
  bool run_until(const std::function<bool()>& done, Milliseconds within) {
    const auto end = world.now() + within;
    do {
      settle();
      if (done && done()) return true;
    } while (world.step(end));
    world.run_until(end);  // nothing is due before it; only the clock moves
    return false;
  }

  sim::Station station_of(const Client& client) {
    // The latest one: an address may be reused.
    const auto found = std::find_if(clients.rbegin(), clients.rend(),
                                    [&](const OpenClient& open) { return open.client == &client; });
    if (found == clients.rend()) throw Failure("this client is not, or no longer, of this world");
    return found->station;
  }

  void start_server() {
    if (server) return;
    server = VirtualServer::start({.world = world,
                                   .clock = [this] { return world.true_time(); },
                                   .otp = phones,
                                   .database = (folder.path() / kServerDatabase).string(),
                                   .vfs = sim::unsynced_vfs(),
                                   .limits = limits});
    if (!server) throw Failure("the server's database does not open in " + folder.path().string());
    network->serve(server.get());
  }
  void end_server(const char* how) {
    if (!server) return;
    settle();
    world.tell([how] { return std::string("server ") + how; });
    network->serve(nullptr);
    server.reset();
  }

  TempFolder folder;
  // Clients may outlive everything else here, and still ask for the time.
  std::shared_ptr<sim::World> kept_world;
  sim::World& world;
  server::Limits limits;
  Phones phones;
  std::shared_ptr<VirtualNetwork> network;
  std::unique_ptr<VirtualServer> server;
  std::vector<OpenClient> clients;
};

}  // namespace

// ------------------------------------------------------------------ the network

struct Network::Impl {
  std::shared_ptr<Shared> shared;

  /// Lets everything that the clients have already sent leave before the network changes.
  VirtualNetwork& settled() const {
    shared->settle();
    return *shared->network;
  }
};

void Network::set_quality(const NetworkQuality& quality) {
  impl_->settled().set_quality(quality);
}
void Network::set_quality(const Client& client, const NetworkQuality& quality) {
  const auto station = impl_->shared->station_of(client);
  impl_->settled().set_quality(station, quality);
}
void Network::cut(const Client& client) {
  const auto station = impl_->shared->station_of(client);
  impl_->settled().cut(station);
}
void Network::restore(const Client& client) {
  const auto station = impl_->shared->station_of(client);
  impl_->settled().restore(station);
}
void Network::break_connection(const Client& client, NoticedBy noticed_by) {
  const auto station = impl_->shared->station_of(client);
  impl_->settled().break_connections(station, noticed_by);
}

// ------------------------------------------------------------------ the server

struct Server::Impl {
  std::shared_ptr<Shared> shared;
};

void Server::stop() {
  auto& shared = *impl_->shared;
  if (!shared.server) return;
  shared.settle();
  shared.server->drain(kReconnectSpread);
  shared.run_until([&] { return shared.server->idle(); }, kStopWithin);
  shared.end_server("stops");
}
void Server::kill() {
  impl_->shared->end_server("is killed");
}
void Server::start() {
  impl_->shared->settle();
  impl_->shared->start_server();
}
bool Server::is_up() const {
  return impl_->shared->server != nullptr;
}
std::optional<std::string> Server::code_for(const std::string& phone_number) const {
  return impl_->shared->phones.code_for(phone_number);
}

// ------------------------------------------------------------------ the world

struct World::Impl {
  std::shared_ptr<Shared> shared;
  Network network;
  Server server;

  Result<Account> try_sign_in(World& world, Client& client, const std::string& phone_number);
};

World::World(std::uint64_t seed) : World(seed, Options{}) {}

World::World(std::uint64_t seed, Options options) : impl_(std::make_unique<Impl>()) {
  impl_->shared = std::make_shared<Shared>(seed, options);
  impl_->network.impl_ = std::make_shared<Network::Impl>(Network::Impl{impl_->shared});
  impl_->server.impl_ = std::make_shared<Server::Impl>(Server::Impl{impl_->shared});
  impl_->shared->start_server();
}

World::~World() = default;

const std::filesystem::path& World::folder() const {
  return impl_->shared->folder.path();
}

Result<std::unique_ptr<Client>> World::try_open(ClientOptions options) {
  auto& shared = *impl_->shared;
  shared.settle();
  options.server_url = kServerUrl;
  // With another VFS the store creates no folder. If this fails, opening reports it.
  std::error_code ignored;
  std::filesystem::create_directories(options.directory, ignored);
  auto loop = std::make_unique<sim::VirtualLoop>(shared.world.random().next_u64());
  const auto control = loop->control();
  const auto station = shared.network->add(control);
  auto now = [world = shared.kept_world] { return engine::Now{world->now(), world->true_time()}; };
  auto transport = std::make_unique<sim::VirtualTransport>(sim::WayOut{control, shared.network, station});
  auto& random = loop->random();
  auto opened = ClientAccess::open(std::move(options), {std::move(loop), std::move(transport), std::move(now),
                                                        random, 1, sim::unsynced_vfs()});
  if (opened) shared.clients.push_back({opened->get(), control, station});
  return opened;
}

std::unique_ptr<Client> World::open(ClientOptions options) {
  auto opened = try_open(std::move(options));
  if (!opened) throw Failure("the client does not open: " + opened.error().message);
  return std::move(*opened);
}

Account World::sign_in(Client& client, const std::string& phone_number) {
  for (int attempt = 1;; ++attempt) {
    auto account = impl_->try_sign_in(*this, client, phone_number);
    if (account) return *account;
    if (attempt == kSignInAttempts || account.error().category != ErrorCategory::retryable) {
      throw Failure("the sign-in fails: " + account.error().message);
    }
  }
}

Result<Account> World::Impl::try_sign_in(World& world, Client& client, const std::string& phone_number) {
  if (auto asked = world.wait(client.request_otp(phone_number)); !asked) return asked.error();
  const auto code = server.code_for(phone_number);
  if (!code) return Error(ErrorCode::internal, "the server sent no code");
  auto account = world.wait(client.login({phone_number, *code}));
  if (!account) return account;
  if (auto connected = world.wait(client.connect()); !connected) return connected.error();
  return account;
}

Network& World::network() {
  return impl_->network;
}
Server& World::server() {
  return impl_->server;
}
Timestamp World::now() const {
  return impl_->shared->world.true_time();
}

void World::run_for(Milliseconds duration) {
  impl_->shared->run_until({}, duration);
}
bool World::run_until(const std::function<bool()>& done, Milliseconds within) {
  return impl_->shared->run_until(done, within);
}
void World::wait_until(const std::function<bool()>& ready, Milliseconds within) {
  if (impl_->shared->run_until(ready, within)) return;
  throw Failure("what the test waits for has not come within " + in_seconds(within) +
                " of virtual time, and nothing says that it will");
}

void World::set_trace(std::function<void(const std::string& line)> trace) {
  impl_->shared->world.listen(std::move(trace));
}

}  // namespace sotto::testing

// A world to test an app in, without a server and without waiting: real clients of sotto/client.hpp, the real
// server in this process, a network that is as bad as told, and time that passes only when the test lets it.
//
//   sotto::testing::World world(7);                                // the seed
//   auto alice = world.open({.directory = world.folder() / "alice"});
//   auto bob = world.open({.directory = world.folder() / "bob"});
//   world.sign_in(*alice, "+491700000001");
//   world.sign_in(*bob, "+491700000002");
//
//   world.network().cut(*alice);
//   auto sent = world.wait(alice->send(sotto::PhoneNumber{"+491700000002"}, {"hello"}));   // stored
//   world.run_for(10min);                                          // takes milliseconds
//   world.network().restore(*alice);
//   EXPECT_TRUE(world.run_until([&] {
//     return world.wait(alice->message(sent->local_id))->state == sotto::MessageState::delivered;
//   }));
//
// An app is tested in it when it takes the Client it works with instead of opening one.
//
// Time: whole milliseconds of the virtual clock, unless a comment says real time. It stands still outside
// run_for, run_until, wait and sign_in, and jumps from one event to the next inside them.
//
// The same seed and the same calls give the same run, message ids and tokens included, wherever it runs.
// Where the app has threads of its own that call the client, that is theirs to keep: the world waits for the
// clients, not for the app.
//
// Thread rules: World, Network and Server belong to the test's thread, one call at a time; the conditions of
// run_until run there too. Clients keep the rules of client.hpp: their threads run all the time, so
// operations marked *local* end without the world, and a future of theirs may be waited for with `get()`.
// Everything else needs the world to go on: `world.wait(client.me())`, not `client.me().get()`, which would
// never return.
//
// Errors: what the test asked for and cannot be throws Failure, so that it ends the test and is not taken for
// an answer of the app's. What operations answer comes back as their Result.
//
// Shutdown: clients may be closed and destroyed at any time and opened again on their directory, which is how
// a restarted app is tested. A client that outlives its world is offline for good.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "sotto/client.hpp"
#include "sotto/export.hpp"

namespace sotto::testing {

/// A bug in the test, or a client that is stuck: the text says which.
class SOTTO_API Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How a way between a client and the server is. Frames of one connection are never lost, doubled or
/// reordered, as TCP keeps it: they are late, or the connection breaks.
struct NetworkQuality {
  /// One way, of each frame, request and answer: evenly between the two.
  Milliseconds least_latency{5};
  Milliseconds most_latency{40};
  /// Percent of REST requests that never reach the server.
  unsigned request_loss = 0;
  /// Percent of REST answers that are lost: the server has done what was asked.
  unsigned answer_loss = 0;
  /// Mean life of a WebSocket connection; 0: it lives until somebody ends it.
  Milliseconds breaks_every{0};
  /// Percent of these breaks that neither end is told of (half open): only keep-alive finds them.
  unsigned unnoticed_breaks = 0;

  /// A fixed line or Wi-Fi at home.
  static constexpr NetworkQuality good() { return {}; }
  /// A phone that is carried about: radio takes 30 to 200 ms, one call in fifty is lost either way, and the
  /// connection changes cell or network every quarter of an hour.
  static constexpr NetworkQuality mobile() {
    return {Milliseconds{30}, Milliseconds{200}, 2, 2, std::chrono::minutes(15), 20};
  }
  /// A train through tunnels: up to two seconds late, one call in ten lost either way, a break every two
  /// minutes, and half of them only noticed by who keeps asking, since a tunnel sends no goodbye.
  static constexpr NetworkQuality train() {
    return {Milliseconds{50}, Milliseconds{2000}, 10, 10, std::chrono::minutes(2), 50};
  }
};

/// Who learns at once that a connection broke; the others find out by keep-alive.
enum class NoticedBy : std::uint8_t { both, client, server, nobody };

/// The network between the clients and the server. A client that is not, or no longer, of this world:
/// Failure.
class SOTTO_API Network {
 public:
  /// For all clients that have no quality of their own, those to come included, from now on.
  void set_quality(const NetworkQuality& quality);
  /// For one.
  void set_quality(const Client& client, const NetworkQuality& quality);

  /// No network, as in flight mode: connections break, which the client is told and the server is not, and
  /// every attempt fails with `network_unreachable`.
  void cut(const Client& client);
  /// There is a network again. The client tries by itself, within its 30 s at most; at once where the app
  /// calls `network_changed`, as it does when the system tells it.
  void restore(const Client& client);
  /// Ends the client's connection now, if it has one.
  void break_connection(const Client& client, NoticedBy noticed_by = NoticedBy::both);

 private:
  friend class World;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// The real server in this process, its database in a folder that goes with the world. It is up when the
/// world begins.
class SOTTO_API Server {
 public:
  /// Says good-bye to its clients and ends, as for an update: takes up to 2 s of virtual time.
  void stop();
  /// Ends in the middle of everything. What it had acknowledged is kept.
  void kill();
  /// Up again. Failure where its database does not open.
  void start();
  [[nodiscard]] bool is_up() const;
  /// The code last sent to this number; it is good for five minutes.
  [[nodiscard]] std::optional<std::string> code_for(const std::string& phone_number) const;

 private:
  friend class World;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class SOTTO_API World {
 public:
  /// How long run_until and wait go on: many times what any retry of a client takes.
  static constexpr Milliseconds kPatience = std::chrono::hours(1);

  struct Options {
    NetworkQuality network = NetworkQuality::good();
    /// The server's limits on logins, codes and lookups, as in production. Off: a test may sign in often.
    bool rate_limits = false;
  };

  explicit World(std::uint64_t seed = 1);
  World(std::uint64_t seed, Options options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// A folder for the clients' directories and what else the test writes; gone with the world.
  [[nodiscard]] const std::filesystem::path& folder() const;
  /// Client::open in this world; `server_url` is the world's to say, whatever it holds. Failure with the
  /// error's text where that fails, such as with a wrong key; `try_open` gives it back.
  std::unique_ptr<Client> open(ClientOptions options);
  Result<std::unique_ptr<Client>> try_open(ClientOptions options);
  /// Asks for a code, signs in with the one the server sent, and connects; what a bad network swallows is
  /// tried again. Failure where that cannot be, such as without a network.
  Account sign_in(Client& client, const std::string& phone_number);

  [[nodiscard]] Network& network();
  [[nodiscard]] Server& server();

  /// The virtual wall clock, the same for the server and all clients.
  [[nodiscard]] Timestamp now() const;
  /// Lets so much time pass.
  void run_for(Milliseconds duration);
  /// Lets time pass until `done` says so: true. False: it has not, `within` that time.
  bool run_until(const std::function<bool()>& done, Milliseconds within = kPatience);
  /// Lets time pass until the future is ready, and gives what is in it. Failure if it is not `within` that
  /// time.
  template <class T>
  T wait(std::future<T> future, Milliseconds within = kPatience) {
    constexpr std::chrono::seconds kNotAtAll{0};
    wait_until([&] { return future.wait_for(kNotAtAll) == std::future_status::ready; }, within);
    return future.get();
  }

  /// Tells what happens on the network, a line each with its time, no content in it: for the log of a test
  /// that fails. On the test's thread; empty: tells nobody.
  void set_trace(std::function<void(const std::string& line)> trace);

 private:
  struct Impl;
  void wait_until(const std::function<bool()>& ready, Milliseconds within);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::testing

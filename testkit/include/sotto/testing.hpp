// A simulated world to test an app in, without waiting: real clients of sotto/client.hpp, the real server in
// this process, a network with the faults that the test asks for, and time that passes only when the test
// lets it.
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
// To be testable, an app takes its Client as a parameter instead of opening one.
//
// Time: whole milliseconds of the virtual clock, unless a comment says real time. The clock stands still
// outside run_for, run_until, wait and sign_in, and jumps from one event to the next inside them.
//
// Determinism: the same seed and the same calls give the same run on any machine, including message ids and
// tokens. An app that calls the client from its own threads has to make their order repeatable itself: the
// world waits for the clients, not for the app.
//
// Thread rules: World, Network and Server belong to the test's thread, one call at a time; the conditions of
// run_until run there too. Clients follow the rules of client.hpp. Their threads always run, so operations
// marked *local* complete without virtual time, and `get()` works on their futures. All other operations need
// virtual time: use `world.wait(client.me())`. `client.me().get()` would never return.
//
// Errors: a request that the world cannot fulfil throws Failure, which ends the test. The results of
// operations come back as their Result.
//
// Shutdown: a client may be closed and destroyed at any time and opened again on its directory, which tests a
// restart of the app. A client that outlives its world is offline for good.
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

/// A bug in the test, or a client that is stuck. The text says which.
class SOTTO_API Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The quality of the path between a client and the server. As with TCP, frames of a connection are never
/// lost, duplicated or reordered: they are late, or the connection breaks.
struct NetworkQuality {
  /// One-way latency of each frame, request and answer, evenly distributed between the two.
  Milliseconds least_latency{5};
  Milliseconds most_latency{40};
  /// Percent of REST requests that never reach the server.
  unsigned request_loss = 0;
  /// Percent of REST answers that are lost after the server has done the request.
  unsigned answer_loss = 0;
  /// Mean life of a WebSocket connection; 0: it never breaks by itself.
  Milliseconds breaks_every{0};
  /// Percent of these breaks that neither end notices (half open): only keep-alive finds them.
  unsigned unnoticed_breaks = 0;

  /// A fixed line or Wi-Fi at home.
  static constexpr NetworkQuality good() { return {}; }
  /// A phone on the move: 30 to 200 ms, one request and one answer in fifty lost, and a new cell or network
  /// every quarter of an hour.
  static constexpr NetworkQuality mobile() {
    return {Milliseconds{30}, Milliseconds{200}, 2, 2, std::chrono::minutes(15), 20};
  }
  /// A train through tunnels: up to two seconds, one request and one answer in ten lost, and a break every
  /// two minutes, half of them unnoticed.
  static constexpr NetworkQuality train() {
    return {Milliseconds{50}, Milliseconds{2000}, 10, 10, std::chrono::minutes(2), 50};
  }
};

/// Who learns at once that a connection broke. The others find out by keep-alive.
enum class NoticedBy : std::uint8_t { both, client, server, nobody };

/// The network between the clients and the server. Throws Failure for a client of another world, or one that
/// is gone.
class SOTTO_API Network {
 public:
  /// Sets the quality, from now on, for all present and later clients that have none of their own.
  void set_quality(const NetworkQuality& quality);
  /// Sets the quality for one client.
  void set_quality(const Client& client, const NetworkQuality& quality);

  /// Removes the network, as flight mode does. The client's connections break, the server is not told, and
  /// every attempt to connect fails with `network_unreachable`.
  void cut(const Client& client);
  /// Brings the network back. The client tries again within 30 s, or at once if the app calls
  /// `network_changed`.
  void restore(const Client& client);
  /// Breaks the client's connection now, if it has one.
  void break_connection(const Client& client, NoticedBy noticed_by = NoticedBy::both);

 private:
  friend class World;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// The real server in this process. Its database is in a folder that is removed with the world. It is up when
/// the world begins.
class SOTTO_API Server {
 public:
  /// Closes its connections and ends, as for an update. Takes up to 2 s of virtual time.
  void stop();
  /// Ends at once, as a crash does. Everything it had acknowledged is kept.
  void kill();
  /// Starts it again. Throws Failure if its database does not open.
  void start();
  [[nodiscard]] bool is_up() const;
  /// The code last sent to this number; valid for five minutes.
  [[nodiscard]] std::optional<std::string> code_for(const std::string& phone_number) const;

 private:
  friend class World;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

class SOTTO_API World {
 public:
  /// The default time limit of run_until and wait: many times longer than any retry of a client takes.
  static constexpr Milliseconds kPatience = std::chrono::hours(1);

  struct Options {
    NetworkQuality network = NetworkQuality::good();
    /// Whether the server limits logins, codes and lookups as in production. Off, a test may sign in often.
    bool rate_limits = false;
  };

  explicit World(std::uint64_t seed = 1);
  World(std::uint64_t seed, Options options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// A folder for the clients' directories and for the test's own files; removed with the world.
  [[nodiscard]] const std::filesystem::path& folder() const;
  /// Client::open in this world; the world sets `server_url`. Throws Failure with the error's text if that
  /// fails, for example with a wrong key.
  std::unique_ptr<Client> open(ClientOptions options);
  /// As `open`, but returns the error.
  Result<std::unique_ptr<Client>> try_open(ClientOptions options);
  /// Requests a code, signs in with it, and connects. Repeats requests that a bad network loses. Throws
  /// Failure if that cannot succeed, for example without a network.
  Account sign_in(Client& client, const std::string& phone_number);

  [[nodiscard]] Network& network();
  [[nodiscard]] Server& server();

  /// The virtual wall clock, the same for the server and all clients.
  [[nodiscard]] Timestamp now() const;
  /// Lets `duration` pass.
  void run_for(Milliseconds duration);
  /// Lets time pass until `done` returns true; then returns true. Returns false after `within`.
  bool run_until(const std::function<bool()>& done, Milliseconds within = kPatience);
  /// Lets time pass until the future is ready, and returns its value. Throws Failure after `within`.
  template <class T>
  T wait(std::future<T> future, Milliseconds within = kPatience) {
    constexpr std::chrono::seconds kNotAtAll{0};
    wait_until([&] { return future.wait_for(kNotAtAll) == std::future_status::ready; }, within);
    return future.get();
  }

  /// Reports what happens on the network, for the log of a failing test: one line for each event, with its
  /// time and without content. Called on the test's thread. Empty: no reports.
  void set_trace(std::function<void(const std::string& line)> trace);

 private:
  struct Impl;
  void wait_until(const std::function<bool()>& ready, Milliseconds within);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sotto::testing

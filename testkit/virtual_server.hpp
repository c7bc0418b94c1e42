// One life of a server's process: the real services, sessions, dispatch and REST routes over the real store,
// on virtual time. Destroying it is its death: what was under way is gone, what was committed is in the file.
//
//   auto server = VirtualServer::start({.world = world, .clock = clock, .otp = phones, .database = file});
//   server->accept(link, token);
//   server->request(request, [](server::HttpResponse response) { ... });
//
// The world's thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/gateway/http.hpp"
#include "server/gateway/session/session_host.hpp"
#include "server/model/limits.hpp"
#include "server/ports/otp_sender.hpp"
#include "testkit/link.hpp"
#include "testkit/virtual_storage.hpp"
#include "testkit/world.hpp"

namespace sotto::sim {

struct VirtualServerOptions {
  World& world;
  std::function<Timestamp()> clock;
  server::OtpSender& otp;
  std::string database;       ///< SQLite's file
  const char* vfs = nullptr;  ///< SQLite's; nullptr: the system's
  server::Limits limits = {};
  server::SessionSettings session = {};
  bool accept_dev_code = false;  ///< 000000 signs in anyone, as with `--dev`
  /// As in VirtualStorage::Uses.
  std::function<void()> died = {};
  std::function<bool()> disk_is_dead = {};
};

class VirtualServer {
 public:
  /// Opens the database and serves. Nothing: the disk or the clock does not let it.
  static std::unique_ptr<VirtualServer> start(const VirtualServerOptions& options);
  ~VirtualServer();
  VirtualServer(const VirtualServer&) = delete;
  VirtualServer& operator=(const VirtualServer&) = delete;

  /// A device asks for /ws/connect over this link.
  void accept(const std::shared_ptr<Link>& link, std::string token);
  /// Answers once, or never if the server dies first.
  void request(server::HttpRequest request, server::HttpResponder respond);
  /// The peer of a link is gone, and the server's kernel has noticed.
  void forget(const std::shared_ptr<Link>& link);

  /// As on SIGTERM: every session says going_away, with a random part of `spread`, and ends once it has
  /// answered what it had taken.
  void drain(Milliseconds spread);
  /// Retention: deletes what is older than `kept`, unless `may(oldest)`, asked right before, says no.
  void delete_old(Milliseconds kept, std::function<bool(Timestamp oldest)> may);
  /// Nobody is connected and nothing waits to be written.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] VirtualStorage& storage();

 private:
  struct Running;
  explicit VirtualServer(std::shared_ptr<Running> running);

  std::shared_ptr<Running> running_;
};

}  // namespace sotto::sim

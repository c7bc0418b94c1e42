// One run of a server's process: the real services, sessions, dispatch and REST routes over the real store,
// on virtual time. Destroying it is a crash: committed data is in the file, everything else is lost.
//
//   auto server = VirtualServer::start({.world = world, .clock = clock, .otp = phones, .database = file});
//   server->accept(link, token);
//   server->request(request, [](server::HttpResponse response) { ... });
//
// Thread rules: the world's thread only.
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
  std::string database;       ///< the SQLite file
  const char* vfs = nullptr;  ///< the SQLite VFS; nullptr: the system's
  server::Limits limits = {};
  server::SessionSettings session = {};
  bool accept_dev_code = false;  ///< 000000 signs in anyone, as with `--dev`
  /// As in VirtualStorage::Uses.
  std::function<void()> died = {};
  std::function<bool()> disk_is_dead = {};
};

class VirtualServer {
 public:
  /// Opens the database and serves. Null if the disk or the clock does not allow it.
  static std::unique_ptr<VirtualServer> start(const VirtualServerOptions& options);
  ~VirtualServer();
  VirtualServer(const VirtualServer&) = delete;
  VirtualServer& operator=(const VirtualServer&) = delete;

  /// A device requests /ws/connect over this link.
  void accept(const std::shared_ptr<Link>& link, std::string token);
  /// Answers once, or never if the server dies first.
  void request(server::HttpRequest request, server::HttpResponder respond);
  /// The server's kernel has noticed that the peer of a link is gone.
  void forget(const std::shared_ptr<Link>& link);

  /// Shuts down as on SIGTERM: every session sends going_away with a random part of `spread`, and ends once
  /// it has answered the requests it had accepted.
  void drain(Milliseconds spread);
  /// Retention: deletes messages older than `kept`, unless `may(oldest)`, called just before, returns false.
  void delete_old(Milliseconds kept, std::function<bool(Timestamp oldest)> may);
  /// Whether nobody is connected and nothing waits to be written.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] VirtualStorage& storage();

 private:
  struct Running;
  explicit VirtualServer(std::shared_ptr<Running> running);

  std::shared_ptr<Running> running_;
};

}  // namespace sotto::sim

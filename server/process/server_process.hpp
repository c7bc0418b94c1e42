// The whole server, put together: storage, rules, senders, routes, port.
//
//   auto server = ServerProcess::start(config, version);
//   if (!server) return fail(server.error());         // one line: what keeps it from starting
//   std::cout << (*server)->url();
//   ...
//   (*server)->shut_down();
#pragma once

#include <memory>
#include <string>

#include "server/config/config.hpp"
#include "sotto/result.hpp"

namespace sotto::server {

class ServerProcess {
 public:
  static Result<std::unique_ptr<ServerProcess>, std::string> start(const Config& config, std::string version);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Where clients find it: "http://127.0.0.1:7070".
  [[nodiscard]] std::string url() const;
  /// Reads the TLS certificate again, if there is one.
  void reload();
  /// Tells every client to come back later, waits for what is under way, closes the storage.
  void shut_down();

 private:
  struct Parts;
  explicit ServerProcess(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sotto::server

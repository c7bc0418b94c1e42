// A whole server in one object: the real services, sessions, dispatch and REST routes on the virtual clock,
// network and disk. It can be killed at any moment and started again; what was not synced is then gone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/gateway/http.hpp"
#include "server/model/limits.hpp"
#include "tests/simulation/link.hpp"
#include "tests/simulation/world.hpp"
#include "tests/support/crash_vfs.hpp"

namespace sotto::sim {

class SimServer {
 public:
  SimServer(World& world, server::Limits limits);
  ~SimServer();
  SimServer(const SimServer&) = delete;
  SimServer& operator=(const SimServer&) = delete;

  /// Opens the database and serves. False: the disk or the clock does not let it.
  bool start();
  [[nodiscard]] bool is_up() const { return running_ != nullptr; }
  /// The process dies now. With `power` the machine does: what was not synced may be lost or torn.
  void kill(bool power);
  /// It dies at the n-th change of the disk from now, or, with 0, between the next commit and its
  /// publication.
  void die_at(std::uint32_t change);
  void fail_disk(std::uint32_t change, bool until_healed);
  void fail_reads(std::uint32_t read);
  void heal();
  void move_clock(Milliseconds by) { skew_ += by; }
  void set_clock_right() { skew_ = 0ms; }
  [[nodiscard]] Timestamp clock() const { return world_.true_time() + skew_; }

  /// A device asks for /ws/connect over this link.
  void accept(const std::shared_ptr<Link>& link, std::string token);
  /// Answers once, or never if the server dies first.
  void request(server::HttpRequest request, server::HttpResponder respond);
  /// The peer of a link is gone, and the server's kernel has noticed.
  void forget(const std::shared_ptr<Link>& link);

  test::CrashDisk& disk() { return disk_; }
  /// Called whenever it dies, after everything of it is gone.
  std::function<void()> on_death;

 private:
  struct Running;
  friend struct Running;

  World& world_;
  server::Limits limits_;
  test::CrashDisk disk_;
  Milliseconds skew_{0};
  bool crash_armed_ = false;
  std::shared_ptr<Running> running_;
};

}  // namespace sotto::sim

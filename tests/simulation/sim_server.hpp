// A server's machine: its clock, its disk, and the process that runs on them (testkit/virtual_server.hpp). It
// can be killed at any moment and started again; what was not synced is then gone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "server/model/limits.hpp"
#include "server/ports/otp_sender.hpp"
#include "testkit/link.hpp"
#include "testkit/virtual_server.hpp"
#include "testkit/world.hpp"
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
  /// As VirtualServer's.
  void delete_old(Milliseconds kept, std::function<bool(Timestamp oldest)> may);
  void move_clock(Milliseconds by) { skew_ += by; }
  void set_clock_right() { skew_ = 0ms; }
  [[nodiscard]] Timestamp clock() const { return world_.true_time() + skew_; }

  /// As VirtualServer's; while it is down nothing comes of them.
  void accept(const std::shared_ptr<Link>& link, std::string token);
  void request(server::HttpRequest request, server::HttpResponder respond);
  void forget(const std::shared_ptr<Link>& link);

  test::CrashDisk& disk() { return disk_; }
  /// Called whenever it dies, after everything of it is gone.
  std::function<void()> on_death;

 private:
  // Everybody signs in with the code of `--dev`.
  class NoPhones final : public server::OtpSender {
    void send(server::OtpMessage) override {}
  };

  World& world_;
  server::Limits limits_;
  test::CrashDisk disk_;
  Milliseconds skew_{0};
  bool crash_armed_ = false;
  NoPhones no_phones_;
  std::unique_ptr<VirtualServer> running_;
};

}  // namespace sotto::sim

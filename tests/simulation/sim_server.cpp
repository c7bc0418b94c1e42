#include "tests/simulation/sim_server.hpp"

#include <utility>

namespace sotto::sim {

SimServer::SimServer(World& world, server::Limits limits)
    : world_(world), limits_(limits), disk_(world.random().next_u64()) {}

SimServer::~SimServer() = default;

bool SimServer::start() {
  server::SessionSettings session;
  session.max_queued_bytes = 8 * 1024;  // small, so that falling back to the store happens
  session.page_elements = 12;           // and a burst takes several pages
  running_ = VirtualServer::start({
      .world = world_,
      .clock = [this] { return clock(); },
      .otp = no_phones_,
      .database = "server.db",
      .vfs = disk_.vfs_name(),
      .limits = limits_,
      .session = session,
      .accept_dev_code = true,
      .died = [this] { world_.after(0ms, [this] { kill(true); }); },
      .disk_is_dead = [this] { return crash_armed_ && disk_.struck(); },
  });
  return is_up();
}

void SimServer::kill(bool power) {
  if (!running_) return;
  world_.tell([power] { return std::string(power ? "server loses power" : "server is killed"); });
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
  if (change == 0) return running_->storage().die_before_publishing();
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

void SimServer::delete_old(Milliseconds kept, std::function<bool(Timestamp)> may) {
  if (running_) running_->delete_old(kept, std::move(may));
}

void SimServer::heal() {
  disk_.heal();
}

void SimServer::accept(const std::shared_ptr<Link>& link, std::string token) {
  if (running_) running_->accept(link, std::move(token));
}

void SimServer::request(server::HttpRequest request, server::HttpResponder respond) {
  if (running_) running_->request(std::move(request), std::move(respond));
}

void SimServer::forget(const std::shared_ptr<Link>& link) {
  if (running_) running_->forget(link);
}

}  // namespace sotto::sim

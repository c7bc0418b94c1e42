#include "tests/bench/load/floor.hpp"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <limits>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include "sqlite/database.hpp"
#include "sqlite/statement.hpp"
#include "sqlite/tuning.hpp"
#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/process_usage.hpp"
#include <arpa/inet.h>
#include <netinet/tcp.h>

namespace sotto::bench {

namespace {

using Clock = std::chrono::steady_clock;

/// On the wire: this, then `size` bytes of text. An ack has no text.
struct Header {
  std::uint32_t size;
  std::uint32_t pair;
  std::uint64_t number;
};

struct Peer {
  int fd = -1;
  std::string in;
  std::string out;
};

void append(std::string& out, const Header& header, std::string_view text) {
  out.append(reinterpret_cast<const char*>(&header), sizeof header);
  out.append(text);
}

/// Gives every whole message in `in` and removes it.
template <class F>
void take_messages(std::string& in, F on_message) {
  std::size_t used = 0;
  Header header{};
  while (in.size() - used >= sizeof header) {
    std::memcpy(&header, in.data() + used, sizeof header);
    if (in.size() - used < sizeof header + header.size) break;
    on_message(header, std::string_view(in).substr(used + sizeof header, header.size));
    used += sizeof header + header.size;
  }
  in.erase(0, used);
}

bool read_all(Peer& peer) {
  std::array<char, 64 * 1024> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv(2) fills it
  for (;;) {
    const auto n = ::recv(peer.fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
    peer.in.append(chunk.data(), static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < chunk.size()) return true;
  }
}

void write_all(Peer& peer) {
  const auto n = ::send(peer.fd, peer.out.data(), peer.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) peer.out.erase(0, static_cast<std::size_t>(n));
}

void watch(int epoll, int fd, std::uint32_t index) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = index;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// The relay: connection 2k sends for pair k, connection 2k+1 receives.
[[noreturn]] void relay(int listener, std::size_t connections, const std::filesystem::path& file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto database = sqlite::Database::open(file.string(), sqlite::OpenMode::create);
  if (!database || !sqlite::tune(*database, sqlite::Tuning{}))
    give_up("the bare relay: cannot open " + file.string());
  if (!database->exec("CREATE TABLE messages(id INTEGER PRIMARY KEY, pair INTEGER NOT NULL, text BLOB NOT "
                      "NULL) STRICT")) {
    give_up("the bare relay: cannot make its table");
  }
  auto insert = database->prepare("INSERT INTO messages(pair, text) VALUES(?, ?)");
  if (!insert) give_up("the bare relay: cannot prepare");
  const int epoll = ::epoll_create1(0);
  std::vector<Peer> peers(connections);
  for (std::uint32_t i = 0; i < connections; ++i) {
    peers[i].fd = ::accept(listener, nullptr, nullptr);
    watch(epoll, peers[i].fd, i);
  }
  std::array<epoll_event, 256> events{};
  for (;;) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1);
    bool any = false;
    for (int e = 0; e < n; ++e) {
      const auto index = events[static_cast<std::size_t>(e)].data.u32;
      if (!read_all(peers[index])) ::_exit(0);
      take_messages(peers[index].in, [&](const Header& header, std::string_view text) {
        if (!any) (void)database->exec("BEGIN IMMEDIATE");
        any = true;
        sqlite::StatementScope row(*insert);
        row->bind_all(std::int64_t{header.pair}, as_bytes(text));
        if (!row->run()) give_up("the bare relay: cannot store");
        append(peers[index].out, {0, header.pair, header.number}, "");
        append(peers[index + 1].out, header, text);
      });
    }
    if (any && !database->exec("COMMIT")) give_up("the bare relay: cannot commit");
    for (auto& peer : peers) {
      if (!peer.out.empty()) write_all(peer);
    }
  }
}

struct Sent {
  Clock::time_point due;
  bool counted;
};

/// Listens on a free loopback port; the relay takes the descriptor over.
int listen_somewhere(sockaddr_in& address) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      ::listen(listener, SOMAXCONN) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    give_up("the bare relay: no port");
  }
  return listener;
}

/// The load of `pairs`, in the relay's own framing.
class FloorLoad {
 public:
  FloorLoad(const Options& options, const sockaddr_in& address, int relay_pid)
      : options_(options),
        relay_pid_(relay_pid),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        text_(options.size, 'x'),
        peers_(options.pairs * 2),
        in_flight_(options.pairs),
        next_due_(options.pairs) {
    for (std::uint32_t i = 0; i < peers_.size(); ++i) {
      peers_[i].fd = ::socket(AF_INET, SOCK_STREAM, 0);
      if (::connect(peers_[i].fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        give_up("the bare relay: cannot connect");
      }
      watch(epoll_, peers_[i].fd, i);
    }
    if (options.rate > 0) {
      each_ = std::chrono::duration_cast<Clock::duration>(
          std::chrono::duration<double>(static_cast<double>(options.pairs) / options.rate));
    }
  }
  ~FloorLoad() {
    for (auto& peer : peers_)
      ::close(peer.fd);
    ::close(epoll_);
  }
  FloorLoad(const FloorLoad&) = delete;
  FloorLoad& operator=(const FloorLoad&) = delete;

  Outcome run() {
    const auto start = Clock::now();
    const auto measured_from = start + options_.warm_up;
    const auto end = measured_from + options_.duration;
    for (std::size_t i = 0; i < options_.pairs; ++i) {
      next_due_[i] = start + each_ * static_cast<long>(i) / static_cast<long>(options_.pairs);
    }
    ProcessUsage before;
    double own_before = 0;
    for (auto now = start; now < end; now = Clock::now()) {
      if (!measuring_ && now >= measured_from) {
        measuring_ = true;
        measured_from_ = now;
        before = usage_of(relay_pid_);
        own_before = usage_of(::getpid()).cpu_seconds;
      }
      for (std::uint32_t pair = 0; pair < options_.pairs; ++pair)
        send_due(pair, now);
      serve();
    }
    const auto after = usage_of(relay_pid_);
    outcome_.connections = peers_.size();
    outcome_.commits = std::numeric_limits<double>::quiet_NaN();  // it does not count them
    outcome_.seconds = std::chrono::duration<double>(Clock::now() - measured_from_).count();
    outcome_.forget_last_second();
    const auto delivered = static_cast<double>(std::max<std::uint64_t>(outcome_.delivered, 1));
    outcome_.server_cpu_us = (after.cpu_seconds - before.cpu_seconds) * 1e6 / delivered;
    outcome_.own_cpu_us = (usage_of(::getpid()).cpu_seconds - own_before) * 1e6 / delivered;
    outcome_.written_bytes = static_cast<double>(after.written_bytes - before.written_bytes) / delivered;
    return outcome_;
  }

 private:
  void send_due(std::uint32_t pair, Clock::time_point now) {
    auto& sender = peers_[pair * 2];
    while (in_flight_[pair] < options_.window && (options_.rate == 0 || next_due_[pair] <= now)) {
      sent_.emplace(next_number_, Sent{options_.rate > 0 ? next_due_[pair] : now, measuring_});
      append(sender.out, {static_cast<std::uint32_t>(text_.size()), pair, next_number_++}, text_);
      ++in_flight_[pair];
      next_due_[pair] += each_;
    }
    if (!sender.out.empty()) write_all(sender);
  }

  void serve() {
    std::array<epoll_event, 256> events{};
    const int n =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), options_.rate > 0 ? 1 : 100);
    for (int e = 0; e < n; ++e) {
      auto& peer = peers_[events[static_cast<std::size_t>(e)].data.u32];
      if (!read_all(peer)) give_up("the bare relay: it has ended");
      const auto now = Clock::now();
      take_messages(peer.in, [&](const Header& header, std::string_view) { take(header, now); });
    }
  }

  void take(const Header& header, Clock::time_point now) {
    auto found = sent_.find(header.number);
    const bool counted = found != sent_.end() && found->second.counted;
    if (header.size == 0) {
      --in_flight_[header.pair];
      if (measuring_) ++outcome_.acked;
      if (counted) outcome_.to_ack.record(now - found->second.due);
      return;
    }
    if (measuring_) outcome_.count_delivery(now - measured_from_);
    if (counted) outcome_.to_delivery.record(now - found->second.due);
    if (found != sent_.end()) sent_.erase(found);
  }

  const Options& options_;
  const int relay_pid_;
  const int epoll_;
  const std::string text_;
  std::vector<Peer> peers_;
  std::vector<std::size_t> in_flight_;
  std::vector<Clock::time_point> next_due_;
  Clock::duration each_{};
  std::unordered_map<std::uint64_t, Sent> sent_;
  std::uint64_t next_number_ = 1;
  bool measuring_ = false;
  Clock::time_point measured_from_;
  Outcome outcome_;
};

}  // namespace

Outcome run_floor(const Options& options) {
  const auto directory =
      std::filesystem::temp_directory_path() / ("sotto-bench-floor-" + std::to_string(::getpid()));
  std::filesystem::create_directories(directory);
  sockaddr_in address{};
  const int listener = listen_somewhere(address);
  const pid_t child = ::fork();
  if (child == 0) relay(listener, options.pairs * 2, directory / "floor.db");
  ::close(listener);
  Outcome outcome = FloorLoad(options, address, child).run();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::filesystem::remove_all(directory);
  return outcome;
}

}  // namespace sotto::bench

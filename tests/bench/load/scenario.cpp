#include "tests/bench/load/scenario.hpp"

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

#include <openssl/ssl.h>

#include "tests/bench/load/accounts.hpp"
#include "tests/bench/load/connection.hpp"
#include "tests/bench/load/frames.hpp"
#include "tests/bench/load/process_usage.hpp"

namespace sotto::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kQuietLimit{
    20};  // nothing came for this long: the server is stuck, and so would we be

double counter(const std::string& metrics, const std::string& name) {
  const auto at = metrics.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::atof(metrics.c_str() + at + name.size() + 2);
}

struct Member {
  std::unique_ptr<Connection> connection;
  std::vector<std::uint64_t> to_confirm;
  std::uint64_t conversation = 0;
  // Of a sender:
  std::unique_ptr<MessageTemplate> message;
  std::size_t in_flight = 0;
  Clock::time_point next_due;
  bool sends = false;
  bool synced = false;
};

struct Sent {
  Clock::time_point due;
  std::uint32_t sender = 0;
  std::uint32_t missing = 0;  ///< recipients who do not have it yet
  bool acked = false;
  bool counted = false;  ///< sent after the warm-up
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), address_(parse_address(options.server)) {
    if (address_.tls) tls_ = SSL_CTX_new(TLS_client_method());
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  }
  ~Load() {
    if (tls_ != nullptr) SSL_CTX_free(tls_);
    ::close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Outcome run() {
    const auto count = options_.scenario == "pairs"   ? options_.pairs * 2
                       : options_.scenario == "group" ? options_.members
                                                      : options_.connections;
    raise_descriptor_limit();
    const auto started = Clock::now();
    const auto people = sign_in(options_, address_, tls_, count);
    outcome_.login_seconds = seconds_since(started);
    const auto before = usage_of(options_.server_pid);
    connect(people);
    const auto after = usage_of(options_.server_pid);
    outcome_.connections = count;
    outcome_.bytes_per_connection =
        static_cast<double>(after.resident_bytes - std::min(after.resident_bytes, before.resident_bytes)) /
        static_cast<double>(count);
    if (options_.scenario == "idle") {
      stay_idle();
    } else {
      prepare(people);
      send_for_a_while();
    }
    return outcome_;
  }

 private:
  static double seconds_since(Clock::time_point t) {
    return std::chrono::duration<double>(Clock::now() - t).count();
  }

  static void raise_descriptor_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }

  void connect(const std::vector<Person>& people) {
    members_.resize(people.size());
    for (std::size_t i = 0; i < people.size(); ++i) {
      auto& member = members_[i];
      member.connection = std::make_unique<Connection>(address_, tls_, people[i].token, options_.json);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, member.connection->descriptor(), &event);
      member.connection->queue(sync_frame(options_.json, UINT64_MAX >> 1));  // past everything: no catch-up
      member.connection->flush();
      if (i % 64 == 0) serve(0);
    }
    while (unsynced() != 0)
      serve(1'000);
  }

  std::size_t unsynced() const {
    std::size_t n = 0;
    for (const auto& member : members_)
      n += member.synced ? 0 : 1;
    return n;
  }

  void prepare(const std::vector<Person>& people) {
    const auto run = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                                    std::chrono::system_clock::now().time_since_epoch())
                                                    .count());
    auto start_sender = [&](Member& sender, std::uint64_t conversation) {
      sender.sends = true;
      sender.message = std::make_unique<MessageTemplate>(options_.json, conversation, options_.size, run);
      senders_.push_back(static_cast<std::uint32_t>(&sender - members_.data()));
    };
    if (options_.scenario == "group") {
      const auto conversation = group(address_, tls_, people);
      for (auto& member : members_)
        member.conversation = conversation;
      start_sender(members_.front(), conversation);
      recipients_ = static_cast<std::uint32_t>(people.size() - 1);
      return;
    }
    for (std::size_t i = 0; i < people.size(); i += 2) {
      const auto conversation = direct_conversation(address_, tls_, people[i], people[i + 1]);
      members_[i].conversation = members_[i + 1].conversation = conversation;
      start_sender(members_[i], conversation);
    }
    recipients_ = 1;
  }

  void send_for_a_while() {
    const auto start = Clock::now();
    const auto measured_from = start + options_.warm_up;
    const auto end = measured_from + options_.duration;
    const auto each = options_.rate > 0
                          ? std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                                static_cast<double>(senders_.size()) / options_.rate))
                          : Clock::duration{};
    for (std::size_t i = 0; i < senders_.size(); ++i) {
      // Spread over one interval, so that the senders do not beat in step.
      members_[senders_[i]].next_due =
          start + each * static_cast<long>(i) / static_cast<long>(senders_.size());
    }
    ProcessUsage before;
    double own_before = 0;
    double commits_before = 0;
    auto next_progress = start + std::chrono::seconds(1);
    last_arrival_ = start;
    for (auto now = start; now < end; now = Clock::now()) {
      if (!measuring_ && now >= measured_from) {
        measuring_ = true;
        measured_from_ = now;
        before = usage_of(options_.server_pid);
        own_before = usage_of(::getpid()).cpu_seconds;
        commits_before = counter(get_page(address_, tls_, "/metrics"), "sotto_commit_seconds_count");
      }
      for (auto sender : senders_)
        send_due(sender, now, each);
      serve(options_.rate > 0 ? 1 : 100);
      if (Clock::now() - last_arrival_ > kQuietLimit) give_up("nothing has come from the server for 20 s");
      if (now >= next_progress) progress(seconds_since(start), next_progress);
    }
    const auto after = usage_of(options_.server_pid);
    outcome_.seconds = seconds_since(measured_from_);
    outcome_.forget_last_second();
    const auto delivered = static_cast<double>(std::max<std::uint64_t>(outcome_.delivered, 1));
    const auto acked = static_cast<double>(std::max<std::uint64_t>(outcome_.acked, 1));
    outcome_.server_cpu_us = (after.cpu_seconds - before.cpu_seconds) * 1e6 / delivered;
    outcome_.own_cpu_us = (usage_of(::getpid()).cpu_seconds - own_before) * 1e6 / delivered;
    outcome_.written_bytes = static_cast<double>(after.written_bytes - before.written_bytes) / acked;
    outcome_.commits =
        (counter(get_page(address_, tls_, "/metrics"), "sotto_commit_seconds_count") - commits_before) /
        acked;
    if (!options_.quiet) std::cerr << '\n';
  }

  void stay_idle() {
    const auto end = Clock::now() + options_.duration;
    const auto before = usage_of(options_.server_pid);
    while (Clock::now() < end)
      serve(200);
    const auto after = usage_of(options_.server_pid);
    outcome_.seconds = static_cast<double>(options_.duration.count());
    outcome_.server_cpu_us = (after.cpu_seconds - before.cpu_seconds) * 1e6 /
                             static_cast<double>(members_.size()) / outcome_.seconds;
  }

  void send_due(std::uint32_t index, Clock::time_point now, Clock::duration each) {
    auto& sender = members_[index];
    bool queued = false;
    while (sender.in_flight < options_.window && (options_.rate == 0 || sender.next_due <= now)) {
      const auto number = next_number_++;
      const auto due = options_.rate > 0 ? sender.next_due : now;
      sent_.emplace(number, Sent{due, index, recipients_, false, measuring_});
      sender.connection->queue(sender.message->with_number(number));
      ++sender.in_flight;
      sender.next_due += each;
      queued = true;
    }
    if (queued && !sender.connection->flush()) give_up("the server closed a sender's connection");
  }

  void serve(int timeout_ms) {
    std::array<epoll_event, 256> events{};
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    for (int i = 0; i < n; ++i) {
      const auto index = static_cast<std::uint32_t>(events[static_cast<std::size_t>(i)].data.u64);
      auto& member = members_[index];
      const bool alive = member.connection->receive([&](std::string_view payload) { take(index, payload); });
      if (!member.to_confirm.empty()) {
        member.connection->queue(delivered_frame(options_.json, member.conversation, member.to_confirm));
        member.to_confirm.clear();
      }
      if (!alive || !member.connection->flush()) give_up("the server closed a connection");
    }
  }

  void take(std::uint32_t index, std::string_view payload) {
    auto& member = members_[index];
    const auto in = read_frame(options_.json, payload);
    const auto now = last_arrival_ = Clock::now();
    switch (in.kind) {
      case Incoming::Kind::synced:
        member.synced = true;
        return;
      case Incoming::Kind::error:
        give_up("the server answered " + in.text);
      case Incoming::Kind::ack: {
        auto found = sent_.find(in.number);
        if (found == sent_.end()) return;
        --members_[found->second.sender].in_flight;
        found->second.acked = true;
        if (found->second.counted) outcome_.to_ack.record(now - found->second.due);
        if (measuring_) ++outcome_.acked;
        if (found->second.missing == 0) sent_.erase(found);
        return;
      }
      case Incoming::Kind::message: {
        if (options_.receipts) member.to_confirm.push_back(in.message_id);
        if (measuring_) outcome_.count_delivery(now - measured_from_);
        auto found = sent_.find(in.number);
        if (found == sent_.end() || --found->second.missing != 0) return;
        if (found->second.counted) outcome_.to_delivery.record(now - found->second.due);
        if (measuring_) ++outcome_.completed;
        if (found->second.acked) sent_.erase(found);
        return;
      }
      default:
        return;
    }
  }

  void progress(double seconds, Clock::time_point& next) {
    next += std::chrono::seconds(1);
    if (options_.quiet) return;
    std::cerr << "\r" << (measuring_ ? "measuring" : "warming up") << ", " << static_cast<int>(seconds)
              << " s, " << outcome_.delivered << " delivered, " << sent_.size() << " under way   "
              << std::flush;
  }

  const Options& options_;
  Address address_;
  SSL_CTX* tls_ = nullptr;
  int epoll_ = -1;
  std::vector<Member> members_;
  std::vector<std::uint32_t> senders_;
  std::uint32_t recipients_ = 1;
  std::unordered_map<std::uint64_t, Sent> sent_;
  std::uint64_t next_number_ = 1;
  bool measuring_ = false;
  Clock::time_point measured_from_;
  Clock::time_point last_arrival_;
  Outcome outcome_;
};

}  // namespace

Outcome run(const Options& options) {
  return Load(options).run();
}

}  // namespace sotto::bench

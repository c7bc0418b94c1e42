// What the library costs, in CPU time of one thread and in units of this machine's Ed25519 verification (V),
// beside the limits it has to keep. Exits with 1 if one is exceeded.
//
//   sotto-mls-bench [MEMBERS]        500 if not given; the limits are for 500
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <sodium.h>

#include "base/random.hpp"
#include "sotto/mls/group.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;

constexpr std::size_t kSpread = 41;  // distance of the members who are really there: paths in all its parts
constexpr int kRounds = 4;
constexpr int kCreations = 3;
constexpr int kMoreJoins = 2;
constexpr double kNoLimit = 1e9;
constexpr int kMessages = 400;
constexpr int kMessagesPerRound = 20;
constexpr std::size_t kMessageSize = 1024;

double cpu_microseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

template <class Fn>
double cost(Fn fn) {
  const double start = cpu_microseconds();
  fn();
  return cpu_microseconds() - start;
}

/// The least that one of `rounds` times `each` of something cost, for one of it: whatever else goes on in the
/// machine only makes it more.
template <class Fn>
double least_cost(int rounds, int each, Fn fn) {
  double best = kNoLimit;
  for (int round = 0; round < rounds; ++round) {
    const double all = cost([&] {
      for (int i = 0; i < each; ++i)
        fn();
    });
    best = std::min(best, all / each);
  }
  return best;
}

/// The unit.
double measure_verification(const SignatureKeyPair& keys) {
  const Bytes message(300, 1);  // about what a leaf node has
  const Bytes signature = keys.sign(message);
  return least_cost(50, 20, [&] {
    if (crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                    keys.public_key().data()) != 0)
      std::abort();
  });
}

class Table {
 public:
  explicit Table(const SignatureKeyPair& keys) : keys_(keys) {
    std::printf("%-52s %12s %12s\n", "", "measured", "at most");
  }
  void time(const char* what, double microseconds, double limit) {
    unit_ = std::min(unit_, measure_verification(keys_));  // again and again: the machine's speed varies
    row(what, microseconds / unit_, limit, "V");
  }
  void finish() const { std::printf("V = %.1f us\n", unit_); }
  void bytes(const char* what, std::size_t n, double limit) { row(what, static_cast<double>(n), limit, "B"); }
  [[nodiscard]] bool within() const { return within_; }

 private:
  void row(const char* what, double value, double limit, const char* unit) {
    if (limit == kNoLimit) {
      std::printf("%-52s %10.2f %s\n", what, value, unit);
      return;
    }
    const bool ok = value <= limit;
    within_ = within_ && ok;
    std::printf("%-52s %10.2f %s %10.1f %s%s\n", what, value, unit, limit, unit, ok ? "" : "  EXCEEDED");
  }
  const SignatureKeyPair& keys_;
  double unit_ = kNoLimit;
  bool within_ = true;
};

template <class T>
T must(sotto::mls::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(2);
  }
  return std::move(result).value();
}

struct Bench {
  AcceptEveryCredential policy;
  Environment env{system_random(), wall_clock_now, policy};
  CipherSuite suite;
  std::vector<Identity> identities;
  std::vector<KeyPackageBundle> bundles;
  std::vector<Group> groups;  ///< a few members, spread over the tree

  Bench(CipherSuite s, std::size_t members) : suite(s) {
    for (std::size_t i = 0; i < members; ++i)
      identities.push_back({Credential::basic(as_bytes("member-" + std::to_string(i))),
                            SignatureKeyPair::generate(env.random)});
  }

  Group join(const Bytes& welcome, std::size_t i) {
    return must(Group::join(welcome, bundles[i - 1], identities[i].clone(), {}, env));
  }

  /// One member commits, all others of `groups` follow; gives the cost of making and of following, once each.
  std::pair<double, double> self_update(std::size_t committer) {
    std::optional<CommitResult> made;
    const double make = cost([&] { made = must(groups[committer].commit({}, env)); });
    double follow = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (i != committer) follow = cost([&] { must(groups[i].process(made->message, env)); });
    }
    must(groups[committer].adopt(std::move(made->pending), env));
    return {make, follow};
  }

  /// Of `self_update`, by turns: the least that each committer's cost, and of those the middle one, because
  /// paths from different places do not cost the same.
  std::pair<double, double> self_updates() {
    std::vector<double> make(groups.size(), kNoLimit);
    std::vector<double> follow(groups.size(), kNoLimit);
    for (int round = 0; round < kRounds; ++round) {
      for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto [m, f] = self_update(i);
        make[i] = std::min(make[i], m);
        follow[i] = std::min(follow[i], f);
      }
    }
    std::sort(make.begin(), make.end());
    std::sort(follow.begin(), follow.end());
    return {make[make.size() / 2], follow[follow.size() / 2]};
  }

  /// A group in which every parent has a key, as it is once members have been around for a while: each pair
  /// of newcomers is added by the pair before it, so that every second member commits once.
  void grow_warm() {
    groups.clear();
    GroupParams params;
    params.cipher_suite = suite;
    params.group_id = Bytes(16, 2);
    groups.push_back(must(Group::create(params, identities[0].clone(), env)));
    std::optional<Group> committer;  // nothing: groups[0]
    for (std::size_t next = 1; next < identities.size(); next += 2) {
      CommitOptions options;
      for (std::size_t i = next; i < std::min(next + 2, identities.size()); ++i)
        options.proposals.push_back(Proposal::add(bundles[i - 1].key_package));
      Group& by = committer ? *committer : groups[0];
      CommitResult made = must(by.commit(options, env));
      for (Group& g : groups) {
        if (&g != &by) must(g.process(made.message, env));
      }
      must(by.adopt(std::move(made.pending), env));
      if (committer && next % kSpread < 2) groups.push_back(std::move(*committer));
      committer = join(*made.welcome, next);
    }
    CommitResult last = must(committer->commit({}, env));
    for (Group& g : groups)
      must(g.process(last.message, env));
  }

  void run(Table& table) {
    const std::size_t members = identities.size();
    const Lifetime lifetime =
        Lifetime::between(env.now() - std::chrono::hours(1), env.now() + std::chrono::hours(24));
    double package = kNoLimit;
    for (std::size_t i = 1; i < members; ++i)
      package = std::min(package, cost([&] {
                           bundles.push_back(must(make_key_package(suite, identities[i], lifetime, {}, env)));
                         }));
    table.time("key package", package, 3);

    std::optional<Bytes> welcome;
    const double creation = least_cost(kCreations, 1, [&] {
      groups.clear();
      GroupParams params;
      params.cipher_suite = suite;
      params.group_id = Bytes(16, 1);
      groups.push_back(must(Group::create(params, identities[0].clone(), env)));
      CommitOptions options;
      for (const KeyPackageBundle& b : bundles)
        options.proposals.push_back(Proposal::add(b.key_package));
      CommitResult made = must(groups[0].commit(options, env));
      must(groups[0].adopt(std::move(made.pending), env));
      welcome = std::move(made.welcome);
    });
    table.time("create and add all others in one commit, welcome", creation, 3000);
    double joining = kNoLimit;
    for (std::size_t i = 1; i < members; i += kSpread) {
      joining = std::min(joining, cost([&] { groups.push_back(join(*welcome, i)); }));
      for (int again = 0; again < kMoreJoins; ++again)
        joining = std::min(joining, cost([&] { join(*welcome, i); }));
    }
    table.time("join from the welcome with the tree", joining, 650);
    for (std::size_t i = 0; i < groups.size(); ++i)
      self_update(i);
    const auto [sparse_make, sparse_process] = self_updates();
    table.time("self-update, only 1 in 41 has ever updated: make", sparse_make, kNoLimit);
    table.time("self-update, only 1 in 41 has ever updated: process", sparse_process, kNoLimit);

    grow_warm();
    const auto [make, process] = self_updates();
    table.time("self-update, warm tree: make", make, 60);
    table.time("self-update, warm tree: process", process, 30);

    const Bytes text(kMessageSize, 7);
    std::vector<Bytes> sealed;
    constexpr int kMessageRounds = kMessages / kMessagesPerRound;
    const double protect = least_cost(kMessageRounds, kMessagesPerRound,
                                      [&] { sealed.push_back(must(groups[0].protect(text, {}, env))); });
    std::size_t next = 0;
    const double unprotect = least_cost(kMessageRounds, kMessagesPerRound,
                                        [&] { must(groups[1].unprotect(sealed[next++], env)); });
    table.time("protect 1 KiB", protect, 1.0);
    table.time("unprotect 1 KiB", unprotect, 1.5);

    table.bytes("saved state", groups[1].save().size(), 200e3);
    groups[1].take_changes();
    must(groups[1].unprotect(must(groups[2].protect(text, {}, env)), env));
    std::size_t written = 0;
    for (const StateRecord& r : groups[1].take_changes())
      written += r.key.size() + (r.value ? r.value->size() : 0);
    table.bytes("written for one received message, a sender's first", written, 1024);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::size_t members = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 500;
  if (members < 3 || sodium_init() < 0) {
    std::fprintf(stderr, "usage: sotto-mls-bench [MEMBERS]   (3 or more)\n");
    return 2;
  }
  bool within = true;
  for (const CipherSuite suite : {CipherSuite{3}, CipherSuite{1}}) {
    std::printf("\nsuite %u, %zu members\n", static_cast<unsigned>(suite), members);
    Bench bench(suite, members);
    Table table(bench.identities[0].keys);
    bench.run(table);
    table.finish();
    within = within && table.within();
  }
  return within ? 0 : 1;
}

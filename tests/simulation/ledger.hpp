// What people settled with the server beside messages: who has blocked whom, whose account is gone, which
// devices are signed out, what groups were to be called; and what retention has deleted. Kept by the run, as
// the apps were told it, for the checker to compare with the server's tables.
//
//   const auto asked = ledger.asks_to_block(me, you, true);
//   engine.block(you, now, [=](Result<void> done) { ledger.answered(asked, done.ok()); });
//
// While a request is under way, or its answer lost, nothing is known. Once it is answered: of the two, no
// direct message may be stored behind what the server had stored by then, until somebody asks to unblock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sotto/ids.hpp"
#include "testkit/world.hpp"
#include "tests/simulation/server_truth.hpp"
#include "tests/simulation/sim_server.hpp"

namespace sotto::sim {

class Ledger {
 public:
  /// Between the two no direct message has an id in (after, up_to].
  struct Silence {
    UserId owner;
    UserId user;
    std::uint64_t after = 0;
    std::optional<std::uint64_t> up_to;  ///< nothing: to the end
    Milliseconds since{0};               ///< when the app of `owner` was told
  };
  struct Asked {
    UserId owner;
    UserId user;
    bool block = false;
    std::uint64_t serial = 0;
  };

  Ledger(World& world, SimServer& server) : world_(world), server_(server) {}

  Asked asks_to_block(UserId owner, UserId user, bool block);
  void answered(const Asked& asked, bool done);
  [[nodiscard]] const std::vector<Silence>& silences() const { return silences_; }
  /// Whether `owner` has blocked `user`, where that is known: as it was answered last.
  [[nodiscard]] std::optional<bool> blocked(UserId owner, UserId user) const;
  /// One of the two has asked to block the other, or not to any more, at some time of the day.
  [[nodiscard]] bool blocks_were_asked_for(UserId one, UserId other) const {
    return pairs_.contains({one, other}) || pairs_.contains({other, one});
  }
  /// For at least so long it has been known that one of the two has blocked the other.
  [[nodiscard]] bool silent_for(UserId one, UserId other, Milliseconds at_least) const;

  /// The server has signed the device out: it takes no message of it behind what is stored by now.
  void signed_out(DeviceId device);
  /// By device: the last id of before it was signed out.
  [[nodiscard]] const std::map<DeviceId, std::uint64_t>& signed_out() const { return signed_out_; }

  /// A name that no group has had before.
  void asks_to_rename(const std::string& name);
  /// Where it is known: the group got the name behind this id.
  [[nodiscard]] std::optional<std::uint64_t> named_after(const std::string& name) const;

  /// The server is about to delete what is older than `oldest`. False: what it has cannot be read just now,
  /// and it must not.
  [[nodiscard]] bool will_delete(Timestamp oldest);
  /// What was there before something was deleted.
  [[nodiscard]] const std::map<MessageId, TrueMessage>& remembered() const { return remembered_; }
  /// Nothing with this id or a later one may have been deleted for its age.
  [[nodiscard]] std::uint64_t deleted_below() const { return deleted_below_; }

  void asks_to_delete(UserId user) { deletions_.insert(user); }
  void deleted(UserId user) { deleted_.insert(user); }
  /// Perhaps: nobody knows before the answer is there.
  [[nodiscard]] bool may_be_deleted(UserId user) const { return deletions_.contains(user); }
  [[nodiscard]] bool is_deleted(UserId user) const { return deleted_.contains(user); }

 private:
  struct Pair {
    std::uint64_t serial = 0;  // of the last request
    std::optional<Milliseconds> unanswered;
    std::optional<bool> blocked;
  };

  void break_silence(UserId owner, UserId user);

  World& world_;
  SimServer& server_;
  std::map<std::pair<UserId, UserId>, Pair> pairs_;
  std::vector<Silence> silences_;
  std::set<UserId> deletions_;
  std::set<UserId> deleted_;
  std::map<DeviceId, std::uint64_t> signed_out_;
  std::map<std::string, std::uint64_t> named_after_;
  std::map<MessageId, TrueMessage> remembered_;
  std::uint64_t deleted_below_ = 0;
};

}  // namespace sotto::sim

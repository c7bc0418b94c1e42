// A device: the real engine and store on a virtual disk, the driver around them, and the app on top, which
// remembers everything it was told. The app's memory survives the device's crashes: it is the witness, and
// the promises are about what it saw.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/engine/engine.hpp"
#include "testkit/link.hpp"
#include "testkit/world.hpp"
#include "tests/simulation/ledger.hpp"
#include "tests/simulation/sim_server.hpp"
#include "tests/support/crash_vfs.hpp"

namespace sotto::sim {

/// What the app knows of a message it sent.
struct Witnessed {
  std::string text;  ///< unique in the run
  ConversationId conversation;
  MessageState state = MessageState::queued;  ///< as told last
  MessageId message_id;
  std::uint64_t order = 0;  ///< of the calls of `send` on this device
  bool retried = false;     ///< by the app, after a failure: its place in the order is a new one
  bool to_number = false;
};

class SimDevice {
 public:
  SimDevice(World& world, SimServer& server, Ledger& ledger, std::uint32_t number, std::string phone);
  ~SimDevice();
  SimDevice(const SimDevice&) = delete;
  SimDevice& operator=(const SimDevice&) = delete;

  // ---- its life
  void start();
  void crash(bool power);
  /// It loses power at the n-th change of its disk from now, or, with 0, between its next commit and the
  /// frames that should leave after it. It comes back by itself.
  void die_at(std::uint32_t change);
  [[nodiscard]] bool is_running() const { return engine_ != nullptr; }
  void fail_disk(std::uint32_t change);
  void heal();
  void move_clock(Milliseconds by) { skew_ += by; }

  // ---- its network
  void break_connection(bool this_end_notices, bool server_notices);
  void stall(Milliseconds how_long);
  void on_server_death();

  // ---- what its person does
  /// Also again, after it was signed out. Tried until it works; no effect on a device that is signed in.
  void sign_in();
  void sign_out();
  /// One of the person's devices; perhaps this one.
  void revoke(SimDevice& device);
  void delete_account(std::function<void()> deleted);
  void set_blocked(UserId user, bool blocked);
  void type(ConversationId conversation);
  /// Asks for its messages with ids that no honest client names.
  void pry(ConversationId conversation, std::uint32_t choice);
  void watch_presence(std::vector<UserId> users);
  void go_online();
  void go_offline();
  void send(Target target, std::uint32_t count);
  void mark_everything_read(ConversationId conversation);
  void retry_failed();
  engine::Engine* engine() { return engine_.get(); }
  [[nodiscard]] engine::Now now() const;
  /// After calling the engine directly.
  void settle();

  /// The server has said that it is signed out, to a request of that time: nothing is for it from now on.
  void was_signed_out(Milliseconds asked);

  // ---- what its app saw
  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] const std::string& phone() const { return phone_; }
  /// As it signed in last.
  [[nodiscard]] const std::optional<Account>& account() const { return account_; }
  /// Where its part of the stream begins: with the device it was first.
  [[nodiscard]] DeviceId begins() const { return begins_; }
  /// Signed out, and its app knows.
  [[nodiscard]] bool is_out() const { return is_out_; }
  /// Its directory belongs to an account that is deleted: nobody can sign in with it again.
  [[nodiscard]] bool is_retired() const { return is_retired_; }
  [[nodiscard]] const std::map<UserId, bool>& presence() const { return presence_; }
  [[nodiscard]] const std::map<LocalId, Witnessed>& sent() const { return sent_; }
  /// The texts that prying has brought, and to whom.
  [[nodiscard]] const std::vector<std::pair<UserId, std::string>>& pried() const { return pried_; }
  /// Whether a row tells that the server no longer keeps the message.
  [[nodiscard]] bool has_hole(ConversationId conversation, MessageId message) const;
  [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }
  [[nodiscard]] bool at_rest() const;
  [[nodiscard]] test::CrashDisk& disk() { return disk_; }

 private:
  struct Driver;

  /// Somebody has asked the server to sign it out; whether it was done is known later, or never.
  void may_be_signed_out() { sign_out_asked_ = world_.now(); }
  void told_signed_out(const std::string& why);
  [[nodiscard]] bool is_expected_to_be_out() const;
  void subscribe();
  void watch_ephemeral(const Link::Item& item);

  /// What a frame claims has to be so when it leaves.
  void watch(std::string_view frame);
  /// The stream of a connection rises, and begins behind the place that was asked for.
  void watch_stream(std::string_view frame);
  /// And still be so when the device has come back.
  void check_claims();
  [[nodiscard]] bool holds(ConversationId conversation, std::uint64_t message);
  void perform(engine::Effect& effect);
  void open_connection(engine::OpenConnection& effect);
  void send_request(engine::SendRequest& effect);
  /// The server has done what was asked.
  void note_sign_out(const std::string& method, const std::string& path, DeviceId asker);
  void take(engine::ConnectionNumber connection, const std::shared_ptr<Link>& link, Link::Item item);
  void closed(engine::ConnectionNumber connection, engine::CloseReason reason);
  void take_events();
  void on_message(const Message& message);
  void complain(std::string what);
  /// Runs `what` later, unless the device has crashed in between.
  void after(Milliseconds delay, std::function<void()> what);
  void arm();
  void died();

  World& world_;
  SimServer& server_;
  Ledger& ledger_;
  std::uint32_t number_;
  std::string phone_;
  test::CrashDisk disk_;
  Milliseconds skew_;

  // Of the running process.
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::uint64_t life_ = 0;
  std::uint64_t timer_ = 0;
  engine::ConnectionNumber connection_{};
  std::shared_ptr<Link> link_;
  std::set<engine::RequestNumber> requests_;
  std::uint64_t place_ = 0;  // in the stream of this connection
  bool crash_armed_ = false;
  bool dies_before_sending_ = false;
  bool signing_in_ = false;
  std::string token_;  // of its last request

  // The witness.
  std::optional<Account> account_;
  DeviceId begins_;
  Milliseconds signed_in_{0};
  std::optional<Milliseconds> sign_out_asked_;
  std::optional<Milliseconds> revoked_;  ///< since the server has said so, to whoever asked
  bool is_out_ = false;
  bool is_retired_ = false;
  std::map<UserId, bool> presence_;  ///< as told last on this connection
  bool wants_online_ = false;
  std::vector<UserId> watched_;
  std::map<LocalId, Witnessed> sent_;
  std::uint64_t sends_ = 0;
  std::vector<std::pair<ConversationId, std::uint64_t>> claims_;  ///< `delivered`, since the last start
  std::vector<std::pair<UserId, std::string>> pried_;
  std::vector<std::string> complaints_;
};

}  // namespace sotto::sim

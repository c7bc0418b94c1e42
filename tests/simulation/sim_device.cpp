#include "tests/simulation/sim_device.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "sdk/engine/json.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/store.hpp"

namespace sotto::sim {

namespace {

// No two clocks are the same; how far one can be off by a jump is the schedule's.
constexpr Milliseconds kSkew = 3s;
// A request to sign a device out, from when it was sent until it cannot be carried out any more.
constexpr Milliseconds kLongestRequest = engine::kRequestTimeout + 1s;

/// The order of a message's states from `sent` on; 0 before it.
int rank(MessageState state) {
  switch (state) {
    case MessageState::sent:
      return 1;
    case MessageState::delivered:
      return 2;
    case MessageState::read:
      return 3;
    default:
      return 0;
  }
}

}  // namespace

SimDevice::SimDevice(World& world, SimServer& server, Ledger& ledger, std::uint32_t number, std::string phone)
    : world_(world),
      server_(server),
      ledger_(ledger),
      number_(number),
      phone_(std::move(phone)),
      disk_(world.random().next_u64()),
      skew_(world.between(-kSkew, kSkew)) {}

SimDevice::~SimDevice() = default;

engine::Now SimDevice::now() const {
  return {world_.now(), world_.true_time() + skew_};
}

void SimDevice::complain(std::string what) {
  what = "device " + std::to_string(number_) + ": " + what;
  world_.tell([&] { return "!! " + what; });
  complaints_.push_back(std::move(what));
}

// ---------------------------------------------------------------- its life

void SimDevice::start() {
  if (engine_) return;
  auto store = store::Store::open({.directory = "device",
                                   .key = StoreKey::none(),
                                   .base_vfs = disk_.vfs_name(),
                                   .random = &world_.random()});
  if (!store) {
    world_.tell([&] {
      return "device " + std::to_string(number_) + " cannot open its store: " + store.error().message;
    });
    return;
  }
  store_ = std::move(*store);
  engine_ = std::make_unique<engine::Engine>(store_, world_.random(), engine::EngineOptions{});
  if (auto started = engine_->start(now()); !started) {
    engine_.reset();
    store_.reset();
    return;
  }
  ++life_;
  // So may the answer to its login, behind a commit that is there after all.
  if (!account_ && engine_->account()) {
    account_ = engine_->account();
    begins_ = account_->device_id;
  }
  // The event may have died with the last process; an app that starts asks who is signed in.
  if (account_ && !engine_->account()) told_signed_out("it is when it starts");
  check_claims();
  if (engine_->account()) subscribe();
  if (wants_online_ && engine_->account()) engine_->connect(now(), [](Result<void>) {});
  settle();
}

void SimDevice::crash(bool power) {
  if (!engine_) return;
  world_.tell([&] { return "device " + std::to_string(number_) + (power ? " loses power" : " is killed"); });
  break_connection(false, true);
  crash_armed_ = dies_before_sending_ = signing_in_ = false;
  if (power) {
    disk_.power_cycle();
  } else {
    disk_.kill_process();
  }
  ++life_;
  engine_.reset();
  store_.reset();
  presence_.clear();
  connection_ = {};
  link_.reset();
  requests_.clear();
}

void SimDevice::die_at(std::uint32_t change) {
  if (!engine_) return;
  if (change == 0) {
    dies_before_sending_ = true;
    return;
  }
  crash_armed_ = true;
  disk_.crash_at(change);
}

void SimDevice::fail_disk(std::uint32_t change) {
  crash_armed_ = false;
  disk_.fail_at(change, SQLITE_IOERR_WRITE);
}

void SimDevice::heal() {
  crash_armed_ = dies_before_sending_ = false;
  disk_.heal();
}

void SimDevice::after(Milliseconds delay, std::function<void()> what) {
  world_.after(delay, [this, life = life_, what = std::move(what)] {
    if (life != life_ || !engine_) return;
    what();
    settle();
  });
}

void SimDevice::settle() {
  if (!engine_) return;
  if (crash_armed_ && disk_.struck()) return died();
  for (auto effects = engine_->take_effects(); !effects.empty(); effects = engine_->take_effects()) {
    const bool sends = std::any_of(effects.begin(), effects.end(), [](const engine::Effect& effect) {
      return std::holds_alternative<engine::SendFrame>(effect);
    });
    if (sends && dies_before_sending_) return died();
    for (auto& effect : effects)
      perform(effect);
  }
  take_events();
  arm();
}

void SimDevice::arm() {
  const auto deadline = engine_->next_deadline();
  if (!deadline) return;
  const auto serial = ++timer_;
  // A timer never comes early, and on a busy device a little late.
  world_.at(std::max(*deadline, world_.now()) + world_.between(0ms, 3ms), [this, serial, life = life_] {
    if (serial != timer_ || life != life_ || !engine_) return;
    engine_->on_timer(now());
    settle();
  });
}

// ---------------------------------------------------------------- what its person does

void SimDevice::sign_in() {
  if (!engine_ || engine_->account() || signing_in_ || is_retired_) return;
  signing_in_ = true;
  engine_->login({phone_, "000000"}, now(), [this](Result<Account> account) {
    signing_in_ = false;
    if (!account) {
      // The number has another account by now.
      is_retired_ = account_ && account.error().code == ErrorCode::invalid_state;
      if (is_retired_ && !ledger_.may_be_deleted(account_->user_id))
        complain("cannot sign in: " + account.error().message);
      return after(1s, [this] { sign_in(); });
    }
    if (account_ && account_->user_id != account->user_id) complain("signed in as somebody else");
    if (ledger_.is_deleted(account->user_id)) complain("signed in to an account that was deleted");
    if (!begins_) begins_ = account->device_id;
    account_ = *account;
    signed_in_ = world_.now();
    is_out_ = false;
    revoked_.reset();
    subscribe();
    if (wants_online_) engine_->connect(now(), [](Result<void>) {});
  });
  settle();
}

void SimDevice::sign_out() {
  if (!engine_ || !engine_->account()) return;
  may_be_signed_out();
  engine_->logout(now(), [this](Result<void> out) {
    if (out) told_signed_out("it asked for it");
  });
  settle();
}

void SimDevice::revoke(SimDevice& device) {
  if (!engine_ || !engine_->account() || !device.account()) return;
  device.may_be_signed_out();
  engine_->revoke_device(device.account()->device_id, now(),
                         [&device, asked = world_.now()](Result<void> revoked) {
                           if (revoked) device.was_signed_out(asked);
                         });
  settle();
}

void SimDevice::delete_account(std::function<void()> deleted) {
  if (!engine_ || !engine_->account()) return;
  ledger_.asks_to_delete(account_->user_id);
  engine_->delete_account(now(), [deleted = std::move(deleted)](Result<void> done) {
    if (done) deleted();
  });
  settle();
}

void SimDevice::set_blocked(UserId user, bool blocked) {
  if (!engine_ || !engine_->account()) return;
  auto reply = [this, asked = ledger_.asks_to_block(account_->user_id, user, blocked)](Result<void> done) {
    ledger_.answered(asked, done.ok());
  };
  if (blocked)
    engine_->block(user, now(), reply);
  else
    engine_->unblock(user, now(), reply);
  settle();
}

void SimDevice::type(ConversationId conversation) {
  if (!engine_) return;
  engine_->set_typing(conversation, now());
  settle();
}

void SimDevice::watch_presence(std::vector<UserId> users) {
  watched_ = std::move(users);
  if (!engine_ || !engine_->account()) return;
  subscribe();
  settle();
}

void SimDevice::subscribe() {
  if (!watched_.empty()) engine_->subscribe_presence(watched_, now(), [](Result<void>) {});
}

void SimDevice::was_signed_out(Milliseconds asked) {
  if (asked < signed_in_) return;  // it has signed in again meanwhile
  world_.tell([&] { return "device " + std::to_string(number_) + " is signed out for everybody"; });
  revoked_ = world_.now();
}

void SimDevice::told_signed_out(const std::string& why) {
  if (!is_expected_to_be_out()) complain("was signed out: " + why);
  is_out_ = true;
}

bool SimDevice::is_expected_to_be_out() const {
  if (is_out_ || (account_ && ledger_.may_be_deleted(account_->user_id))) return true;
  return sign_out_asked_ && *sign_out_asked_ + kLongestRequest >= signed_in_;
}

void SimDevice::go_online() {
  wants_online_ = true;
  if (!engine_ || !engine_->account()) return;
  engine_->connect(now(), [](Result<void>) {});
  settle();
}

void SimDevice::go_offline() {
  wants_online_ = false;
  if (!engine_ || !engine_->account()) return;
  engine_->disconnect(now(), [](Result<void>) {});
  settle();
}

void SimDevice::send(Target target, std::uint32_t count) {
  if (!engine_ || !engine_->account()) return;
  const bool to_number = std::holds_alternative<PhoneNumber>(target);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string text = "m" + std::to_string(number_) + "." + std::to_string(++sends_);
    engine_->send(
        target, {text, {}, {}, {}}, now(), [this, text, order = sends_, to_number](Result<SendReceipt> sent) {
          if (!sent) return;  // refused: the app knows, and nothing was promised
          auto [place, is_new] = sent_.try_emplace(sent->local_id);
          if (!is_new)
            complain("the local id of \"" + place->second.text + "\" was given again for \"" + text + "\"");
          place->second.text = text;
          place->second.conversation = sent->conversation_id;
          place->second.order = order;
          place->second.to_number = to_number;
        });
  }
  settle();
}

void SimDevice::mark_everything_read(ConversationId conversation) {
  if (!engine_ || !engine_->account()) return;
  auto page = engine_->messages({conversation, {}, {}, 50});
  if (!page) return;
  for (const auto& message : page->messages) {
    if (message.is_mine || !message.message_id) continue;
    engine_->mark_read(conversation, message.message_id, now(), [](Result<void>) {});
    break;
  }
  settle();
}

void SimDevice::pry(ConversationId conversation, std::uint32_t choice) {
  if (!engine_ || !account_ || token_.empty()) return;
  constexpr std::uint64_t kBeyond = std::uint64_t{1} << 63;  // what a signed column cannot hold
  constexpr std::uint64_t kIds[] = {0, 1, kBeyond - 1, kBeyond, kBeyond + 1, ~std::uint64_t{0}};
  const char* const which = choice % 2 == 0 ? "after_id=" : "before_id=";
  server::HttpRequest request;
  request.method = "GET";
  request.path = "/api/conversations/" + to_string(conversation) + "/messages";
  request.query = "limit=100&" + (which + std::to_string(kIds[choice / 2 % std::size(kIds)]));
  request.headers.push_back({"Authorization", "Bearer " + token_});
  request.remote_address = "192.0.2." + std::to_string(number_ + 1);
  server_.request(request, [this, user = account_->user_id](const server::HttpResponse& response) {
    const auto body = engine::JsonObject::parse(response.body);
    if (!body) return;
    for (const engine::JsonObject& message : body->list("messages"))
      pried_.emplace_back(user, message.text("content"));
  });
}

bool SimDevice::has_hole(ConversationId conversation, MessageId message) const {
  const auto found = store_->conversations.find(conversation);
  if (!found) return false;
  const auto holes = store_->holes.between(found->row, 0, message.value);
  return std::any_of(holes.begin(), holes.end(), [&](const Hole& hole) { return message <= hole.to; });
}

void SimDevice::retry_failed() {
  if (!engine_) return;
  for (auto& [id, sent] : sent_) {
    if (sent.state != MessageState::failed && sent.state != MessageState::expired) continue;
    engine_->retry_message(id, now(), [&sent = sent](Result<void> retried) {
      if (retried) sent.retried = true;
    });
  }
  // What a number that nobody had held back goes out only now, and its person may have got later messages.
  for (auto& [id, sent] : sent_)
    if (sent.to_number && sent.state == MessageState::blocked) sent.retried = true;
  settle();
}

// ---------------------------------------------------------------- what its app sees

void SimDevice::take_events() {
  for (const Event& event : engine_->take_events()) {
    if (const auto* added = std::get_if<MessageAdded>(&event)) {
      on_message(added->message);
    } else if (const auto* changed = std::get_if<MessageChanged>(&event)) {
      on_message(changed->message);
    } else if (const auto* error = std::get_if<ErrorOccurred>(&event)) {
      world_.tell([&] { return "device " + std::to_string(number_) + " reports " + error->error.message; });
      if (error->error.code == ErrorCode::protocol_violation)
        complain("the server broke the protocol: " + error->error.message);
    } else if (const auto* out = std::get_if<SignedOut>(&event)) {
      told_signed_out(out->cause.message);
    } else if (const auto* presence = std::get_if<PresenceChanged>(&event)) {
      presence_[presence->presence.user_id] = presence->presence.online;
    }
  }
}

void SimDevice::on_message(const Message& message) {
  auto found = sent_.find(message.local_id);
  if (found == sent_.end() || !message.is_mine) return;
  auto& sent = found->second;
  if (message.text != sent.text) complain("\"" + sent.text + "\" became \"" + message.text + "\"");
  if (rank(message.state) < rank(sent.state)) {
    complain("\"" + sent.text + "\" went back from " + std::string(to_string(sent.state)) + " to " +
             std::string(to_string(message.state)));
  }
  if (sent.message_id && message.message_id != sent.message_id)
    complain("\"" + sent.text + "\" changed its id");
  sent.state = message.state;
  sent.message_id = message.message_id;
  world_.tell([&] {
    return "device " + std::to_string(number_) + ": \"" + sent.text + "\" is " +
           std::string(to_string(message.state));
  });
}

bool SimDevice::at_rest() const {
  if (!engine_ || !account_) return engine_ == nullptr;
  if (is_out_) return requests_.empty() && !signing_in_;
  // A broken link swallows what is sent: it only looks idle, until one end notices.
  return engine_->connection_state() == ConnectionState::online &&
         (!link_ || (!link_->broken() && link_->to_client().idle() && link_->to_server().idle())) &&
         requests_.empty();
}

void SimDevice::died() {
  crash(true);
  world_.after(world_.between(10ms, 5s), [this] { start(); });
}

}  // namespace sotto::sim

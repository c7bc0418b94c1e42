#include "sotto/client.hpp"

#include <chrono>
#include <exception>

#include "base/random.hpp"
#include "sdk/client/client_access.hpp"
#include "sdk/client/runtime.hpp"
#include "sdk/engine/timing.hpp"
#include "sdk/store/store.hpp"

// Every function hands its call to the engine's thread (runtime.hpp) and returns.

namespace sotto {

using client::Delivery;
using client::Runtime;
using engine::Engine;

class Client::Impl {
 public:
  explicit Impl(std::shared_ptr<Runtime> r) : runtime(std::move(r)), delivery(runtime->delivery()) {}

  const std::shared_ptr<Runtime> runtime;
  const std::shared_ptr<Delivery> delivery;
};

namespace {

// Beyond this one transaction holds up everything else for too long.
constexpr std::ptrdiff_t kJoinedCalls = 256;

engine::Now real_now() {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Milliseconds>(steady), wall_clock_now()};
}

net::TransportOptions transport_options(const ClientOptions& options) {
  net::TransportOptions out;
  out.roots_pem = options.trusted_roots_pem;
  if (!options.user_agent.empty()) out.user_agent = options.user_agent;
  out.timeouts.tcp = engine::kTcpTimeout;
  out.timeouts.tls = engine::kTlsTimeout;
  out.timeouts.upgrade = engine::kUpgradeTimeout;
  out.timeouts.connect_in_all = engine::kConnectTotalTimeout;
  return out;
}

Result<void> check(const ClientOptions& options) {
  if (auto address = client::server_address(options.server_url); !address) return address.error();
  if (options.directory.empty()) return Error(ErrorCode::invalid_argument, "no directory was given");
  return {};
}

Result<client::Platform> real_platform(const ClientOptions& options) {
  auto loop = std::make_unique<net::IoLoop>();
  auto transport = net::make_transport(*loop, transport_options(options));
  if (!transport) return transport.error();
  return client::Platform{std::move(loop), std::move(*transport), real_now,
                          system_random(), kJoinedCalls,          nullptr};
}

/// A store with an account belongs to one server; one without takes the server it is opened with.
Result<void> belong_to_server(store::Store& store, const ClientOptions& options) {
  auto address = client::server_address(options.server_url);
  if (!address) return address.error();
  const std::string known = store.account.server();
  const bool has_account = store.account.load().has_value();
  if (auto failed = store.db.take_error()) return *failed;
  if (known == *address) return {};
  if (has_account && !known.empty() && !options.server_moved)
    return Error(ErrorCode::store_other_server, "this account is at " + known + ", not at " + *address);
  if (auto begun = store.db.begin(); !begun) return begun;
  store.account.set_server(*address);
  return store.db.commit();
}

Result<client::Parts> make_parts(ClientOptions options, client::Platform platform) {
  auto store = store::Store::open(
      {.directory = options.directory, .key = std::move(options.key), .base_vfs = platform.vfs});
  if (!store) return store.error();
  if (auto bound = belong_to_server(**store, options); !bound) return bound.error();
  client::Parts parts;
  parts.engine = std::make_unique<Engine>(std::move(*store), platform.random,
                                          engine::EngineOptions{options.device_name, options.outbox_expiry});
  if (auto started = parts.engine->start(platform.now()); !started) return started.error();
  parts.loop = std::move(platform.loop);
  parts.transport = std::move(platform.transport);
  parts.now = std::move(platform.now);
  parts.server_url = std::move(options.server_url);
  parts.joined_calls = platform.joined_calls;
  return parts;
}

/// What `make` gives. No thread, no memory: start-up is the only place where the standard library tells us
/// so.
template <class Make>
Result<std::unique_ptr<Client>> without_exceptions(Make make) {
  try {
    return make();
  } catch (const std::exception& error) {
    return Error(ErrorCode::internal, std::string("the client could not be started: ") + error.what());
  }
}

}  // namespace

std::unique_ptr<Client> ClientAccess::make(client::Parts parts, std::size_t max_pending_events) {
  auto runtime = Runtime::start(std::move(parts), std::make_shared<Delivery>(max_pending_events));
  return std::unique_ptr<Client>(new Client(std::make_unique<Client::Impl>(std::move(runtime))));
}

Result<std::unique_ptr<Client>> ClientAccess::open(ClientOptions options, client::Platform platform) {
  return without_exceptions([&]() -> Result<std::unique_ptr<Client>> {
    if (auto good = check(options); !good) return good.error();
    const auto max_pending_events = options.max_pending_events;
    auto parts = make_parts(std::move(options), std::move(platform));
    if (!parts) return parts.error();
    return make(std::move(*parts), max_pending_events);
  });
}

Result<std::unique_ptr<Client>> Client::open(ClientOptions options) {
  return without_exceptions([&]() -> Result<std::unique_ptr<Client>> {
    auto platform = real_platform(options);
    if (!platform) return platform.error();
    return ClientAccess::open(std::move(options), std::move(*platform));
  });
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::~Client() {
  impl_->runtime->shut_down();
}

// ------------------------------------------------------------------ events

EventBatch Client::poll() {
  return {impl_->delivery->poll()};
}

void Client::set_wake_up(std::function<void()> hook) {
  impl_->delivery->set_wake_up(std::move(hook));
  // What has come before is worth a wake-up too, from the library's thread.
  impl_->runtime->tell([delivery = impl_->delivery](Engine&, engine::Now) { delivery->publish({}); });
}

void Client::on_event(Executor executor, std::function<void(const Event&)> handler) {
  impl_->delivery->on_event(std::move(executor), std::move(handler));
}

// ------------------------------------------------------------------ account

std::optional<Account> Client::account() const {
  return impl_->runtime->snapshot().account;
}
Operation Client::request_otp(std::string phone_number, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::request_otp, std::move(phone_number));
}
Operation Client::login(LoginRequest request, Done<Account> done) {
  return impl_->runtime->call(std::move(done), &Engine::login, std::move(request));
}
Operation Client::logout(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::logout);
}
Operation Client::me(Done<Profile> done) {
  return impl_->runtime->call(std::move(done), &Engine::me);
}
Operation Client::update_profile(ProfileUpdate update, Done<Profile> done) {
  return impl_->runtime->call(std::move(done), &Engine::update_profile, std::move(update));
}
Operation Client::delete_account(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::delete_account);
}
Operation Client::user(UserId user, Done<Profile> done) {
  return impl_->runtime->call(std::move(done), &Engine::user, user);
}

// ------------------------------------------------------------------ connection

Operation Client::connect(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::connect);
}
Operation Client::disconnect(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::disconnect);
}
ConnectionState Client::connection() const {
  return impl_->runtime->snapshot().connection;
}
Operation Client::wait_until_synced(Milliseconds timeout, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::wait_until_synced, timeout);
}
void Client::network_changed() {
  impl_->runtime->tell([](Engine& engine, engine::Now now) { engine.network_changed(now); });
}
Operation Client::suspend(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::suspend);
}
Operation Client::resume(Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::resume);
}
Operation Client::close(Done<void> done) {
  return impl_->runtime->close(std::move(done));
}

// ------------------------------------------------------------------ messages

Operation Client::send(Target target, OutgoingMessage message, Done<SendReceipt> done) {
  return impl_->runtime->write(std::move(done), &Engine::send, std::move(target), std::move(message));
}
Operation Client::cancel_message(LocalId message, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::cancel_message, message);
}
Operation Client::retry_message(LocalId message, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::retry_message, message);
}
Operation Client::delete_message(LocalId message, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::delete_message, message);
}
Operation Client::message(LocalId message, Done<Message> done) {
  return impl_->runtime->read(std::move(done), [message](Engine& e) { return e.message(message); });
}
Operation Client::trace(LocalId message, Done<std::vector<Transition>> done) {
  return impl_->runtime->read(std::move(done), [message](Engine& e) { return e.trace(message); });
}
Operation Client::receipts(LocalId message, Done<std::vector<MemberReceipt>> done) {
  return impl_->runtime->read(std::move(done), [message](Engine& e) { return e.receipts(message); });
}
Operation Client::messages(MessagesQuery query, Done<MessagePage> done) {
  return impl_->runtime->read(std::move(done), [query](Engine& e) { return e.messages(query); });
}
Operation Client::fetch_history(ConversationId conversation, std::size_t limit, Done<bool> done) {
  return impl_->runtime->call(std::move(done), &Engine::fetch_history, conversation, limit);
}
Operation Client::mark_read(ConversationId conversation, MessageId up_to, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::mark_read, conversation, up_to);
}
Operation Client::search(SearchQuery query, Done<SearchPage> done) {
  return impl_->runtime->read(std::move(done),
                              [query = std::move(query)](Engine& e) { return e.search(query); });
}

// ------------------------------------------------------------------ conversations

Operation Client::conversations(Done<std::vector<Conversation>> done) {
  return impl_->runtime->read(std::move(done), [](Engine& e) { return e.conversations(); });
}
Operation Client::conversation(ConversationId id, Done<Conversation> done) {
  return impl_->runtime->read(std::move(done), [id](Engine& e) { return e.conversation(id); });
}
Operation Client::open_direct(UserId user, Done<ConversationId> done) {
  return impl_->runtime->write(std::move(done), &Engine::open_direct, user);
}
Operation Client::draft(ConversationId conversation, Done<Draft> done) {
  return impl_->runtime->read(std::move(done), [conversation](Engine& e) { return e.draft(conversation); });
}
Operation Client::set_draft(ConversationId conversation, Draft draft, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::set_draft, conversation, std::move(draft));
}
void Client::set_typing(ConversationId conversation) {
  impl_->runtime->tell(
      [conversation](Engine& engine, engine::Now now) { engine.set_typing(conversation, now); });
}
Operation Client::open_timeline(ConversationId conversation, TimelineOptions options,
                                Done<std::shared_ptr<Timeline>> done) {
  return impl_->runtime->open_timeline(conversation, options, std::move(done));
}
Operation Client::open_conversation_list(Done<std::shared_ptr<ConversationList>> done) {
  return impl_->runtime->open_conversation_list(std::move(done));
}

// ------------------------------------------------------------------ groups

Operation Client::create_group(std::string name, std::vector<UserId> members, Done<Conversation> done) {
  return impl_->runtime->call(std::move(done), &Engine::create_group, std::move(name), std::move(members));
}
Operation Client::rename_group(ConversationId group, std::string name, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::rename_group, group, std::move(name));
}
Operation Client::add_members(ConversationId group, std::vector<UserId> users, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::add_members, group, std::move(users));
}
Operation Client::remove_member(ConversationId group, UserId user, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::remove_member, group, user);
}
Operation Client::set_role(ConversationId group, UserId user, Role role, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::set_role, group, user, role);
}
Operation Client::leave_group(ConversationId group, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::leave_group, group);
}
Operation Client::delete_group(ConversationId group, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::delete_group, group);
}
Operation Client::members(ConversationId conversation, Done<std::vector<Member>> done) {
  return impl_->runtime->read(std::move(done), [conversation](Engine& e) { return e.members(conversation); });
}

// ------------------------------------------------------------------ people and devices

Operation Client::discover(std::vector<std::string> phone_numbers, Done<std::vector<Contact>> done) {
  return impl_->runtime->call(std::move(done), &Engine::discover, std::move(phone_numbers));
}
Operation Client::find_user(std::string phone_number, Done<Contact> done) {
  return impl_->runtime->call(std::move(done), &Engine::find_user, std::move(phone_number));
}
Operation Client::contacts(Done<std::vector<Contact>> done) {
  return impl_->runtime->call(std::move(done), &Engine::contacts);
}
Operation Client::remove_contact(UserId user, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::remove_contact, user);
}
Operation Client::block(UserId user, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::block, user);
}
Operation Client::unblock(UserId user, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::unblock, user);
}
Operation Client::blocked(Done<std::vector<UserId>> done) {
  return impl_->runtime->read(std::move(done), [](Engine& e) { return e.blocked(); });
}
Operation Client::subscribe_presence(std::vector<UserId> users, Done<void> done) {
  return impl_->runtime->write(std::move(done), &Engine::subscribe_presence, std::move(users));
}
Operation Client::devices(Done<std::vector<Device>> done) {
  return impl_->runtime->call(std::move(done), &Engine::devices);
}
Operation Client::revoke_device(DeviceId device, Done<void> done) {
  return impl_->runtime->call(std::move(done), &Engine::revoke_device, device);
}

// ------------------------------------------------------------------ figures

Metrics Client::metrics() const {
  return impl_->runtime->snapshot().metrics;
}
std::optional<Milliseconds> Client::clock_skew() const {
  return impl_->runtime->snapshot().clock_skew;
}

}  // namespace sotto

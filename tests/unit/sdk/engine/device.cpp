#include "tests/unit/sdk/engine/device.hpp"

#include <atomic>
#include <unistd.h>

#include "tests/support/crash_vfs.hpp"

namespace sotto::engine::testing {

Device::Device() {
  static std::atomic<int> next{0};
  directory = std::filesystem::temp_directory_path() /
              ("sotto-engine-" + std::to_string(getpid()) + "-" + std::to_string(next++));
  boot();
}

Device::Device(test::CrashDisk& disk) : directory("/"), vfs_(disk.vfs_name()) {
  boot();
}

Device::~Device() {
  engine.reset();
  store.reset();
  if (vfs_ != nullptr) return;
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

void Device::boot() {
  auto fresh = store::Store::open({directory, StoreKey::none(), vfs_});
  ASSERT_TRUE(fresh.ok()) << fresh.error().message;
  store = std::move(*fresh);
  engine = std::make_unique<Engine>(store, random, EngineOptions{});
  auto started = engine->start(now);
  ASSERT_TRUE(started.ok()) << started.error().message;
  drain();
}

void Device::lose_power(test::CrashDisk& disk) {
  engine.reset();
  store.reset();
  disk.power_cycle();
  disk.heal();
  crash();
}

void Device::send_if_alive(Target target, const std::string& text) {
  if (try_send(std::move(target), text).ok()) promised.push_back(text);
}

void Device::crash() {
  engine.reset();
  store.reset();
  connection = {};
  connection_open = false;
  frames_.clear();
  requests.clear();
  events.clear();
  boot();
}

void Device::sign_in() {
  bool done = false;
  engine->login({"+491701234567", "000000"}, now, [&](Result<Account> account) {
    ASSERT_TRUE(account.ok()) << account.error().message;
    done = true;
  });
  respond(
      take_request(), 200,
      R"({"access_token":"A1","refresh_token":"R1","expires_in":2592000,"user_id":"100","device_id":"200"})");
  ASSERT_TRUE(done);
}

std::uint64_t Device::say_hello() {
  return say_hello(hello(server_clock));
}

std::uint64_t Device::say_hello(const lite::ServerFrame& hello) {
  if (!connection_open) {
    engine->connect(now, [](Result<void> r) { ASSERT_TRUE(r.ok()) << r.error().message; });
    drain();
  }
  EXPECT_TRUE(connection_open);
  engine->on_connected(connection, now);
  receive(hello);
  std::uint64_t cursor = 0;
  for (const auto& frame : frames_)
    if (frame.has_sync()) cursor = frame.sync().last_seen_message_id();
  std::erase_if(frames_, [](const lite::ClientFrame& f) { return f.has_sync(); });
  return cursor;
}

void Device::go_online() {
  const std::uint64_t cursor = say_hello();
  receive(synced(cursor));
  // The inbox of an account without a past.
  for (bool asked = true; asked;) {
    asked = false;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].what.path.rfind("/api/conversations?", 0) != 0) continue;
      const SendRequest request = std::move(requests[i]);
      requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(i));
      respond(request, 200, R"({"conversations":[]})");
      asked = true;
      break;
    }
  }
  ASSERT_EQ(engine->connection_state(), ConnectionState::online);
}

void Device::lose_connection(std::uint16_t code) {
  drain();
  connection_open = false;
  CloseReason reason;
  reason.code = code;
  engine->on_closed(connection, reason, now);
  drain();
}

void Device::pass(Milliseconds time) {
  const Milliseconds end = now.steady + time;
  const auto move_to = [this](Milliseconds steady) {
    now.wall += steady - now.steady;
    server_clock += steady - now.steady;
    now.steady = steady;
  };
  drain();
  for (int steps = 0; steps < 100'000; ++steps) {
    const auto due = engine->next_deadline();
    if (!due || *due > end) break;
    move_to(std::max(now.steady, *due));
    engine->on_timer(now);
    drain();
  }
  move_to(end);
  engine->on_timer(now);
  drain();
}

void Device::stay_online(Milliseconds time) {
  const Milliseconds end = now.steady + time;
  while (now.steady < end) {
    pass(std::min(Milliseconds{1000}, end - now.steady));
    engine->on_pong(connection, now);
    drain();
  }
}

void Device::receive(const lite::ServerFrame& frame) {
  receive_all({frame});
}

void Device::receive_all(const std::vector<lite::ServerFrame>& frames) {
  for (const auto& frame : frames) {
    const std::string bytes = frame.SerializeAsString();
    engine->on_frame(connection, as_bytes(bytes), now);
  }
  drain();
  // Batches are applied within a few milliseconds.
  pass(Milliseconds{20});
}

void Device::drain() {
  for (Effect& effect : engine->take_effects()) {
    if (auto* open = std::get_if<OpenConnection>(&effect)) {
      connection = open->connection;
      connection_open = true;
      ++opened;
    } else if (auto* send = std::get_if<SendFrame>(&effect)) {
      lite::ClientFrame frame;
      EXPECT_TRUE(frame.ParseFromArray(send->frame.data(), static_cast<int>(send->frame.size())));
      EXPECT_EQ(send->connection, connection);
      frames_.push_back(std::move(frame));
    } else if (auto* close = std::get_if<CloseConnection>(&effect)) {
      if (close->connection == connection) connection_open = false;
      closed_with.push_back(close->code);
    } else if (std::holds_alternative<SendPing>(effect)) {
      ++pings;
    } else if (auto* request = std::get_if<SendRequest>(&effect)) {
      requests.push_back(std::move(*request));
    } else if (auto* cancel = std::get_if<CancelRequest>(&effect)) {
      cancelled_requests.push_back(cancel->request);
    } else if (auto* timeline = std::get_if<TimelineChanged>(&effect)) {
      timeline_changes.push_back(std::move(*timeline));
    } else if (auto* list = std::get_if<ConversationListChanged>(&effect)) {
      list_changes.push_back(std::move(*list));
    }
  }
  for (Event& event : engine->take_events())
    events.push_back(std::move(event));
}

std::vector<lite::ClientFrame> Device::take_frames() {
  drain();
  return std::exchange(frames_, {});
}

std::vector<lite::OutgoingMessage> Device::take_messages() {
  std::vector<lite::OutgoingMessage> messages;
  for (const auto& frame : take_frames())
    if (frame.has_message()) messages.push_back(frame.message());
  return messages;
}

lite::OutgoingMessage Device::take_message() {
  auto messages = take_messages();
  EXPECT_EQ(messages.size(), 1u);
  return messages.empty() ? lite::OutgoingMessage{} : messages.front();
}

SendRequest Device::take_request() {
  drain();
  EXPECT_FALSE(requests.empty()) << "the engine has asked for nothing";
  if (requests.empty()) return {};
  SendRequest request = std::move(requests.front());
  requests.erase(requests.begin());
  return request;
}

void Device::respond(const SendRequest& request, int status, const std::string& body) {
  HttpResponse response;
  response.status = status;
  response.body = body;
  engine->on_response(request.request, std::move(response), now);
  drain();
}

Result<SendReceipt> Device::try_send(Target target, const std::string& text) {
  Result<SendReceipt> sent = Error(ErrorCode::internal, "no reply");
  engine->send(std::move(target), OutgoingMessage{text, {}, {}, {}}, now,
               [&](Result<SendReceipt> r) { sent = std::move(r); });
  drain();
  return sent;
}

LocalId Device::send(Target target, const std::string& text) {
  auto sent = try_send(std::move(target), text);
  EXPECT_TRUE(sent.ok()) << (sent.ok() ? "" : sent.error().message);
  return sent.ok() ? sent->local_id : LocalId{};
}

Message Device::message(LocalId id) {
  auto found = engine->message(id);
  EXPECT_TRUE(found.ok()) << (found.ok() ? "" : found.error().message);
  return found.ok() ? *found : Message{};
}

std::vector<MessageState> Device::life(LocalId id) {
  std::vector<MessageState> states;
  auto steps = engine->trace(id);
  EXPECT_TRUE(steps.ok());
  if (steps.ok())
    for (const Transition& step : *steps)
      states.push_back(step.state);
  return states;
}

std::vector<std::string> Device::texts(ConversationId conversation) {
  MessagesQuery query;
  query.conversation = conversation;
  query.limit = 100;
  auto page = engine->messages(query);
  EXPECT_TRUE(page.ok()) << (page.ok() ? "" : page.error().message);
  std::vector<std::string> found;
  if (page.ok())
    for (auto it = page->messages.rbegin(); it != page->messages.rend(); ++it)
      found.push_back(it->text);
  return found;
}

lite::ServerFrame hello(Timestamp server_time) {
  lite::ServerFrame frame;
  auto& h = *frame.mutable_hello();
  h.set_user_id(kMe.value);
  h.set_device_id(kDevice.value);
  h.set_server_time(to_unix_ms(server_time));
  h.mutable_limits()->set_frame_bytes(65536);
  return frame;
}

lite::ServerFrame synced(std::uint64_t id) {
  lite::ServerFrame frame;
  frame.mutable_synced()->set_last_message_id(id);
  return frame;
}

lite::ServerFrame ack_of(const lite::OutgoingMessage& message, std::uint64_t id, std::uint64_t conversation) {
  lite::ServerFrame frame;
  auto& ack = *frame.mutable_ack();
  ack.set_idempotency_key(message.idempotency_key());
  ack.set_message_id(id);
  ack.set_conversation_id(conversation);
  ack.set_status(lite::Status::sent);
  ack.set_created_at(kStart + 5);
  return frame;
}

lite::ServerFrame error_of(const lite::OutgoingMessage& message, const std::string& code) {
  lite::ServerFrame frame;
  frame.mutable_error()->set_code(code);
  frame.mutable_error()->set_idempotency_key(message.idempotency_key());
  return frame;
}

lite::ServerFrame message_from(UserId sender, std::uint64_t id, std::uint64_t conversation,
                               const std::string& text) {
  lite::ServerFrame frame;
  auto& m = *frame.mutable_message();
  m.set_message_id(id);
  m.set_conversation_id(conversation);
  m.set_sender_id(sender.value);
  m.set_sender_device_id(900);
  m.set_content(text);
  m.set_created_at(kStart + static_cast<std::int64_t>(id));
  m.set_status(lite::Status::sent);
  return frame;
}

lite::ServerFrame receipt(lite::Status::Value status, UserId user, std::uint64_t id,
                          std::uint64_t conversation, std::uint64_t message) {
  lite::ServerFrame frame;
  auto& item = *frame.mutable_receipts()->add_items();
  item.set_receipt_id(id);
  item.set_conversation_id(conversation);
  item.set_message_id(message);
  item.set_user_id(user.value);
  item.set_status(status);
  item.set_updated_at(kStart + 10);
  return frame;
}

lite::ServerFrame group_change(lite::Conversation::Change change, std::uint64_t id,
                               std::uint64_t conversation, const std::vector<UserId>& members,
                               const std::string& name) {
  lite::ServerFrame frame;
  auto& c = *frame.mutable_conversation();
  c.set_conversation_id(conversation);
  c.set_change(change);
  c.set_kind(lite::Conversation::group);
  c.set_name(name);
  c.set_change_id(id);
  c.set_updated_at(kStart + 1);
  for (UserId user : members) {
    auto& m = *c.add_members();
    m.set_user_id(user.value);
    m.set_role(user == kMe ? lite::Member::admin : lite::Member::member);
    m.set_joined_at(kStart);
  }
  return frame;
}

lite::ServerFrame joined(lite::ServerFrame frame, UserId user, std::uint64_t id) {
  for (auto& member : *frame.mutable_conversation()->mutable_members())
    if (member.user_id() == user.value) member.set_joined_id(id);
  return frame;
}

lite::ServerFrame direct_created(std::uint64_t id, std::uint64_t conversation, UserId peer) {
  lite::ServerFrame frame = group_change(lite::Conversation::created, id, conversation, {kMe, peer}, "");
  frame.mutable_conversation()->set_kind(lite::Conversation::direct);
  return frame;
}

}  // namespace sotto::engine::testing

// A device's network: what its engine asks of it, what comes back, and what a frame claims.
#include <utility>
#include <variant>

#include "sdk/engine/timing.hpp"
#include "sdk/store/store.hpp"
#include "sotto/v1/frames.pb.h"
#include "tests/simulation/sim_device.hpp"

namespace sotto::sim {

namespace {

// REST over a virtual network: one way.
constexpr Milliseconds kLeastDelay = 1ms;
constexpr Milliseconds kMostDelay = 40ms;
// How soon an end notices that the other has gone.
constexpr Milliseconds kResetAfter = 5ms;

/// A frame for the story.
template <class Frame>
std::string in_words(std::string_view bytes) {
  Frame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "no frame";
  auto words = frame.ShortDebugString();
  constexpr std::size_t kLine = 300;
  if (words.size() > kLine) words = words.substr(0, kLine) + "...";
  return words;
}

}  // namespace

void SimDevice::perform(engine::Effect& effect) {
  if (auto* open = std::get_if<engine::OpenConnection>(&effect)) return open_connection(*open);
  if (auto* request = std::get_if<engine::SendRequest>(&effect)) return send_request(*request);
  if (auto* cancel = std::get_if<engine::CancelRequest>(&effect)) {
    requests_.erase(cancel->request);
  } else if (auto* frame = std::get_if<engine::SendFrame>(&effect)) {
    if (link_ && frame->connection == connection_) {
      watch(as_text(frame->frame));
      world_.tell([&] {
        return "device " + std::to_string(number_) + " -> " +
               in_words<v1::ClientFrame>(as_text(frame->frame));
      });
      link_->to_server().send({Link::Kind::frame, std::string(as_text(frame->frame)), 0});
    }
  } else if (auto* ping = std::get_if<engine::SendPing>(&effect)) {
    if (link_ && ping->connection == connection_) link_->to_server().send({Link::Kind::ping, {}, 0});
  } else if (auto* close = std::get_if<engine::CloseConnection>(&effect)) {
    if (link_ && close->connection == connection_) {
      link_->to_server().send({Link::Kind::close, {}, close->code});
      link_.reset();
      connection_ = {};
    }
  }
}

void SimDevice::watch(std::string_view bytes) {
  v1::ClientFrame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return;
  if (frame.has_sync()) place_ = frame.sync().last_seen_message_id();
  const ConversationId conversation{frame.delivered().conversation_id()};
  for (const std::uint64_t id : frame.delivered().message_ids()) {
    if (!holds(conversation, id))
      complain("G5: said that it has message " + std::to_string(id) + ", and has not stored it");
    claims_.emplace_back(conversation, id);
  }
}

void SimDevice::watch_stream(std::string_view bytes) {
  v1::ServerFrame frame;
  if (!frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return complain("got what is no frame");
  auto next = [this](std::uint64_t id) {
    if (id <= place_)
      complain("G3: the server's stream goes back from " + std::to_string(place_) + " to " +
               std::to_string(id));
    place_ = std::max(place_, id);
  };
  if (frame.has_message()) next(frame.message().message_id());
  if (frame.has_conversation()) next(frame.conversation().change_id());
  for (const auto& item : frame.receipts().items())
    next(item.receipt_id());
}

void SimDevice::watch_ephemeral(const Link::Item& item) {
  // What was on its way when the block was answered, and what a look at the store from before it allowed.
  constexpr Milliseconds kUnderWay = 100ms;
  v1::ServerFrame frame;
  if (!account_ || !frame.ParseFromArray(item.bytes.data(), static_cast<int>(item.bytes.size()))) return;
  if (frame.has_typing()) {
    const UserId user{frame.typing().user_id()};
    if (user == account_->user_id) complain("G6: is told that its own person types");
    auto conversation = engine_->conversation(ConversationId{frame.typing().conversation_id()});
    const auto age = world_.now() - item.sent + kUnderWay;
    if (conversation && conversation->kind == ConversationKind::direct &&
        ledger_.silent_for(account_->user_id, user, age))
      complain("G6: is told that user " + to_string(user) + " types, although one has blocked the other");
  }
}

void SimDevice::check_claims() {
  for (const auto& [conversation, id] : std::exchange(claims_, {})) {
    if (!holds(conversation, id))
      complain("G5: said that it has message " + std::to_string(id) + ", and lost it when it died");
  }
}

bool SimDevice::holds(ConversationId conversation, std::uint64_t message) {
  auto page = engine_->messages({conversation, MessageId{message + 1}, {}, 1});
  return page && !page->messages.empty() && page->messages.front().message_id.value == message;
}

void SimDevice::open_connection(engine::OpenConnection& effect) {
  const auto connection = effect.connection;
  connection_ = connection;
  link_ = std::make_shared<Link>(world_, LinkQuality{kLeastDelay, kMostDelay});
  auto link = link_;
  link->to_client().on_item = [this, connection, weak = std::weak_ptr(link), life = life_](Link::Item item) {
    auto alive = weak.lock();
    if (alive && life == life_ && engine_) take(connection, alive, std::move(item));
  };
  if (!server_.is_up()) {
    after(kResetAfter, [this, connection] {
      closed(connection, {0, 0, Error(ErrorCode::network_unreachable, "the server is not there")});
    });
    return;
  }
  std::string token(as_text(effect.access_token.view()));
  after(world_.between(kLeastDelay, kMostDelay), [this, link, token, connection] {
    if (link->broken()) return;
    if (server_.is_up()) return server_.accept(link, token);
    closed(connection, {0, 0, Error(ErrorCode::network_unreachable, "the server is not there")});
  });
}

void SimDevice::take(engine::ConnectionNumber connection, const std::shared_ptr<Link>& link,
                     Link::Item item) {
  if (connection != connection_) return;
  switch (item.kind) {
    case Link::Kind::upgraded:
      engine_->on_connected(connection, now());
      break;
    case Link::Kind::refused:
      return closed(connection, {0, item.code, std::nullopt});
    case Link::Kind::frame:
      world_.tell([&] {
        return "device " + std::to_string(number_) + " <- " + in_words<v1::ServerFrame>(item.bytes);
      });
      if (revoked_ && item.sent > *revoked_)
        complain("G6: is signed out, and the server still sends " + in_words<v1::ServerFrame>(item.bytes));
      watch_stream(item.bytes);
      watch_ephemeral(item);
      engine_->on_frame(connection, as_bytes(item.bytes), now());
      break;
    case Link::Kind::ping:
      link->to_server().send({Link::Kind::pong, std::move(item.bytes), 0});
      break;
    case Link::Kind::pong:
      engine_->on_pong(connection, now());
      break;
    case Link::Kind::close:
      return closed(connection, {item.code, 0, std::nullopt});
  }
  settle();
}

void SimDevice::closed(engine::ConnectionNumber connection, engine::CloseReason reason) {
  if (connection != connection_ || !engine_) return;
  presence_.clear();
  if (link_) link_->break_now();
  link_.reset();
  connection_ = {};
  engine_->on_closed(connection, std::move(reason), now());
  settle();
}

void SimDevice::break_connection(bool this_end_notices, bool server_notices) {
  if (!link_) return;
  auto link = link_;
  link->break_now();
  if (server_notices) world_.after(kResetAfter, [this, link] { server_.forget(link); });
  if (this_end_notices) {
    after(kResetAfter, [this, connection = connection_] {
      closed(connection, {0, 0, Error(ErrorCode::connection_closed, "reset")});
    });
  }
}

void SimDevice::stall(Milliseconds how_long) {
  if (!link_) return;
  auto link = link_;
  link->to_client().stall(true);
  world_.after(how_long, [link] { link->to_client().stall(false); });
}

void SimDevice::on_server_death() {
  // Its machine's kernel says so at once, or is gone too and says nothing.
  if (world_.chance(70)) break_connection(true, false);
  for (auto request : requests_) {
    after(world_.between(1ms, 200ms), [this, request] {
      if (requests_.erase(request) == 0) return;
      engine_->on_request_failed(
          request, Error(ErrorCode::connection_closed, "the server closed the connection"), now());
    });
  }
}

void SimDevice::note_sign_out(const std::string& method, const std::string& path, DeviceId asker) {
  constexpr std::string_view kDevices = "/api/devices/";
  if (method == "POST" && path == "/api/auth/logout") ledger_.signed_out(asker);
  if (method == "DELETE" && path.starts_with(kDevices))
    ledger_.signed_out(DeviceId{std::stoull(path.substr(kDevices.size()))});
}

void SimDevice::send_request(engine::SendRequest& effect) {
  const auto number = effect.request;
  requests_.insert(number);
  world_.tell([&] {
    return "device " + std::to_string(number_) + " asks " + effect.what.method + " " + effect.what.path;
  });
  server::HttpRequest request;
  request.method = effect.what.method;
  const auto question = effect.what.path.find('?');
  request.path = effect.what.path.substr(0, question);
  if (question != std::string::npos) request.query = effect.what.path.substr(question + 1);
  for (auto& [name, value] : effect.what.headers)
    request.headers.push_back({name, value});
  if (!effect.what.bearer.empty()) {
    token_ = as_text(effect.what.bearer.view());
    request.headers.push_back({"Authorization", "Bearer " + token_});
  }
  if (!effect.what.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = effect.what.body;
  request.remote_address = "192.0.2." + std::to_string(number_ + 1);

  auto fail = [this, number](ErrorCode code) {
    if (requests_.erase(number) != 0) engine_->on_request_failed(number, Error(code, "simulated"), now());
  };
  // One in twenty is lost on the way there, one in twenty on the way back: the server has done it then.
  const bool lost = world_.chance(5);
  const bool answer_lost = world_.chance(5);
  // A proxy may repeat what it may repeat (RFC 9110 §9.2.2).
  const bool repeated = request.method != "POST" && world_.chance(3);
  after(engine::kRequestTimeout, [fail] { fail(ErrorCode::timed_out); });
  if (lost) return;
  after(world_.between(kLeastDelay, kMostDelay), [this, number, request, answer_lost, repeated, fail] {
    if (!server_.is_up()) return fail(ErrorCode::network_unreachable);
    if (repeated) server_.request(request, [](const server::HttpResponse&) {});
    // Signing in is open to everybody; all else needs tokens, which are void.
    const bool asked_signed_out = revoked_ && !request.path.ends_with("/login");
    server_.request(request, [this, number, answer_lost, asked_signed_out, method = request.method,
                              path = request.path, asker = account_ ? account_->device_id : DeviceId{},
                              life = life_](server::HttpResponse response) {
      if (response.status < 300) note_sign_out(method, path, asker);
      if (answer_lost || life != life_ || !engine_) return;
      after(world_.between(kLeastDelay, kMostDelay), [this, number, response, asked_signed_out, path] {
        if (requests_.erase(number) == 0) return;
        if (asked_signed_out && response.status < 300)
          complain("G6: is signed out, and the server still answers " + path);
        engine::HttpResponse answer{response.status, response.body, {}};
        for (const auto& header : response.headers) {
          if (header.name == "Retry-After")
            answer.retry_after = std::chrono::seconds(std::stoi(header.value));
        }
        engine_->on_response(number, std::move(answer), now());
      });
    });
  });
}

}  // namespace sotto::sim

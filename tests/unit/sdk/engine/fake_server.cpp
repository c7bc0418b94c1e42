#include "tests/unit/sdk/engine/fake_server.hpp"

namespace sotto::engine::testing {

FakeServer::FakeServer() {
  push(direct_created(next_id_, kChat.value, kPeer), next_id_);
  ++next_id_;
}

void FakeServer::say(UserId sender, const std::string& text) {
  push(message_from(sender, next_id_, kChat.value, text), next_id_);
  ++next_id_;
}

std::vector<std::string> FakeServer::texts() const {
  std::vector<std::string> found;
  for (const auto& [id, element] : stream_)
    if (element.has_message()) found.push_back(element.message().content());
  return found;
}

void FakeServer::answer(const lite::ClientFrame& frame, std::vector<lite::ServerFrame>& out) {
  if (frame.has_sync()) {
    pushed_ = frame.sync().last_seen_message_id();
    for (auto it = stream_.upper_bound(pushed_); it != stream_.end(); ++it)
      out.push_back(it->second);
    pushed_ = last_id();
    out.push_back(synced(pushed_));
    live_ = true;
  } else if (frame.has_message()) {
    const auto& m = frame.message();
    auto known = acks_.find(m.idempotency_key());
    if (known == acks_.end()) {
      auto element = message_from(kMe, next_id_, kChat.value, m.content());
      element.mutable_message()->set_idempotency_key(m.idempotency_key());
      push(element, next_id_);
      known = acks_.emplace(m.idempotency_key(), ack_of(m, next_id_, kChat.value)).first;
      ++next_id_;
    }
    out.push_back(known->second);
  } else if (frame.has_delivered()) {
    for (std::uint64_t id : frame.delivered().message_ids())
      ++delivered[id];
  } else if (frame.has_read()) {
    read_up_to = std::max(read_up_to, frame.read().up_to_message_id());
  } else if (frame.has_confirm()) {
    lite::ServerFrame confirmed;
    confirmed.mutable_confirmed()->set_number(frame.confirm().number());
    out.push_back(confirmed);
  }
}

void FakeServer::serve(Device& device, std::size_t budget) {
  device.drain();
  if (device.engine->connection_state() == ConnectionState::offline) device.engine->connect(device.now, {});
  device.drain();
  // The longest backoff is 30 s.
  for (int i = 0; i < 70 && !device.connection_open; ++i)
    device.pass(Milliseconds{500});
  if (!device.connection_open) return;
  live_ = false;
  device.engine->on_connected(device.connection, device.now);
  std::vector<lite::ServerFrame> out{hello()};
  for (int quiet = 0; quiet < 3;) {
    if (live_) {
      // Live frames; a message of this device is not pushed back to it.
      for (auto it = stream_.upper_bound(pushed_); it != stream_.end(); ++it)
        if (!it->second.has_message() || it->second.message().sender_id() != kMe.value)
          out.push_back(it->second);
      pushed_ = std::max(pushed_, last_id());
    }
    quiet = out.empty() ? quiet + 1 : 0;
    for (const auto& frame : std::exchange(out, {})) {
      if (budget-- == 0) return device.lose_connection();
      device.receive(frame);
      if (!device.connection_open) return;
    }
    device.pass(Milliseconds{1100});  // batches of receipts are a second
    for (const auto& frame : device.take_frames())
      answer(frame, out);
    for (auto& request : std::exchange(device.requests, {}))
      device.respond(request, 200, R"({"conversations":[]})");
  }
  // With the keep-alive the device asks whether everything it told is safe.
  device.pass(Milliseconds{25'000});
  for (const auto& frame : device.take_frames())
    answer(frame, out);
  device.receive_all(out);
  device.engine->on_pong(device.connection, device.now);
  device.drain();
}

}  // namespace sotto::engine::testing

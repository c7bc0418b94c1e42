// A session in a world without sockets, threads or a store: the sink remembers what is sent, the host what is
// asked of it, and a test plays the answers.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/gateway/session/frames.hpp"
#include "server/gateway/session/session.hpp"

namespace sotto::server {

/// Encoded by the client, decoded by the client.
inline v1::ServerFrame decoded(const OutgoingFrame& frame, WireFormat format = WireFormat::binary) {
  auto result = decode_server_frame(format, frame.payload());
  if (!result) {
    ADD_FAILURE() << "not a server frame: " << result.error().message;
    return {};
  }
  return *result;
}

class FakeSink final : public SessionSink {
 public:
  void send(FramePtr frame) override {
    queued += frame->wire().size();
    frames.push_back(decoded(*frame, format));
  }
  void ping(std::string_view payload) override {
    pings.emplace_back(payload);
    order.push_back("ping");
  }
  [[nodiscard]] std::size_t queued_bytes() const override { return queued; }
  void resume_reading() override { ++resumed; }
  void close(std::uint16_t code, std::string_view) override { closed_with = code; }

  /// What has been sent since the last call.
  std::vector<v1::ServerFrame> take() { return std::exchange(frames, {}); }

  WireFormat format = WireFormat::binary;
  std::vector<v1::ServerFrame> frames;
  std::vector<std::string> pings;
  std::vector<std::string> order;
  std::size_t queued = 0;
  int resumed = 0;
  std::uint16_t closed_with = 0;
};

class FakeHost final : public SessionHost {
 public:
  explicit FakeHost(const DeviceLimits& devices) : rates(devices) {}
  struct Page {
    Place after;
    Place receipts_after;
  };

  [[nodiscard]] const SessionSettings& settings() const override { return limits; }
  [[nodiscard]] Metrics& metrics() override { return counted; }
  [[nodiscard]] Timestamp now() const override { return time; }
  [[nodiscard]] std::int64_t monotonic_us() const override { return to_unix_ms(time) * 1000; }
  void wake_at(const Session&, Timestamp at) override { wake = std::min(wake, at); }
  bool submit(const Session&, NewMessage& message, const std::shared_ptr<SendBarrier>& raised) override {
    if (busy) return false;
    barrier = raised;
    submitted.push_back(std::move(message));
    return true;
  }
  bool read_page(const Session&, Place after, Place receipts_after) override {
    if (busy) return false;
    pages.push_back({after, receipts_after});
    return true;
  }
  bool check_token(const Session&, std::string token) override {
    if (busy) return false;
    checked_token = std::move(token);
    return true;
  }
  bool typing(const Session&, ConversationId conversation) override {
    if (!busy) typed.push_back(conversation);
    return !busy;
  }
  bool watch(const Session&, std::vector<UserId> users) override {
    if (!busy) watched.push_back(std::move(users));
    return !busy;
  }
  bool delivered(const Session&, ConversationId, std::span<const MessageId> ids) override {
    delivered_ids.insert(delivered_ids.end(), ids.begin(), ids.end());
    return receipts_room;
  }
  bool read_up_to(const Session&, ConversationId conversation, MessageId up_to) override {
    read.emplace_back(conversation, up_to);
    return receipts_room;
  }
  [[nodiscard]] bool receipts_have_room() const override { return receipts_room; }
  void confirm(const Session&, std::uint32_t number) override { confirms.push_back(number); }
  void heartbeat(const Session&) override { ++heartbeats; }
  void left(const Session&) override { ++left_calls; }

  [[nodiscard]] std::shared_ptr<DeviceRate> rate_of(DeviceId device) override {
    return rates.of(device, time);
  }

  SessionSettings limits;
  DeviceRates rates;
  Metrics counted;
  Timestamp time = from_unix_ms(1'800'000'000'000);
  Timestamp wake = Timestamp::max();
  bool busy = false;
  bool receipts_room = true;
  std::shared_ptr<SendBarrier> barrier;
  std::vector<NewMessage> submitted;
  std::vector<Page> pages;
  std::vector<ConversationId> typed;
  std::vector<std::vector<UserId>> watched;
  std::vector<MessageId> delivered_ids;
  std::vector<std::pair<ConversationId, MessageId>> read;
  std::vector<std::uint32_t> confirms;
  std::string checked_token;
  int heartbeats = 0;
  int left_calls = 0;
};

class SessionTest : public testing::Test {
 protected:
  explicit SessionTest(const DeviceLimits& devices = {}) : host(devices) {
    session.emplace(SessionRef{0, 1}, Caller{UserId{7}, DeviceId{70}}, WireFormat::binary, sink, host);
    session->start("token");
    sink.take();  // hello
  }

  // ---- the client
  bool receive(const v1::ClientFrame& frame) {
    return session->on_frame(encode_frame(WireFormat::binary, frame), false);
  }
  bool sync(std::uint64_t last_seen) {
    v1::ClientFrame frame;
    frame.mutable_sync()->set_last_seen_message_id(last_seen);
    return receive(frame);
  }
  static Uuid key(std::uint8_t n) {
    Uuid uuid;
    uuid.bytes.fill(n);
    return uuid;
  }
  bool send_message(std::uint8_t n, std::string content = "hello") {
    v1::ClientFrame frame;
    frame.mutable_message()->set_idempotency_key(to_string(key(n)));
    frame.mutable_message()->set_conversation_id(5);
    frame.mutable_message()->set_content(std::move(content));
    return receive(frame);
  }

  // ---- the store
  static ServiceResult<Ack> acked(std::uint8_t n) {
    Ack ack;
    ack.key = key(n);
    ack.id = MessageId{n};
    ack.conversation = ConversationId{5};
    return ack;
  }
  void answer(std::uint8_t n) { session->on_answered(key(n), acked(n)); }
  void fail(std::uint8_t n) { session->on_answered(key(n), storage_failed()); }

  static v1::ServerFrame message_frame(std::uint64_t id, std::size_t size = 5) {
    v1::ServerFrame frame;
    frame.mutable_message()->set_message_id(id);
    frame.mutable_message()->set_content(std::string(size, 'x'));
    return frame;
  }
  /// A page with these messages.
  void page(std::vector<std::uint64_t> ids, std::uint64_t snapshot, bool complete = true) {
    CatchUpPage result;
    result.read = true;
    for (const std::uint64_t id : ids)
      result.frames.push_back(make_frame(WireFormat::binary, message_frame(id)));
    result.next = Place{complete ? snapshot : ids.back()};
    result.complete = complete;
    result.snapshot = Place{snapshot};
    session->on_page(std::move(result));
  }
  void live(std::uint64_t id, std::size_t size = 5) {
    FrameSource frame(message_frame(id, size));
    session->on_live(Place{id}, frame);
  }
  void go_live(std::uint64_t snapshot = 100) {
    sync(1);
    page({}, snapshot);
    sink.take();
  }
  void advance(Milliseconds time) {
    host.time += time;
    host.wake = Timestamp::max();
    session->on_wake();
  }
  void client_reads_everything() {
    sink.queued = 0;
    session->on_written();
  }

  /// "message 5", "synced 9", "ack 1", "error internal": the story so far.
  std::vector<std::string> told() {
    std::vector<std::string> story;
    for (const v1::ServerFrame& frame : sink.take()) {
      switch (frame.frame_case()) {
        case v1::ServerFrame::kHello:
          story.push_back("hello");
          break;
        case v1::ServerFrame::kMessage:
          story.push_back("message " + std::to_string(frame.message().message_id()));
          break;
        case v1::ServerFrame::kSynced:
          story.push_back("synced " + std::to_string(frame.synced().last_message_id()));
          break;
        case v1::ServerFrame::kAck:
          story.push_back("ack " + std::to_string(frame.ack().message_id()));
          break;
        case v1::ServerFrame::kError:
          story.push_back("error " + frame.error().code());
          break;
        case v1::ServerFrame::kGoingAway:
          story.push_back("going_away");
          break;
        default:
          story.push_back("frame " + std::to_string(frame.frame_case()));
      }
    }
    return story;
  }

  FakeSink sink;
  FakeHost host;
  std::optional<Session> session;
};

}  // namespace sotto::server

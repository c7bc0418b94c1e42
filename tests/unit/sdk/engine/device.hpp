// A device under test: an engine on a store in a folder of its own, with a server that is scripted frame by
// frame and a clock that only moves when told.
//
//   Device device;
//   device.sign_in();
//   device.go_online();
//   LocalId id = device.send(UserId{7}, "hello");
//   device.receive(ack_of(device.last_message(), 500, 900));
//   EXPECT_EQ(device.message(id).state, MessageState::sent);
//   device.crash();                                     // the engine is gone, what was committed is not
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/engine/engine.hpp"
#include "sotto/lite/frames.pb.h"

namespace sotto::test {
class CrashDisk;
}

namespace sotto::engine::testing {

inline constexpr UserId kMe{100};
inline constexpr DeviceId kDevice{200};
inline constexpr UserId kPeer{101};
inline constexpr UserId kThird{102};
inline constexpr ConversationId kChat{900};  // a direct conversation with kPeer
inline constexpr ConversationId kGroup{901};
using State = MessageState;
inline constexpr std::int64_t kStart = 1'790'000'000'000;  // some day in 2026

class Device {
 public:
  Device();
  /// On a disk that can fail.
  explicit Device(test::CrashDisk& disk);
  ~Device();

  // ---- life
  void boot();
  /// The engine disappears without any goodbye; a new one starts on what was stored.
  void crash();
  /// The same when the power goes, of `disk`.
  void lose_power(test::CrashDisk& disk);
  void sign_in();
  /// Connects, says hello, and answers the sync with synced.
  void go_online();
  /// Connects up to hello, with the server's clock as it is; returns the sync frame's cursor.
  std::uint64_t say_hello();
  std::uint64_t say_hello(const lite::ServerFrame& hello);
  void lose_connection(std::uint16_t code = 0);
  /// Lets time pass, calling on_timer at each deadline on the way.
  void pass(Milliseconds time);
  /// The same, with a server that answers pings.
  void stay_online(Milliseconds time);

  // ---- the server's side
  void receive(const lite::ServerFrame& frame);
  void receive_all(const std::vector<lite::ServerFrame>& frames);
  /// Frames the engine has sent since the last call.
  std::vector<lite::ClientFrame> take_frames();
  std::vector<lite::OutgoingMessage> take_messages();
  /// The only message it has sent since.
  lite::OutgoingMessage take_message();
  /// The oldest unanswered request.
  SendRequest take_request();
  void respond(const SendRequest& request, int status, const std::string& body = "{}");

  // ---- the app's side
  LocalId send(Target target, const std::string& text);
  /// Where the disk may be gone; what was answered with success is in `promised`.
  void send_if_alive(Target target, const std::string& text);
  std::vector<std::string> promised;
  Result<SendReceipt> try_send(Target target, const std::string& text);
  Message message(LocalId id);
  /// States a message went through.
  std::vector<MessageState> life(LocalId id);
  std::vector<std::string> texts(ConversationId conversation);
  template <class T>
  std::vector<T> take_events();

  // ---- plumbing
  /// Takes effects and events out of the engine; opens connections in name only.
  void drain();
  ConnectionNumber connection{};
  bool connection_open = false;
  std::vector<std::uint16_t> closed_with;
  std::size_t opened = 0;
  std::size_t pings = 0;
  std::vector<TimelineChanged> timeline_changes;
  std::vector<ConversationListChanged> list_changes;
  std::vector<Event> events;
  std::vector<SendRequest> requests;
  std::vector<RequestNumber> cancelled_requests;

  std::filesystem::path directory;
  SeededRandom random{7};
  Now now{Milliseconds{1000}, from_unix_ms(kStart)};
  /// Of the server: only `pass` moves it.
  Timestamp server_clock = from_unix_ms(kStart);
  std::shared_ptr<store::Store> store;
  std::unique_ptr<Engine> engine;

 private:
  std::vector<lite::ClientFrame> frames_;
  const char* vfs_ = nullptr;
};

template <class T>
std::vector<T> Device::take_events() {
  drain();
  std::vector<T> found;
  std::erase_if(events, [&](const Event& event) {
    const auto* e = std::get_if<T>(&event);
    if (e != nullptr) found.push_back(*e);
    return e != nullptr;
  });
  return found;
}

// ---- frames of the server
lite::ServerFrame hello(Timestamp server_time = from_unix_ms(kStart));
lite::ServerFrame synced(std::uint64_t id);
lite::ServerFrame ack_of(const lite::OutgoingMessage& message, std::uint64_t id, std::uint64_t conversation);
lite::ServerFrame error_of(const lite::OutgoingMessage& message, const std::string& code);
lite::ServerFrame message_from(UserId sender, std::uint64_t id, std::uint64_t conversation,
                               const std::string& text);
lite::ServerFrame receipt(lite::Status::Value status, UserId user, std::uint64_t id,
                          std::uint64_t conversation, std::uint64_t message);
lite::ServerFrame group_change(lite::Conversation::Change change, std::uint64_t id,
                               std::uint64_t conversation, const std::vector<UserId>& members,
                               const std::string& name = "group");
/// The frame with `user` as a member since the change `id`; the others have always been in it.
lite::ServerFrame joined(lite::ServerFrame frame, UserId user, std::uint64_t id);
lite::ServerFrame direct_created(std::uint64_t id, std::uint64_t conversation, UserId peer);

}  // namespace sotto::engine::testing

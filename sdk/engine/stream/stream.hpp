// What the server sends: every frame comes in here.
//
// The durable ones (message, receipts, conversation, gap) are one stream in ascending order of ids. They are
// collected and applied in batches, each in one transaction with the cursor: after a crash at any point the
// next connection goes on exactly where the store is. The cursor is the highest id applied; everything below
// it has been. The rest (ack, error, typing, presence, hello, ...) goes to its part at once.
//
// The cursor goes back only where the server's stream is another one than it was (protocol.md, "When a server
// is restored").
//
// Whatever arrives is taken as hostile: what breaks the protocol ends the connection with an error event,
// after everything before it has been stored.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/engine/core.hpp"
#include "sdk/engine/outbox/directory.hpp"
#include "sdk/engine/outbox/outbox.hpp"
#include "sdk/engine/session/session.hpp"
#include "sdk/engine/stream/presence.hpp"
#include "sdk/engine/stream/receipts.hpp"

namespace sotto::lite {
class Conversation;
class Error;
class Gap;
class Message;
class Receipts_Item;
class ServerFrame;
}  // namespace sotto::lite

namespace sotto::engine {

class Reading;

class Stream final : public Part {
 public:
  Stream(Core& core, Session& session, Directory& directory, Outbox& outbox, Receipts& receipts,
         Presence& presence, Reading& reading);
  ~Stream() override;

  void on_frame(ByteView frame);
  /// Applies what has been collected now: before the connection is given up.
  void apply_batch();

  void load() override;
  void connected() override;
  void disconnected() override;
  void work() override;
  [[nodiscard]] std::optional<Milliseconds> deadline() const override;

 private:
  void on_error(const lite::Error& error);
  void collect(std::unique_ptr<lite::ServerFrame> frame, std::size_t bytes);
  void drop_batch();

  /// These return false for what breaks the protocol; nothing after it is looked at.
  bool apply(const lite::ServerFrame& frame);
  bool apply_message(const lite::Message& message);
  bool apply_receipt(const lite::Receipts_Item& item);
  bool apply_conversation(const lite::Conversation& change);
  bool apply_gap(const lite::Gap& gap);
  bool refuse(const std::string& what);

  void store_message(const lite::Message& message, bool mine);
  /// The stream has come to this id.
  void advance(std::uint64_t id);
  /// Asks for the stream from the cursor on.
  void sync();
  /// The server was restored, or does not know the cursor: goes on from an earlier place. What comes again is
  /// known by its id.
  void go_back(std::uint64_t place);

  Core& core_;
  Session& session_;
  Directory& directory_;
  Outbox& outbox_;
  Receipts& receipts_;
  Presence& presence_;
  Reading& reading_;

  std::vector<std::unique_ptr<lite::ServerFrame>> batch_;
  std::size_t batch_items_ = 0;
  std::size_t batch_bytes_ = 0;
  std::optional<Milliseconds> apply_at_;
  Milliseconds applied_at_{0};
  std::uint64_t stored_cursor_ = 0;  ///< as the store has it, or will with this input
  bool synced_ = false;
  std::uint64_t caught_up_items_ = 0;
};

}  // namespace sotto::engine

// What `sotto chat` knows and does, apart from drawing: which conversation is open, what has been typed, and
// the commands.
//
//   ChatSession session(client);
//   session.handle(event);      // everything client.poll() brings
//   session.press(key);
//   screen.draw(session.picture());
//
// One thread: the one that polls the client.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/cli/chat/chat_screen.hpp"
#include "sdk/cli/chat/line_editor.hpp"
#include "sdk/cli/chat/names.hpp"
#include "sotto/client.hpp"

namespace sotto::cli {

class ChatSession {
 public:
  explicit ChatSession(Client& client);

  void handle(const Event& event);
  /// Takes the views' differences; after every poll of the client.
  void refresh();
  void press(const KeyPress& key, std::size_t page_height);
  void run(std::string_view line);  ///< as if it had been typed and entered
  [[nodiscard]] ChatPicture picture();
  [[nodiscard]] bool has_ended() const { return ended_; }
  /// Somebody wrote in a conversation that is not open, since the last call: ring the bell.
  bool take_bell() { return std::exchange(bell_, false); }

 private:
  using Arguments = std::vector<std::string>;

  void open(ConversationId conversation);
  void move(int by);
  void enter();
  void send(std::string text);
  void command(const std::string& name, const Arguments& arguments, const std::string& rest);
  void start_chat(const std::string& phone);
  void create_group(const Arguments& arguments);
  void add_members(const Arguments& phones);
  void show_members();
  void search(const std::string& text);
  void retry_failed(bool drop);
  void load_older();
  void mark_open_read();
  void say(std::string notice) { notice_ = std::move(notice); }
  /// A handler that says what went wrong, or `done`.
  Done<void> report(std::string done);

  [[nodiscard]] const Conversation* open_conversation() const;
  [[nodiscard]] std::string title_of(const Conversation& conversation);
  [[nodiscard]] std::vector<ChatLine> lines();
  [[nodiscard]] bool is_typing(ConversationId conversation) const;

  Client& client_;
  std::shared_ptr<ConversationList> list_;
  std::shared_ptr<Timeline> timeline_;
  ConversationId open_id_;
  LineEditor line_;
  Names names_;
  std::map<ConversationId, std::chrono::steady_clock::time_point> typing_until_;
  ConnectionState connection_ = ConnectionState::offline;
  std::string connection_cause_;
  std::string notice_;
  std::size_t scrolled_up_ = 0;
  MessageId told_read_;
  bool bell_ = false;
  bool ended_ = false;
};

}  // namespace sotto::cli

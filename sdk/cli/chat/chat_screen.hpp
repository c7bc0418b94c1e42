// Draws `sotto chat` with ncurses, all of it through one function that makes text harmless (text_layout.hpp).
// It knows nothing of the SDK's client: it is given what to show, whole, and gives back keys.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sotto::cli {

struct ChatListRow {
  std::string name;
  std::size_t unread = 0;
  bool is_open = false;
  bool is_typing = false;
};

/// One message, or a line between messages ("Tuesday, 24 November").
struct ChatLine {
  std::string time;    ///< "10:02"; "" for a line between messages
  std::string sender;  ///< "" for the own
  std::string text;
  std::string ticks;            ///< "✓✓"
  bool ticks_are_read = false;  ///< drawn in another colour
  bool is_mine = false;
  bool is_problem = false;  ///< failed: drawn in red
};

struct ChatPicture {
  std::string title;       ///< of the open conversation
  std::string connection;  ///< "" when all is well
  std::string notice;      ///< the last answer to a command, or an error; may have several lines
  std::vector<ChatListRow> list;
  std::vector<ChatLine> lines;  ///< oldest first
  std::size_t scrolled_up = 0;  ///< terminal lines from the end
  std::string input;
  std::size_t input_cursor = 0;  ///< in bytes
};

enum class Key {
  text,
  enter,
  new_line,
  backspace,
  erase,
  left,
  right,
  up,
  down,
  home,
  end,
  page_up,
  page_down,
  next,
  previous,
  erase_word,
  erase_line,
  redraw,
  quit
};

struct KeyPress {
  Key key;
  std::string text;  ///< with Key::text: one character
};

class ChatScreen {
 public:
  ChatScreen();
  ~ChatScreen();
  ChatScreen(const ChatScreen&) = delete;
  ChatScreen& operator=(const ChatScreen&) = delete;

  void draw(const ChatPicture& picture);
  void ring();
  /// The next key, or nothing where none is waiting.
  std::optional<KeyPress> read_key();
  /// Terminal lines that the messages have room for, as of the last `draw`.
  [[nodiscard]] std::size_t page_height() const { return page_height_; }

 private:
  std::size_t page_height_ = 1;
  bool escape_pending_ = false;
};

}  // namespace sotto::cli

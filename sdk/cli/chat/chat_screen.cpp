#include "sdk/cli/chat/chat_screen.hpp"

#define NCURSES_WIDECHAR 1
#include <algorithm>
#include <cstdlib>
#include <cwchar>
#include <string_view>
#include <utility>

#include "sdk/cli/chat/text_layout.hpp"
#include <curses.h>

namespace sotto::cli {

namespace {

enum Colour : short { kPlain = 0, kMine = 1, kTheirs = 2, kQuiet = 3, kProblem = 4, kUnread = 5 };

constexpr int kListWidth = 24;  // columns; a name and a badge
constexpr int kNarrow = 60;     // below this the list is left out, and the conversation has it all
constexpr int kMaxInputLines = 5;
constexpr int kLeastMessageLines = 1;  // stay in sight however long a notice is

struct Area {
  int top, left, height, width;
};

/// Everything that is drawn. Text is measured and cut before, so it is made harmless before as well; what is
/// here for all cannot be forgotten.
void put(int y, int x, const std::string& text, attr_t attributes = A_NORMAL, short colour = kPlain) {
  std::string shown = harmless(text);
  std::replace(shown.begin(), shown.end(), '\n', ' ');
  attr_set(attributes, colour, nullptr);
  mvaddnstr(y, x, shown.c_str(), static_cast<int>(shown.size()));
  attr_set(A_NORMAL, kPlain, nullptr);
}

void draw_list(const std::vector<ChatListRow>& rows, const Area& area) {
  // The open conversation stays in sight.
  const auto open = std::find_if(rows.begin(), rows.end(), [](const auto& row) { return row.is_open; });
  const auto height = static_cast<std::size_t>(area.height);
  const auto open_at = open == rows.end() ? 0 : static_cast<std::size_t>(open - rows.begin());
  const std::size_t from = open_at >= height ? open_at - height + 1 : 0;
  for (std::size_t i = from; i < rows.size() && i - from < height; ++i) {
    const auto& row = rows[i];
    const int y = area.top + static_cast<int>(i - from);
    std::string badge = row.is_typing ? " …" : row.unread != 0 ? " " + std::to_string(row.unread) : "";
    const auto room = static_cast<std::size_t>(area.width) - 3 - columns(badge);
    put(y, area.left, row.is_open ? "▌" : " ", A_BOLD, kMine);
    put(y, area.left + 1, fit(harmless(row.name), room), row.is_open || row.unread != 0 ? A_BOLD : A_NORMAL);
    put(y, area.left + area.width - 2 - static_cast<int>(columns(badge)), badge, A_BOLD, kUnread);
  }
}

struct Printed {
  std::string text;
  short colour;
  attr_t attributes;
  std::string prefix;
  std::string ticks;
  short ticks_colour;
};

/// One message as terminal lines.
void print(const ChatLine& line, std::size_t width, std::vector<Printed>& out) {
  if (line.time.empty()) {
    out.push_back({fit("── " + harmless(line.text) + " ──", width), kQuiet, A_NORMAL, "", "", kPlain});
    return;
  }
  const std::string who = line.is_mine ? "You" : harmless(line.sender);
  const std::string prefix = line.time + " " + fit(who, 16) + "  ";
  const auto indent = columns(prefix);
  const auto room = std::max<std::size_t>(width > indent + 8 ? width - indent - 4 : 8, 8);
  const short colour = line.is_problem ? kProblem : line.is_mine ? kMine : kTheirs;
  bool first = true;
  for (auto& text : wrap(harmless(line.text), room)) {
    out.push_back(
        {std::string(first ? 0 : indent, ' ') + text, colour, A_NORMAL, first ? prefix : "", "", kPlain});
    first = false;
  }
  const std::string ticks = harmless(line.ticks);
  const auto used = columns(out.back().prefix) + columns(out.back().text) + 1;
  if (used + columns(ticks) <= width) {
    out.back().ticks = ticks;
    out.back().ticks_colour = line.ticks_are_read ? kUnread : kQuiet;
    return;
  }
  for (auto& text : wrap(ticks, room))
    out.push_back(
        {std::string(indent, ' ') + text, line.is_problem ? kProblem : kQuiet, A_NORMAL, "", "", kPlain});
}

void draw_lines(const ChatPicture& picture, const Area& area) {
  std::vector<Printed> printed;
  for (const auto& line : picture.lines)
    print(line, static_cast<std::size_t>(area.width), printed);
  const auto height = static_cast<std::size_t>(area.height);
  const auto scrolled = std::min(picture.scrolled_up, printed.size() > height ? printed.size() - height : 0);
  const auto end = printed.size() - scrolled;
  const auto from = end > height ? end - height : 0;
  int y = area.top + area.height - static_cast<int>(end - from);
  for (auto i = from; i < end; ++i, ++y) {
    const auto& line = printed[i];
    int x = area.left;
    if (!line.prefix.empty()) {
      put(y, x, line.prefix, A_BOLD, line.colour);
      x += static_cast<int>(columns(line.prefix));
    }
    put(y, x, line.text, line.attributes,
        line.colour == kQuiet || line.colour == kProblem ? line.colour : short{kPlain});
    if (!line.ticks.empty())
      put(y, x + static_cast<int>(columns(line.text)) + 1, line.ticks, A_BOLD, line.ticks_colour);
  }
}

/// A notice as lines, at most `most`; the last says that there is more.
std::vector<std::string> notice_lines(const std::string& notice, int width, int most) {
  auto lines = wrap(harmless(notice), static_cast<std::size_t>(std::max(width - 1, 2)));
  const auto room = static_cast<std::size_t>(std::max(most, 1));
  if (lines.size() > room) {
    lines.resize(room);
    lines.back() = "… (the window is too small for the rest)";
    lines.back() = fit(lines.back(), static_cast<std::size_t>(std::max(width - 1, 2)));
  }
  return lines;
}

/// The input line, which grows upwards to a few lines; returns how many it took.
int draw_input(const ChatPicture& picture, int bottom, int left, int width) {
  const std::string before = picture.input.substr(0, picture.input_cursor);
  auto room = static_cast<std::size_t>(std::max(width - 3, 4));
  auto lines = wrap(picture.input, room);
  auto up_to_cursor = wrap(before, room);
  const int total = std::min(static_cast<int>(lines.size()), kMaxInputLines);
  const int skipped = std::max(0, static_cast<int>(up_to_cursor.size()) - total);
  const int top = bottom - total + 1;
  for (int i = 0; i < total && i + skipped < static_cast<int>(lines.size()); ++i) {
    put(top + i, left, i + skipped == 0 ? "›" : " ", A_BOLD, kMine);
    put(top + i, left + 2, lines[static_cast<std::size_t>(i) + static_cast<std::size_t>(skipped)]);
  }
  const int trailing = !before.empty() && before.back() == ' ' ? 1 : 0;
  move(top + static_cast<int>(up_to_cursor.size()) - 1 - skipped,
       std::min(left + 2 + static_cast<int>(columns(up_to_cursor.back())) + trailing, left + width - 1));
  return total;
}

/// Alt with an arrow has no fixed code; terminfo names it. Anything else (KEY_RESIZE among it) only redraws.
KeyPress extended_key(int code) {
  const char* name = keyname(code);
  const std::string_view key = name != nullptr ? name : "";
  if (key == "kUP3") return {Key::previous, ""};
  if (key == "kDN3") return {Key::next, ""};
  return {Key::redraw, ""};
}

}  // namespace

ChatScreen::ChatScreen() {
  ESCDELAY = 25;  // ms between Esc and the rest of an Alt combination; the default of a second feels broken
  initscr();
  raw();
  noecho();
  nonl();
  keypad(stdscr, true);
  nodelay(stdscr, true);
  if (std::getenv("NO_COLOR") == nullptr && has_colors()) {
    start_color();
    use_default_colors();
    init_pair(kMine, COLOR_CYAN, -1);
    init_pair(kTheirs, COLOR_YELLOW, -1);
    init_pair(kQuiet, COLOR_BLUE, -1);
    init_pair(kProblem, COLOR_RED, -1);
    init_pair(kUnread, COLOR_GREEN, -1);
  }
}

ChatScreen::~ChatScreen() {
  endwin();
}

void ChatScreen::ring() {
  beep();
}

void ChatScreen::draw(const ChatPicture& picture) {
  erase();
  const bool with_list = COLS >= kNarrow;
  const int left = with_list ? kListWidth : 0;
  const int width = COLS - left;
  if (LINES < 5 || COLS < 20) {
    put(0, 0, "too small");
    refresh();
    return;
  }
  std::string title = fit(harmless(picture.title), static_cast<std::size_t>(std::max(width - 2, 1)));
  put(0, left, title, A_BOLD);
  if (!picture.connection.empty()) {
    const auto note = fit(harmless(picture.connection), static_cast<std::size_t>(width / 2));
    put(0, COLS - static_cast<int>(columns(note)) - 1, note, A_BOLD, kProblem);
  }
  if (with_list) {
    put(0, 1, "Chats", A_BOLD);
    for (int y = 0; y < LINES; ++y)
      put(y, kListWidth - 2, "│", A_NORMAL, kQuiet);
    draw_list(picture.list, {1, 0, LINES - 1, kListWidth - 2});
  }
  const auto input_lines = std::min<int>(
      static_cast<int>(wrap(picture.input, static_cast<std::size_t>(std::max(width - 3, 4))).size()),
      kMaxInputLines);
  const auto notice = notice_lines(picture.notice, width, LINES - input_lines - kLeastMessageLines - 1);
  const int notice_y = LINES - input_lines - static_cast<int>(notice.size());
  const Area messages{1, left, std::max(notice_y - 1, 1), width};
  page_height_ = static_cast<std::size_t>(messages.height);
  draw_lines(picture, messages);
  for (std::size_t i = 0; i < notice.size(); ++i)
    put(notice_y + static_cast<int>(i), left, notice[i], A_NORMAL, kQuiet);
  draw_input(picture, LINES - 1, left, width);
  refresh();
}

std::optional<KeyPress> ChatScreen::read_key() {
  wint_t code = 0;
  const int kind = get_wch(&code);
  if (kind == ERR) {
    if (!escape_pending_) return std::nullopt;
    escape_pending_ = false;
    return KeyPress{Key::redraw, ""};  // Esc alone
  }
  const bool alt = std::exchange(escape_pending_, false);
  if (kind == KEY_CODE_YES) {
    switch (code) {
      case KEY_ENTER:
        return KeyPress{Key::enter, ""};
      case KEY_BACKSPACE:
        return KeyPress{Key::backspace, ""};
      case KEY_DC:
        return KeyPress{Key::erase, ""};
      case KEY_LEFT:
        return KeyPress{Key::left, ""};
      case KEY_RIGHT:
        return KeyPress{Key::right, ""};
      case KEY_UP:
        return KeyPress{alt ? Key::previous : Key::up, ""};
      case KEY_DOWN:
        return KeyPress{alt ? Key::next : Key::down, ""};
      case KEY_HOME:
        return KeyPress{Key::home, ""};
      case KEY_END:
        return KeyPress{Key::end, ""};
      case KEY_PPAGE:
        return KeyPress{Key::page_up, ""};
      case KEY_NPAGE:
        return KeyPress{Key::page_down, ""};
      case KEY_BTAB:
        return KeyPress{Key::previous, ""};
      default:
        return extended_key(static_cast<int>(code));
    }
  }
  switch (code) {
    case 27:
      escape_pending_ = true;
      return read_key();
    case '\r':
      return KeyPress{alt ? Key::new_line : Key::enter, ""};
    case '\n':
      return KeyPress{Key::new_line, ""};  // Ctrl-J
    case '\t':
      return KeyPress{Key::next, ""};
    case 127:
    case 8:
      return KeyPress{alt ? Key::erase_word : Key::backspace, ""};
    case 1:
      return KeyPress{Key::home, ""};  // Ctrl-A
    case 3:                            // Ctrl-C
    case 4:
      return KeyPress{Key::quit, ""};  // Ctrl-D
    case 5:
      return KeyPress{Key::end, ""};  // Ctrl-E
    case 12:
      clear();
      return KeyPress{Key::redraw, ""};  // Ctrl-L
    case 14:
      return KeyPress{Key::next, ""};  // Ctrl-N
    case 16:
      return KeyPress{Key::previous, ""};  // Ctrl-P
    case 21:
      return KeyPress{Key::erase_line, ""};  // Ctrl-U
    case 23:
      return KeyPress{Key::erase_word, ""};  // Ctrl-W
    default:
      break;
  }
  if (code < 0x20) return KeyPress{Key::redraw, ""};
  std::string bytes(MB_CUR_MAX, '\0');
  std::mbstate_t state{};
  const auto n = std::wcrtomb(bytes.data(), static_cast<wchar_t>(code), &state);
  if (n == static_cast<std::size_t>(-1)) return KeyPress{Key::redraw, ""};
  bytes.resize(n);
  return KeyPress{Key::text, bytes};
}

}  // namespace sotto::cli

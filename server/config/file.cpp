#include "server/config/file.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace sotto::server {
namespace {

bool is_key_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// What a word without quotes may be made of: numbers, durations, sizes, addresses, paths.
bool is_bare_character(char c) {
  return is_key_character(c) || std::string_view("./:+*").find(c) != std::string_view::npos;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  Result<std::vector<FileEntry>, FileProblem> parse() {
    std::vector<FileEntry> entries;
    for (skip_blank_lines(); !rest_.empty(); skip_blank_lines()) {
      FileEntry entry;
      entry.line = line_;
      if (!parse_key(entry.key) || !parse_value(entry) || !expect_end_of_line(entry.key)) return *problem_;
      const auto same = std::find_if(entries.begin(), entries.end(),
                                     [&](const FileEntry& other) { return other.key == entry.key; });
      if (same != entries.end()) {
        fail(entry.key + ": is set already, in line " + std::to_string(same->line));
        problem_->line = entry.line;
        return *problem_;
      }
      entries.push_back(std::move(entry));
    }
    return entries;
  }

 private:
  bool fail(std::string text) {
    problem_ = FileProblem{line_, std::move(text)};
    return false;
  }

  void advance() {
    if (rest_.front() == '\n') ++line_;
    rest_.remove_prefix(1);
  }
  [[nodiscard]] bool at(char c) const { return !rest_.empty() && rest_.front() == c; }
  [[nodiscard]] bool at_end_of_line() const { return rest_.empty() || at('\n') || rest_.starts_with("\r\n"); }

  void skip_spaces() {
    while (at(' ') || at('\t'))
      advance();
  }
  void skip_comment() {
    if (at('#'))
      while (!at_end_of_line())
        advance();
  }
  void skip_blank_lines() {
    while (true) {
      skip_spaces();
      skip_comment();
      if (rest_.empty() || !at_end_of_line()) return;
      while (at('\r') || at('\n'))
        advance();
    }
  }

  bool parse_key(std::string& key) {
    // Longer than any setting's name; what is longer is no name and not worth a line of its own.
    constexpr std::size_t kMaxKey = 64;
    if (at('[')) return fail("sections like [this] are not used; give each setting on a line of its own");
    while (!rest_.empty() && is_key_character(rest_.front())) {
      if (key.size() == kMaxKey) return fail(key + "...: is too long for the name of a setting");
      key += rest_.front();
      advance();
    }
    skip_spaces();
    if (key.empty()) return fail("a line has to begin with the name of a setting");
    if (!at('=')) return fail(key + ": needs a value, as in " + key + " = ...");
    advance();
    skip_spaces();
    return true;
  }

  bool parse_value(FileEntry& entry) {
    if (!at('[')) return parse_single(entry.key, entry.value);
    entry.array = true;
    advance();
    for (skip_blank_lines(); !at(']'); skip_blank_lines()) {
      if (rest_.empty())
        return fail(entry.key + ": the list that begins in line " + std::to_string(entry.line) +
                    " has no closing ]");
      std::string item;
      if (!parse_single(entry.key, item)) return false;
      if (item.find(',') != std::string::npos) return fail(entry.key + ": an item holds a comma");
      entry.value += (entry.value.empty() ? "" : ", ") + item;
      skip_blank_lines();
      if (at(','))
        advance();
      else if (!at(']'))
        return fail(entry.key + ": a comma or ] is missing in the list");
    }
    advance();
    return true;
  }

  bool parse_single(const std::string& key, std::string& value) {
    if (at('"') || at('\'')) return parse_quoted(key, value);
    while (!rest_.empty() && is_bare_character(rest_.front())) {
      value += rest_.front();
      advance();
    }
    if (value.empty())
      return fail(at_end_of_line() ? key + ": has no value" : key + ": the value needs quotes around it");
    return true;
  }

  bool parse_quoted(const std::string& key, std::string& value) {
    const char quote = rest_.front();
    advance();
    while (!at(quote)) {
      if (at_end_of_line()) return fail(key + ": the closing " + quote + " is missing");
      if (quote == '"' && at('\\')) {
        advance();
        if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\\'))
          return fail(key + ": after a backslash only \\ or \" may follow; or use 'single quotes'");
      }
      value += rest_.front();
      advance();
    }
    advance();
    return true;
  }

  bool expect_end_of_line(const std::string& key) {
    skip_spaces();
    skip_comment();
    return at_end_of_line() || fail(key + ": there is something behind the value; does it need quotes?");
  }

  std::string_view rest_;
  std::size_t line_ = 1;
  std::optional<FileProblem> problem_;
};

}  // namespace

Result<std::vector<FileEntry>, FileProblem> parse_config_file(std::string_view text) {
  if (!is_valid_utf8(text)) {
    std::size_t line = 1;
    for (std::size_t start = 0; start < text.size(); ++line) {
      const auto end = std::min(text.find('\n', start), text.size());
      if (!is_valid_utf8(text.substr(start, end - start))) break;
      start = end + 1;
    }
    return FileProblem{line, "is not UTF-8 text"};
  }
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
    return FileProblem{static_cast<std::size_t>(line), "holds a zero byte; is this a text file?"};
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // some editors put a byte order mark there
  return Parser(text).parse();
}

}  // namespace sotto::server

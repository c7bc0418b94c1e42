#include "sdk/cli/chat/line_editor.hpp"

#include <cstdint>
#include <utility>

namespace sotto::cli {

namespace {
bool continues_a_character(char c) {
  return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80;
}

std::size_t previous(const std::string& text, std::size_t at) {
  while (at > 0 && continues_a_character(text[--at])) {
  }
  return at;
}

std::size_t next(const std::string& text, std::size_t at) {
  if (at < text.size()) ++at;
  while (at < text.size() && continues_a_character(text[at]))
    ++at;
  return at;
}
}  // namespace

void LineEditor::insert(std::string_view characters) {
  if (text_.size() + characters.size() > kMaxBytes) return;
  text_.insert(cursor_, characters);
  cursor_ += characters.size();
}

void LineEditor::backspace() {
  const auto from = previous(text_, cursor_);
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

void LineEditor::erase_forward() {
  text_.erase(cursor_, next(text_, cursor_) - cursor_);
}

void LineEditor::erase_word() {
  auto from = cursor_;
  while (from > 0 && text_[from - 1] == ' ')
    --from;
  while (from > 0 && text_[from - 1] != ' ')
    --from;
  text_.erase(from, cursor_ - from);
  cursor_ = from;
}

void LineEditor::erase_to_start() {
  text_.erase(0, cursor_);
  cursor_ = 0;
}

void LineEditor::left() {
  cursor_ = previous(text_, cursor_);
}
void LineEditor::right() {
  cursor_ = next(text_, cursor_);
}

void LineEditor::replace(std::string text) {
  text_ = std::move(text);
  cursor_ = text_.size();
}

std::string LineEditor::take() {
  if (!text_.empty() && (history_.empty() || history_.back() != text_)) history_.push_back(text_);
  if (history_.size() > kMaxHistory) history_.erase(history_.begin());
  history_at_ = history_.size();
  cursor_ = 0;
  return std::exchange(text_, {});
}

void LineEditor::history_back() {
  if (history_at_ == 0) return;
  if (history_at_ == history_.size()) unfinished_ = text_;
  replace(history_[--history_at_]);
}

void LineEditor::history_forward() {
  if (history_at_ == history_.size()) return;
  ++history_at_;
  replace(history_at_ == history_.size() ? unfinished_ : history_[history_at_]);
}

}  // namespace sotto::cli

// The line a person is typing: UTF-8 text, a cursor that moves by whole characters, and what was entered
// before. No terminal here; the screen draws it and hands keys in.
//
//   LineEditor line;
//   line.insert("grüße");
//   line.backspace();
//   line.text();          // "grüß"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::cli {

class LineEditor {
 public:
  /// More than a frame holds; further input is dropped.
  static constexpr std::size_t kMaxBytes = 48 * 1024;
  /// Lines that arrow-up brings back.
  static constexpr std::size_t kMaxHistory = 100;

  [[nodiscard]] const std::string& text() const { return text_; }
  /// In bytes, always between two characters.
  [[nodiscard]] std::size_t cursor() const { return cursor_; }

  /// Whole characters of valid UTF-8.
  void insert(std::string_view characters);
  void backspace();
  void erase_forward();
  void erase_word();      ///< Ctrl-W: back to the start of the word
  void erase_to_start();  ///< Ctrl-U
  void left();
  void right();
  void home() { cursor_ = 0; }
  void end() { cursor_ = text_.size(); }
  void replace(std::string text);

  /// Takes the line out and remembers it.
  std::string take();
  void history_back();
  void history_forward();

 private:
  std::string text_;
  std::size_t cursor_ = 0;
  std::vector<std::string> history_;
  std::size_t history_at_ = 0;  // == history_.size(): the line being typed
  std::string unfinished_;
};

}  // namespace sotto::cli

#include "sdk/cli/chat/line_editor.hpp"

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

TEST(LineEditor, MovesAndErasesByWholeCharacters) {
  LineEditor line;
  line.insert("aü你👋");
  line.left();
  line.left();
  line.backspace();
  EXPECT_EQ(line.text(), "a你👋");
  line.erase_forward();
  EXPECT_EQ(line.text(), "a👋");
  line.right();
  line.right();
  line.insert("!");
  EXPECT_EQ(line.text(), "a👋!");
}

TEST(LineEditor, EditingAtTheEdgesDoesNothing) {
  LineEditor line;
  line.backspace();
  line.left();
  line.right();
  line.erase_forward();
  line.erase_word();
  EXPECT_EQ(line.text(), "");
}

TEST(LineEditor, ErasesAWordAndTheSpacesBehindIt) {
  LineEditor line;
  line.insert("one two  ");
  line.erase_word();
  EXPECT_EQ(line.text(), "one ");
  line.erase_to_start();
  EXPECT_EQ(line.text(), "");
}

TEST(LineEditor, HistoryComesBackAndSoDoesTheUnfinishedLine) {
  LineEditor line;
  line.insert("first");
  EXPECT_EQ(line.take(), "first");
  line.insert("second");
  line.take();
  line.insert("unfin");
  line.history_back();
  line.history_back();
  line.history_back();
  EXPECT_EQ(line.text(), "first");
  line.history_forward();
  EXPECT_EQ(line.text(), "second");
  line.history_forward();
  line.history_forward();
  EXPECT_EQ(line.text(), "unfin");
}

TEST(LineEditor, InputPastTheLimitIsDropped) {
  LineEditor line;
  line.insert(std::string(LineEditor::kMaxBytes, 'x'));
  line.insert("y");
  EXPECT_EQ(line.text().size(), LineEditor::kMaxBytes);
}

}  // namespace
}  // namespace sotto::cli

// Nothing of a server or of other people may control the terminal. The functions that make text harmless only
// help where they cannot be gone around, so nothing else in the terminal client writes to it.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sotto::cli {
namespace {

namespace fs = std::filesystem;

TEST(OneWayOut, NoOtherFileWritesToTheTerminal) {
  // rpc.cpp writes JSON, in which control characters are escaped.
  const std::set<std::string> ways{"output.cpp", "chat_screen.cpp", "rpc.cpp", "wake_pipe.cpp"};
  std::size_t looked_at = 0;
  for (const auto& entry : fs::recursive_directory_iterator(SOTTO_CLI_SOURCES)) {
    if (entry.path().extension() != ".cpp" || ways.contains(entry.path().filename())) continue;
    ++looked_at;
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    const std::string source = text.str();
    for (std::string_view way :
         {"cout", "cerr", "clog", "printf(", "puts(", "putchar(", "addstr", "addnstr", "STDERR_FILENO"})
      EXPECT_EQ(source.find(way), std::string::npos) << entry.path() << " uses " << way;
  }
  EXPECT_GT(looked_at, 8u);
}

TEST(OneWayOut, TheScreenIsDrawnByOneFunction) {
  std::ifstream file(fs::path(SOTTO_CLI_SOURCES) / "chat/chat_screen.cpp");
  std::stringstream text;
  text << file.rdbuf();
  const std::string source = text.str();
  const auto first = source.find("mvaddnstr(");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(source.find("addnstr(", first + 10), std::string::npos);
  EXPECT_EQ(source.find("addstr("), std::string::npos);
  EXPECT_EQ(source.find("printw("), std::string::npos);
}

}  // namespace
}  // namespace sotto::cli

#include "server/logging/log.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sotto::server {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

// The lines that `body` logs.
template <class Body>
std::string logged(log::Options options, Body body) {
  std::ostringstream out;
  options.out = &out;
  log::start(options);
  body();
  log::stop();
  return out.str();
}

TEST(Log, WritesOneLogfmtLineAnEvent) {
  const std::string line = logged({}, [] {
    log::info("connection_opened", {{"user_id", UserId{382}},
                                    {"address", log::text("127.0.0.1")},
                                    {"queue", 12},
                                    {"tls", false},
                                    {"why", "because it was asked"}});
  });
  EXPECT_THAT(line, MatchesRegex("time=[0-9]+-[0-9]+-[0-9]+T[0-9:.]+Z level=info event=connection_opened "
                                 "user_id=382 address=127.0.0.1 queue=12 tls=false why=\"because it was "
                                 "asked\"\n"));
}

TEST(Log, WritesOneJsonObjectAnEvent) {
  const std::string line = logged({.format = log::Format::json}, [] {
    log::warn("odd", {{"user_id", UserId{18446744073709551615u}},
                      {"jobs", 3},
                      {"late", true},
                      {"path", log::text("a \"quoted\"\npath\x01 \xC3\xBC")}});
  });
  const auto value = boost::json::parse(line).as_object();
  EXPECT_EQ(value.at("level"), "warning");
  EXPECT_EQ(value.at("event"), "odd");
  EXPECT_EQ(value.at("user_id"), "18446744073709551615");
  EXPECT_EQ(value.at("jobs"), 3);
  EXPECT_EQ(value.at("late"), true);
  EXPECT_EQ(value.at("path"), "a \"quoted\"\npath\x01 \xC3\xBC");
}

TEST(Log, KeepsAValueWithALineBreakOnOneLine) {
  for (const auto format : {log::Format::logfmt, log::Format::json}) {
    const std::string lines = logged({.format = format}, [] {
      log::info("request", {{"path", log::text("/x\nlevel=error event=forged\r\n")}});
    });
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
    EXPECT_EQ(lines.find('\r'), std::string::npos);
  }
}

TEST(Log, ReplacesBytesThatAreNotUtf8) {
  const std::string line = logged({.format = log::Format::json}, [] {
    log::info("request", {{"path", log::text("/\xFF\xFE")}});
  });
  EXPECT_EQ(boost::json::parse(line).at("path"), "/??");
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  const std::string lines = logged({.level = log::Level::warn}, [] {
    log::debug("a");
    log::info("b");
    log::warn("c");
    log::error("d");
  });
  EXPECT_THAT(lines, Not(HasSubstr("event=a")));
  EXPECT_THAT(lines, Not(HasSubstr("event=b")));
  EXPECT_THAT(lines, HasSubstr("event=c"));
  EXPECT_THAT(lines, HasSubstr("event=d"));
}

TEST(Log, SaysNothingBeforeItStartsOrAfterItStops) {
  EXPECT_FALSE(log::enabled(log::Level::error));
  log::error("nobody_listens");
}

TEST(Log, HidesAPhoneNumberButTellsTwoApart) {
  const std::string shown = log::phone("+4915112345678").value;
  EXPECT_THAT(shown, Not(HasSubstr("4915112345")));
  EXPECT_TRUE(shown.ends_with("..78")) << shown;
  EXPECT_EQ(shown, log::phone("+4915112345678").value);
  EXPECT_NE(shown, log::phone("+4915112345778").value);
  EXPECT_TRUE(log::phone("+49151").value.ends_with(".."));
}

TEST(Log, CutsLongText) {
  EXPECT_LT(log::text(std::string(100'000, 'x')).value.size(), 300u);
}

// A message, a phone number or a token is a std::string or a view of one: none of these compiles as a field.
static_assert(!std::is_constructible_v<log::Field, log::Literal, std::string>);
static_assert(!std::is_constructible_v<log::Field, log::Literal, std::string_view>);
static_assert(!std::is_constructible_v<log::Field, log::Literal, const char*>);
static_assert(!std::is_constructible_v<log::Field, log::Literal, std::vector<std::uint8_t>>);
static_assert(std::is_constructible_v<log::Field, log::Literal, log::PublicText>);

TEST(Log, KeepsLinesWholeWhenManyThreadsWrite) {
  const std::string lines = logged({}, [] {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 500; ++i)
          log::info("tick", {{"i", i}});
      });
    for (auto& thread : threads)
      thread.join();
  });
  std::istringstream in(lines);
  std::string line;
  int count = 0;
  while (std::getline(in, line)) {
    EXPECT_THAT(line, MatchesRegex("time=[^ ]+ level=info event=tick i=[0-9]+"));
    ++count;
  }
  EXPECT_EQ(count, 2000);
  EXPECT_EQ(log::dropped_lines(), 0u);
}

}  // namespace
}  // namespace sotto::server

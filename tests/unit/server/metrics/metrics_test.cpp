#include "server/metrics/metrics.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/exposition.hpp"
#include "server/metrics/process.hpp"

namespace sotto::server {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Counter, LosesNothingWhenManyThreadsCount) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i)
        counter.add();
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(counter.value(), 120'000u);
}

TEST(Histogram, PutsAValueOnABoundIntoThatBoundsBucket) {
  constexpr std::array bounds{1.0, 10.0};
  Histogram histogram(bounds);
  for (double value : {0.5, 1.0, 1.5, 10.0, 11.0})
    histogram.observe(value);
  EXPECT_EQ(histogram.count(0), 2u);
  EXPECT_EQ(histogram.count(1), 2u);
  EXPECT_EQ(histogram.count(2), 1u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 24.0);
}

TEST(LabelledCounter, CountsAnUnknownWordAsOther) {
  constexpr std::array<std::string_view, 2> words{"a", "b"};
  LabelledCounter counter(words);
  counter.add("b");
  counter.add("never heard of it", 3);
  ASSERT_EQ(counter.size(), 3u);
  EXPECT_EQ(counter.value(0), 0u);
  EXPECT_EQ(counter.value(1), 1u);
  EXPECT_EQ(counter.label(2), "other");
  EXPECT_EQ(counter.value(2), 3u);
}

TEST(Exposition, ShowsWhatWasCounted) {
  Metrics metrics;
  metrics.messages_accepted.add(7);
  metrics.sessions_open.add(2);
  metrics.errors.add("blocked");
  metrics.ack_seconds.observe(0.002);
  metrics.watch("sotto_write_queue_jobs", "Jobs waiting.", [] { return 3.0; });
  const std::string text = expose(metrics, "1.2.3");
  EXPECT_THAT(text, HasSubstr("sotto_messages_accepted_total 7"));
  EXPECT_THAT(text, HasSubstr("sotto_sessions 2"));
  EXPECT_THAT(text, HasSubstr("sotto_errors_total{code=\"blocked\"} 1"));
  EXPECT_THAT(text, HasSubstr("sotto_ack_seconds_bucket{le=\"0.001\"} 0"));
  EXPECT_THAT(text, HasSubstr("sotto_ack_seconds_bucket{le=\"+Inf\"} 1"));
  EXPECT_THAT(text, HasSubstr("sotto_ack_seconds_count 1"));
  EXPECT_THAT(text, HasSubstr("sotto_write_queue_jobs 3"));
  EXPECT_THAT(text, HasSubstr("sotto_build_info{version=\"1.2.3\"} 1"));
}

TEST(Exposition, NamesAndExplainsEachMetricOnce) {
  const std::string text = expose(Metrics(), "1");
  std::vector<std::string> names;
  for (std::size_t at = text.find("# HELP "); at != std::string::npos; at = text.find("# HELP ", at + 1)) {
    const std::size_t start = at + 7;
    names.push_back(text.substr(start, text.find(' ', start) - start));
  }
  ASSERT_GT(names.size(), 20u);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const auto& name : names)
    EXPECT_THAT(text, HasSubstr("# TYPE " + name + " "));
}

/// The text of the server's sources, but for those that only declare and show what is counted.
std::string sources() {
  namespace fs = std::filesystem;
  std::string all;
  for (const char* folder : {"server", "proto"}) {
    for (const auto& entry : fs::recursive_directory_iterator(std::string(SOTTO_SOURCE) + "/" + folder)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
      if (path.string().find("server/metrics/") != std::string::npos) continue;
      std::stringstream text;
      text << std::ifstream(path).rdbuf();
      all += text.str();
    }
  }
  return all;
}

TEST(Exposition, EverySeriesIsMovedBySomething) {
  std::stringstream exposition;
  exposition << std::ifstream(std::string(SOTTO_SOURCE) + "/server/metrics/exposition.cpp").rdbuf();
  const std::string shown = exposition.str();
  const std::string all = sources();
  ASSERT_FALSE(all.empty());
  const std::regex member(R"(\bm\.([a-z_]+)\))");
  std::size_t members = 0;
  for (std::sregex_iterator it(shown.begin(), shown.end(), member), end; it != end; ++it, ++members) {
    const std::string name = (*it)[1];
    const bool moved = std::regex_search(all, std::regex(R"(metrics(_|\(\))?(\.|->))" + name + R"(\b)"));
    EXPECT_TRUE(moved) << "nothing counts " << name;
  }
  EXPECT_GT(members, 30u);

  const Metrics metrics;
  for (const LabelledCounter* counter :
       {&metrics.receipts, &metrics.rate_limited, &metrics.otp_sent, &metrics.errors}) {
    for (std::size_t i = 0; i + 1 < counter->size(); ++i) {
      const std::string label(counter->label(i));
      EXPECT_NE(all.find('"' + label + '"'), std::string::npos) << "nothing counts with the label " << label;
    }
  }
}

TEST(ProcessFigures, AreThoseOfARunningProcess) {
  const ProcessFigures figures = read_process_figures();
  EXPECT_GT(figures.resident_bytes, 500'000.0);
  EXPECT_LT(figures.resident_bytes, figures.virtual_bytes);
  EXPECT_GE(figures.open_fds, 3.0);
  EXPECT_GT(figures.max_fds, figures.open_fds);
  EXPECT_GE(figures.threads, 1.0);
  EXPECT_GT(figures.start_time_seconds, 1.7e9);  // after 2023
}

}  // namespace
}  // namespace sotto::server

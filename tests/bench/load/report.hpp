// The outcome for a person (a table), a script (JSON) and a meeting (one HTML page with plots, nothing loaded
// from elsewhere).
#pragma once

#include <string>
#include <vector>

#include "tests/bench/load/options.hpp"
#include "tests/bench/load/scenario.hpp"

namespace sotto::bench {

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  void add(std::string name, const Outcome& outcome) { runs_.push_back({std::move(name), outcome}); }
  [[nodiscard]] std::string table() const;
  [[nodiscard]] std::string json() const;
  [[nodiscard]] bool write_html(const std::string& file) const;

 private:
  struct Run {
    std::string name;
    Outcome outcome;
  };
  struct Row {
    std::string what;
    std::vector<double> values;
    int decimals;
  };
  [[nodiscard]] std::vector<Row> rows() const;
  [[nodiscard]] std::string title() const;

  Options options_;
  std::vector<Run> runs_;
};

}  // namespace sotto::bench

// The outcome for a person (a table), a script (JSON) and a meeting (one HTML page with plots,
// report_page.hpp).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/bench/load/options.hpp"
#include "tests/bench/load/scenario.hpp"

namespace sotto::bench {

/// One figure of every run.
struct ReportRow {
  std::string key;   ///< in the JSON; stable
  std::string what;  ///< with its unit
  int decimals = 0;
  std::vector<double> values;
};

struct ReportRun {
  std::string name;
  Outcome outcome;
};

/// "1234.57" for 2 decimals; "-" for a NaN, which is a figure that a run does not have.
std::string in_decimals(double value, int decimals);

class Report {
 public:
  explicit Report(const Options& options) : options_(options) {}

  void add(std::string name, const Outcome& outcome) { runs_.push_back({std::move(name), outcome}); }
  [[nodiscard]] std::string table() const;
  /// {"title": ..., "runs": {"sotto-server": {"delivered_per_second": ...}}}
  [[nodiscard]] std::string json() const;
  [[nodiscard]] bool write_html(const std::string& file) const;

 private:
  using Value = std::function<double(const Outcome&)>;
  [[nodiscard]] std::vector<ReportRow> rows() const;
  void add_row(std::vector<ReportRow>& rows, const char* key, const char* what, int decimals,
               const Value& value) const;
  [[nodiscard]] std::string title() const;

  Options options_;
  std::vector<ReportRun> runs_;
};

}  // namespace sotto::bench

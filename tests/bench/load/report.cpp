#include "tests/bench/load/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sotto::bench {

namespace {

std::string number(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

/// A latency curve: the share of messages (on a scale that stretches the last ones) against milliseconds
/// (logarithmic).
std::string plot(const std::string& title,
                 const std::vector<std::pair<std::string, const Histogram*>>& curves) {
  static constexpr const char* kColours[] = {"#888", "#0a7d6e", "#c2410c"};
  static constexpr double kShares[] = {0,    0.1,   0.25,  0.5,    0.75,   0.9,     0.95,
                                       0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999};
  constexpr int kCount = static_cast<int>(std::size(kShares));
  double top = 1;
  for (const auto& curve : curves)
    top = std::max(top, curve.second->quantile_ms(0.99999));
  std::ostringstream svg;
  svg << "<figure><figcaption>" << title << "</figcaption><svg viewBox='0 0 640 300' role='img' aria-label='"
      << title << "'>";
  const auto y = [&](double ms) { return 260 - 240 * std::log10(1 + ms * 10) / std::log10(1 + top * 10); };
  for (int power = -1; std::pow(10, power) <= top * 1.01; ++power) {
    const double tick = std::pow(10, power);
    svg << "<line x1='60' x2='630' y1='" << y(tick) << "' y2='" << y(tick)
        << "' stroke='#ddd'/><text x='52' y='" << y(tick) + 4 << "' text-anchor='end'>" << tick
        << " ms</text>";
  }
  for (int i = 3; i < kCount; i += 2) {
    svg << "<text x='" << 60 + i * 570 / (kCount - 1) << "' y='280' text-anchor='middle'>" << kShares[i] * 100
        << "</text>";
  }
  int colour = 0;
  for (const auto& [name, histogram] : curves) {
    svg << "<polyline fill='none' stroke-width='2' stroke='" << kColours[colour % 3] << "' points='";
    for (int i = 0; i < kCount; ++i)
      svg << 60 + i * 570 / (kCount - 1) << ',' << y(histogram->quantile_ms(kShares[i])) << ' ';
    svg << "'/><text x='70' y='" << 20 + 16 * colour << "' fill='" << kColours[colour % 3] << "'>" << name
        << "</text>";
    ++colour;
  }
  svg << "</svg></figure>";
  return svg.str();
}

}  // namespace

std::string Report::title() const {
  std::ostringstream out;
  if (options_.scenario == "idle") {
    out << options_.connections << " idle connections";
  } else if (options_.scenario == "group") {
    out << "a group of " << options_.members << ", all connected";
  } else {
    out << options_.pairs << " pairs";
  }
  if (options_.scenario != "idle") {
    out << ", " << options_.size << " bytes, " << options_.window << " in flight each";
    if (options_.rate > 0) out << ", " << options_.rate << " messages/s";
    if (options_.receipts) out << ", with delivered receipts";
  }
  out << (options_.json ? ", JSON" : ", protobuf") << (options_.server.starts_with("https") ? ", TLS" : "");
  return out.str();
}

std::vector<Report::Row> Report::rows() const {
  std::vector<Row> rows;
  auto row = [&](const char* what, int decimals, const std::function<double(const Outcome&)>& value) {
    Row r{what, {}, decimals};
    for (const auto& run : runs_)
      r.values.push_back(value(run.outcome));
    rows.push_back(std::move(r));
  };
  if (options_.scenario == "idle") {
    row("memory for each connection, KiB", 1, [](const auto& o) { return o.bytes_per_connection / 1024; });
    row("server CPU for each connection and second, us", 1, [](const auto& o) { return o.server_cpu_us; });
    return rows;
  }
  row("delivered messages a second", 0,
      [](const auto& o) { return static_cast<double>(o.delivered) / o.seconds; });
  row("acked messages a second", 0, [](const auto& o) { return static_cast<double>(o.acked) / o.seconds; });
  row("send to ack p50, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.5); });
  row("send to ack p99, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.99); });
  row("send to ack p99.9, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.999); });
  row(options_.scenario == "group" ? "send to last member p50, ms" : "send to delivery p50, ms", 2,
      [](const auto& o) { return o.to_delivery.quantile_ms(0.5); });
  row("  p99, ms", 2, [](const auto& o) { return o.to_delivery.quantile_ms(0.99); });
  row("  p99.9, ms", 2, [](const auto& o) { return o.to_delivery.quantile_ms(0.999); });
  row("server CPU for each delivery, us", 1, [](const auto& o) { return o.server_cpu_us; });
  row("load generator CPU for each delivery, us", 1, [](const auto& o) { return o.own_cpu_us; });
  row("bytes written for each message", 0, [](const auto& o) { return o.written_bytes; });
  row("commits for each message", 4, [](const auto& o) { return o.commits; });
  return rows;
}

std::string Report::table() const {
  std::ostringstream out;
  out << title() << '\n';
  char line[256];
  std::snprintf(line, sizeof line, "%-46s", "");
  out << line;
  for (const auto& run : runs_) {
    std::snprintf(line, sizeof line, "%16s", run.name.c_str());
    out << line;
  }
  out << (runs_.size() == 2 ? "           ratio\n" : "\n");
  for (const auto& row : rows()) {
    std::snprintf(line, sizeof line, "%-46s", row.what.c_str());
    out << line;
    for (double value : row.values) {
      std::snprintf(line, sizeof line, "%16s", number(value, row.decimals).c_str());
      out << line;
    }
    if (row.values.size() == 2 && row.values[0] > 0) {
      std::snprintf(line, sizeof line, "%16s", number(row.values[1] / row.values[0], 2).c_str());
      out << line;
    }
    out << '\n';
  }
  return out.str();
}

std::string Report::json() const {
  namespace json = boost::json;
  json::object out{{"title", title()}};
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    json::object figures;
    for (const auto& row : rows())
      figures[row.what] = row.values[i];
    out[runs_[i].name] = std::move(figures);
  }
  return json::serialize(out) + "\n";
}

bool Report::write_html(const std::string& file) const {
  std::ofstream out(file);
  out << "<!doctype html><meta charset=utf-8><title>sotto-bench</title><style>body{font:16px/1.5 "
         "system-ui;max-width:48rem;margin:2rem auto}"
         "td,th{padding:.2rem "
         "1rem;text-align:right;font-variant-numeric:tabular-nums}td:first-child{text-align:left}"
         "svg text{font:12px system-ui}figcaption{font-weight:600;margin-top:2rem}</style><h1>"
      << title() << "</h1><table><tr><th>";
  for (const auto& run : runs_)
    out << "<th>" << run.name;
  for (const auto& row : rows()) {
    out << "<tr><td>" << row.what;
    for (double value : row.values)
      out << "<td>" << number(value, row.decimals);
  }
  out << "</table>";
  if (options_.scenario != "idle") {
    std::vector<std::pair<std::string, const Histogram*>> acks;
    std::vector<std::pair<std::string, const Histogram*>> deliveries;
    for (const auto& run : runs_) {
      acks.emplace_back(run.name, &run.outcome.to_ack);
      deliveries.emplace_back(run.name, &run.outcome.to_delivery);
    }
    out << plot("From send to ack, by share of messages (%)", acks)
        << plot("From send to delivery, by share of messages (%)", deliveries);
  }
  return static_cast<bool>(out.flush());
}

}  // namespace sotto::bench

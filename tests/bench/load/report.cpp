#include "tests/bench/load/report.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "tests/bench/load/report_page.hpp"

namespace sotto::bench {

std::string in_decimals(double value, int decimals) {
  if (std::isnan(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string Report::title() const {
  std::ostringstream out;
  if (options_.scenario == "idle") {
    out << options_.connections << " idle connections";
  } else if (options_.scenario == "group") {
    out << "A group of " << options_.members << ", all connected";
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

void Report::add_row(std::vector<ReportRow>& rows, const char* key, const char* what, int decimals,
                     const Value& value) const {
  ReportRow row{key, what, decimals, {}};
  for (const auto& run : runs_)
    row.values.push_back(value(run.outcome));
  rows.push_back(std::move(row));
}

std::vector<ReportRow> Report::rows() const {
  std::vector<ReportRow> rows;
  // What is read from /proc needs the server's pid; without it there is no figure, rather than a zero.
  const bool watched = options_.server_pid != 0;
  const auto row = [&](const char* key, const char* what, int decimals, const Value& value) {
    add_row(rows, key, what, decimals, value);
  };
  if (options_.scenario == "idle") {
    if (watched) {
      row("memory_per_connection", "memory for each connection, KiB", 1,
          [](const auto& o) { return o.bytes_per_connection / 1024; });
      row("server_cpu_us_per_connection_second", "server CPU for each connection and second, us", 1,
          [](const auto& o) { return o.server_cpu_us; });
    }
    row("login_seconds", "signing all of them in, s", 1, [](const auto& o) { return o.login_seconds; });
    return rows;
  }
  row("delivered_per_second", "delivered messages a second", 0,
      [](const auto& o) { return static_cast<double>(o.delivered) / o.seconds; });
  row("acked_per_second", "acked messages a second", 0,
      [](const auto& o) { return static_cast<double>(o.acked) / o.seconds; });
  row("ack_p50_ms", "send to ack p50, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.5); });
  row("ack_p99_ms", "send to ack p99, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.99); });
  row("ack_p999_ms", "send to ack p99.9, ms", 2, [](const auto& o) { return o.to_ack.quantile_ms(0.999); });
  const bool group = options_.scenario == "group";
  row("delivery_p50_ms", group ? "send to last member p50, ms" : "send to delivery p50, ms", 2,
      [](const auto& o) { return o.to_delivery.quantile_ms(0.5); });
  row("delivery_p99_ms", group ? "send to last member p99, ms" : "send to delivery p99, ms", 2,
      [](const auto& o) { return o.to_delivery.quantile_ms(0.99); });
  row("delivery_p999_ms", group ? "send to last member p99.9, ms" : "send to delivery p99.9, ms", 2,
      [](const auto& o) { return o.to_delivery.quantile_ms(0.999); });
  if (watched) {
    row("server_cpu_us", "server CPU for each delivery, us", 1,
        [](const auto& o) { return o.server_cpu_us; });
    row("bytes_written", "bytes written for each message", 0, [](const auto& o) { return o.written_bytes; });
  }
  row("own_cpu_us", "load generator CPU for each delivery, us", 1,
      [](const auto& o) { return o.own_cpu_us; });
  row("commits_per_message", "commits, an fsync each, for each message", 4,
      [](const auto& o) { return o.commits; });
  return rows;
}

std::string Report::table() const {
  std::ostringstream out;
  const auto cell = [&](const char* format, const std::string& text) {
    char padded[256];
    std::snprintf(padded, sizeof padded, format, text.c_str());
    out << padded;
  };
  out << title() << '\n';
  cell("%-46s", "");
  for (const auto& run : runs_)
    cell("%16s", run.name);
  out << (runs_.size() == 2 ? "           ratio\n" : "\n");
  for (const auto& row : rows()) {
    cell("%-46s", row.what);
    for (double value : row.values)
      cell("%16s", in_decimals(value, row.decimals));
    if (row.values.size() == 2 && row.values[0] > 0)
      cell("%16s", in_decimals(row.values[1] / row.values[0], 2));
    out << '\n';
  }
  return out.str();
}

std::string Report::json() const {
  namespace json = boost::json;
  json::object runs;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    json::object figures;
    for (const auto& row : rows()) {
      if (!std::isnan(row.values[i])) figures[row.key] = row.values[i];
    }
    runs[runs_[i].name] = std::move(figures);
  }
  return json::serialize(json::object{{"title", title()}, {"runs", std::move(runs)}}) + "\n";
}

bool Report::write_html(const std::string& file) const {
  std::ofstream out(file);
  out << report_page(title(), runs_, rows());
  return static_cast<bool>(out.flush());
}

}  // namespace sotto::bench

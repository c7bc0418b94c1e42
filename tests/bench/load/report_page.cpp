#include "tests/bench/load/report_page.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <fstream>
#include <sstream>
#include <thread>

namespace sotto::bench {

namespace {

// Two runs at most: the floor, which is there to be compared with, and the server.
constexpr std::array<const char*, 2> kColours{"#9aa4ad", "#0a7d6e"};
const char* colour_of(std::size_t run, std::size_t runs) {
  return runs == 1 ? kColours[1] : kColours[run % kColours.size()];
}

constexpr const char* kStyle = R"(<style>
:root{color:#1c2329;background:#fff;font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
body{max-width:60rem;margin:2.5rem auto;padding:0 1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:0}
.where{color:#66717a;margin:.4rem 0 1.8rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem;margin-bottom:2rem}
.tile{border:1px solid #e1e5e8;border-radius:8px;padding:.8rem 1rem}
.tile b{display:block;font-size:1.7rem;font-weight:600;line-height:1.2;color:#0a7d6e;font-variant-numeric:tabular-nums}
.tile span{color:#66717a;font-size:.85rem}
table{border-collapse:collapse;width:100%;margin-bottom:2rem}
th,td{padding:.35rem .8rem;text-align:right;font-variant-numeric:tabular-nums;border-bottom:1px solid #edf0f2}
th{font-weight:600;border-bottom:2px solid #cfd6da}
th:first-child,td:first-child{text-align:left;padding-left:0}
figure{margin:0 0 2rem}figcaption{font-weight:600;margin-bottom:.3rem}
figcaption small{font-weight:400;color:#66717a}
svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,"DejaVu Sans",sans-serif;fill:#66717a}
</style>)";

// A plot's inside, in SVG units.
constexpr double kLeft = 64, kRight = 850, kTop = 14, kBottom = 250;

struct Axis {
  double low = 0, high = 1;
  double from = 0, to = 1;
  [[nodiscard]] double place(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

std::string points(const std::vector<std::pair<double, double>>& curve) {
  std::ostringstream out;
  for (const auto& [x, y] : curve)
    out << in_decimals(x, 1) << ',' << in_decimals(y, 1) << ' ';
  return out.str();
}

class Plot {
 public:
  Plot(const std::string& title, const std::string& explained) {
    svg_ << "<figure><figcaption>" << title << " <small>" << explained << "</small></figcaption>"
         << "<svg viewBox='0 0 890 300' role='img' aria-label='" << title << "'>";
  }
  void line_across(double y, const std::string& label) {
    svg_ << "<line x1='" << kLeft << "' x2='" << kRight << "' y1='" << y << "' y2='" << y
         << "' stroke='#e6eaed'/><text x='" << kLeft - 8 << "' y='" << y + 4 << "' text-anchor='end'>"
         << label << "</text>";
  }
  void tick_below(double x, const std::string& label) {
    svg_ << "<line x1='" << x << "' x2='" << x << "' y1='" << kBottom << "' y2='" << kBottom + 4
         << "' stroke='#b5bec4'/><text x='" << x << "' y='" << kBottom + 20 << "' text-anchor='middle'>"
         << label << "</text>";
  }
  void curve(const std::string& name, const char* colour, const std::vector<std::pair<double, double>>& at) {
    svg_ << "<polyline fill='none' stroke-width='2.2' stroke-linejoin='round' stroke='" << colour
         << "' points='" << points(at) << "'/><rect x='" << legend_
         << "' y='286' width='14' height='4' rx='2' fill='" << colour << "'/><text x='" << legend_ + 20
         << "' y='293'>" << name << "</text>";
    legend_ += 160;
  }
  [[nodiscard]] std::string end() {
    svg_ << "</svg></figure>";
    return svg_.str();
  }

 private:
  std::ostringstream svg_;
  double legend_ = kLeft;
};

std::string short_number(double value) {
  if (value >= 1e6) return in_decimals(value / 1e6, value >= 1e7 ? 0 : 1) + "M";
  if (value >= 1e4) return in_decimals(value / 1e3, 0) + "k";
  std::ostringstream out;
  out << value;
  return out.str();
}

/// Latency (logarithmic) over the share of messages, on a scale that gives each further nine the same room.
std::string latency_plot(const std::string& title, const std::vector<ReportRun>& runs,
                         const Histogram Outcome::*which) {
  constexpr double kNines = 4;  // up to 99.99 %
  const Axis across{0, kNines, kLeft, kRight};
  double low = 1e9;
  double high = 0.1;
  for (const auto& run : runs) {
    low = std::min(low, (run.outcome.*which).quantile_ms(0.01));
    high = std::max(high, (run.outcome.*which).quantile_ms(0.9999));
  }
  low = std::max(low, 0.01);
  const double first_decade = std::pow(10, std::floor(std::log10(low)));
  low = first_decade * (low >= 5 * first_decade ? 5 : low >= 2 * first_decade ? 2 : 1);
  const Axis up{std::log10(low), std::log10(high * 1.1), kBottom, kTop};
  Plot plot(title, "milliseconds, by share of messages; the tail is stretched");
  for (double decade = first_decade; decade <= high * 1.1; decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      if (decade * step > low * 0.99 && decade * step <= high * 1.1) {
        plot.line_across(up.place(std::log10(decade * step)), short_number(decade * step) + " ms");
      }
    }
  }
  for (const double share : {0.0, 0.5, 0.9, 0.99, 0.999, 0.9999}) {
    std::ostringstream label;
    label << share * 100 << " %";
    plot.tick_below(across.place(-std::log10(1 - share)), label.str());
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::pair<double, double>> at;
    for (double nines = 0.005; nines <= kNines; nines += 0.02) {
      const double ms = std::max((runs[i].outcome.*which).quantile_ms(1 - std::pow(10, -nines)), low);
      at.emplace_back(across.place(nines), up.place(std::log10(ms)));
    }
    plot.curve(runs[i].name, colour_of(i, runs.size()), at);
  }
  return plot.end();
}

/// Whole seconds only: the last one is cut short.
std::string throughput_plot(const std::vector<ReportRun>& runs) {
  double high = 1;
  std::size_t seconds = 2;
  for (const auto& run : runs) {
    seconds = std::max(seconds, run.outcome.delivered_each_second.size());
    for (const auto count : run.outcome.delivered_each_second)
      high = std::max(high, static_cast<double>(count));
  }
  const double step = std::pow(10, std::floor(std::log10(high))) / 2;
  const Axis across{0, static_cast<double>(seconds - 1), kLeft, kRight};
  const Axis up{0, high * 1.05, kBottom, kTop};
  Plot plot("Delivered each second", "a dip is a checkpoint, a slow disk or somebody else's work");
  for (double tick = 0; tick <= high * 1.05; tick += high / step > 10 ? 2 * step : step)
    plot.line_across(up.place(tick), short_number(tick));
  for (std::size_t second = 0; second < seconds; second += std::max<std::size_t>(1, seconds / 10)) {
    plot.tick_below(across.place(static_cast<double>(second)), std::to_string(second) + " s");
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::pair<double, double>> at;
    const auto& each = runs[i].outcome.delivered_each_second;
    for (std::size_t second = 0; second < each.size(); ++second)
      at.emplace_back(across.place(static_cast<double>(second)), up.place(static_cast<double>(each[second])));
    plot.curve(runs[i].name, colour_of(i, runs.size()), at);
  }
  return plot.end();
}

/// The machine and how busy it was: figures mean little without.
std::string where_and_when() {
  std::ifstream cpus("/proc/cpuinfo");
  std::string model = "unknown processor";
  for (std::string line; std::getline(cpus, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(line.find(':') + 2);
    break;
  }
  std::string load = "?";
  std::ifstream("/proc/loadavg") >> load;
  const std::time_t now = std::time(nullptr);
  char date[32];
  std::strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", std::gmtime(&now));
  return std::string(date) + " · " + std::to_string(std::thread::hardware_concurrency()) + " cores of " +
         model + " · load average at the end " + load;
}

std::string with_thousands(double value, int decimals) {
  std::string text = in_decimals(value, decimals);
  const auto point = text.find('.');
  for (auto at = static_cast<std::ptrdiff_t>(point == std::string::npos ? text.size() : point) - 3; at > 0;
       at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

/// The server's figures that one asks for first.
std::string tiles(const std::vector<ReportRow>& rows) {
  std::string out = "<div class=tiles>";
  for (const char* key : {"delivered_per_second", "delivery_p50_ms", "delivery_p99_ms", "server_cpu_us",
                          "memory_per_connection", "server_cpu_us_per_connection_second"}) {
    for (const auto& row : rows) {
      if (row.key != key) continue;
      out += "<div class=tile><b>" + with_thousands(row.values.back(), row.decimals) + "</b><span>" +
             row.what + "</span></div>";
    }
  }
  return out + "</div>";
}

std::string table(const std::vector<ReportRun>& runs, const std::vector<ReportRow>& rows) {
  std::string out = "<table><tr><th>";
  for (const auto& run : runs)
    out += "<th>" + run.name;
  if (runs.size() == 2) out += "<th>ratio";
  for (const auto& row : rows) {
    out += "<tr><td>" + row.what;
    for (const double value : row.values)
      out += "<td>" + with_thousands(value, row.decimals);
    if (row.values.size() == 2)
      out += "<td>" + (row.values[0] > 0 ? in_decimals(row.values[1] / row.values[0], 2) : std::string("–"));
  }
  return out + "</table>";
}

}  // namespace

std::string report_page(const std::string& title, const std::vector<ReportRun>& runs,
                        const std::vector<ReportRow>& rows) {
  std::string page =
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
      "<title>sotto-bench: " +
      title + "</title>" + kStyle + "<h1>" + title + "</h1><p class=where>" + where_and_when() + "</p>" +
      tiles(rows) + table(runs, rows);
  const bool latencies = std::all_of(
      runs.begin(), runs.end(), [](const ReportRun& run) { return run.outcome.to_delivery.count() > 0; });
  if (latencies) {
    page += latency_plot("From send to ack", runs, &Outcome::to_ack);
    page += latency_plot("From send to delivery", runs, &Outcome::to_delivery);
    page += throughput_plot(runs);
  }
  return page + "</html>\n";
}

}  // namespace sotto::bench

#include <iostream>

#include <CLI/CLI.hpp>

#include "tests/bench/load/floor.hpp"
#include "tests/bench/load/report.hpp"
#include "tests/bench/load/scenario.hpp"

int main(int argc, char** argv) {
  using namespace sotto::bench;
  CLI::App app{
      "Loads a sotto-server (started with --dev) and says what it did and what it cost.\n\n"
      "  sotto-bench --server http://127.0.0.1:8080 --pid $(pidof sotto-server)"};
  Options options;
  bool json_output = false;
  bool floor = false;
  std::string html;
  int seconds = 10;
  int warm_up = 2;
  app.add_option("--server", options.server, "The server's address")->capture_default_str();
  app.add_option("--pid", options.server_pid, "Its process, for CPU, memory and bytes written");
  app.add_option("--scenario", options.scenario,
                 "pairs: one-to-one; group: one sender, everybody listens; idle: nobody says anything")
      ->check(CLI::IsMember({"pairs", "group", "idle"}))
      ->capture_default_str();
  app.add_option("--pairs", options.pairs, "Pairs of people")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--members", options.members, "Members of the group")
      ->check(CLI::Range(2, 500))
      ->capture_default_str();
  app.add_option("--connections", options.connections, "Idle connections")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--window", options.window, "Messages in flight for each sender")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "Messages a second over all senders; 0: as fast as acks come")
      ->capture_default_str();
  app.add_option("--size", options.size, "Bytes of text")
      ->check(CLI::Range(16, 40'000))
      ->capture_default_str();
  app.add_option("--seconds", seconds, "How long to measure")
      ->check(CLI::Range(1, 86'400))
      ->capture_default_str();
  app.add_option("--warm-up", warm_up, "Seconds before that, not measured")->capture_default_str();
  app.add_option("--first-phone", options.first_phone, "People get numbers from this one up")
      ->capture_default_str();
  app.add_flag("--json-frames", options.json, "Subprotocol sotto.v1.json instead of sotto.v1");
  app.add_flag("--receipts", options.receipts, "Recipients confirm delivery");
  app.add_flag("--quiet", options.quiet, "No progress line");
  app.add_flag("--floor", floor, "Measure the bare relay of this machine first, and the ratio to it (pairs)");
  app.add_flag("--json", json_output, "The figures as JSON on standard output");
  app.add_option("--report", html, "Write a page with plots");
  CLI11_PARSE(app, argc, argv);
  options.duration = std::chrono::seconds(seconds);
  options.warm_up = std::chrono::seconds(warm_up);

  Report report(options);
  if (floor) report.add("bare relay", run_floor(options));
  report.add("sotto-server", run(options));
  std::cout << (json_output ? report.json() : report.table());
  if (!html.empty() && !report.write_html(html)) {
    std::cerr << "sotto-bench: cannot write " << html << '\n';
    return 1;
  }
  return 0;
}

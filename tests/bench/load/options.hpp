// What `sotto-bench` was asked to do.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sotto::bench {

struct Options {
  std::string server = "http://127.0.0.1:8080";
  std::string scenario = "pairs";  ///< pairs, group, idle
  std::size_t pairs = 100;
  std::size_t members = 500;       ///< of the group
  std::size_t connections = 5000;  ///< idle ones
  std::size_t window = 32;         ///< messages in flight for each sender
  double rate = 0;                 ///< messages a second over all senders; 0: as fast as acks come
  std::size_t size = 100;          ///< bytes of content
  std::chrono::seconds duration{10};
  std::chrono::seconds warm_up{2};
  bool json = false;      ///< subprotocol sotto.v1.json
  bool receipts = false;  ///< recipients say delivered
  int server_pid = 0;
  bool quiet = false;
  std::uint64_t first_phone = 15'200'000'000;
};

/// One line on standard error, and the end: a load that cannot be made has no figures.
[[noreturn]] void give_up(const std::string& why);

struct Address {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
};
/// "http://host:port" or "https://host:port"; exits with a line that says what is wrong.
Address parse_address(const std::string& url);

}  // namespace sotto::bench

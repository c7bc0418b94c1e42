#include "tests/bench/load/options.hpp"

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace sotto::bench {

void give_up(const std::string& why) {
  std::cerr << "sotto-bench: " << why << '\n';
  std::exit(1);
}

Address parse_address(const std::string& url) {
  Address address;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    address.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    give_up("--server is http://HOST:PORT or https://HOST:PORT, not " + url);
  }
  const auto colon = rest.rfind(':');
  address.host = rest.substr(0, colon);
  address.port = address.tls ? 443 : 80;
  if (colon != std::string_view::npos)
    address.port = static_cast<std::uint16_t>(std::atoi(rest.data() + colon + 1));
  return address;
}

}  // namespace sotto::bench

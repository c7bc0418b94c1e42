#include "sdk/net/channel/lookup.hpp"

#include <atomic>
#include <system_error>
#include <thread>

#include <boost/asio/ip/address.hpp>

namespace sotto::net {

namespace {

using Lookup = Result<std::vector<Endpoint>>;

// Lookups hang together or not at all; more threads would only hang beside them.
constexpr int kMaxLookups = 4;
std::atomic<int> lookups_running{0};

Error lookup_failed(const std::string& host, const std::string& why) {
  return {ErrorCode::network_unreachable, "the name " + host + " was not found: " + why};
}

Lookup ask_system(const std::string& host, std::uint16_t port) {
  asio::io_context context;  // a resolver has to belong to one; nothing runs on it
  asio::ip::tcp::resolver resolver(context);
  error_code error;
  const auto found =
      resolver.resolve(host, std::to_string(port), asio::ip::tcp::resolver::numeric_service, error);
  if (error) return lookup_failed(host, error.message());
  std::vector<Endpoint> endpoints(found.begin(), found.end());
  if (endpoints.empty()) return lookup_failed(host, "it has no address");
  return endpoints;
}

}  // namespace

void look_up(IoLoop& loop, const std::string& host, std::uint16_t port, std::function<void(Lookup)> done) {
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    loop.post([done = std::move(done), endpoint = Endpoint(address, port)] { done(std::vector{endpoint}); });
    return;
  }
  auto refuse = [&](const char* why) {
    loop.post([done, error = lookup_failed(host, why)] { done(error); });
  };
  if (lookups_running.fetch_add(1) >= kMaxLookups) {
    lookups_running.fetch_sub(1);
    refuse("earlier lookups are still waiting");
    return;
  }
  try {
    std::thread([gate = loop.impl().gate, host, port, done] {
      Lookup result = ask_system(host, port);
      lookups_running.fetch_sub(1);
      gate->post([done, result = std::move(result)] { done(result); });
    }).detach();
  } catch (const std::system_error&) {
    lookups_running.fetch_sub(1);
    refuse("no thread could be started");
  }
}

}  // namespace sotto::net

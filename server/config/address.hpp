// IP addresses as an operator writes them in the configuration: where to listen, which proxies to trust.
//
//   auto endpoint = parse_endpoint("[::1]:7070");        // host "::1", port 7070
//   auto range = parse_address_range("10.0.0.0/8");
//   range->contains(*parse_address("10.1.2.3"));         // true
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sotto::server {

/// IPv6, or IPv4 mapped into it (RFC 4291 §2.5.5.2), so that "::ffff:10.0.0.1" and "10.0.0.1" are one
/// address.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] bool is_v4() const;
  /// 127.0.0.0/8 or ::1.
  [[nodiscard]] bool is_loopback() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// A literal, without brackets; names are not looked up.
std::optional<IpAddress> parse_address(std::string_view text);
std::string to_string(const IpAddress& address);

/// What a limit for each client counts by: an IPv4 address, and of an IPv6 address the network of 64 bits,
/// since whoever has one of its addresses has all of them (RFC 6177).
IpAddress client_network(const IpAddress& address);
/// The same of a text; one that is no address stays as it is.
std::string client_network(std::string_view address);

/// All addresses that begin with the same bits: "10.0.0.0/8", "2001:db8::/32", or one: "192.0.2.7".
struct AddressRange {
  IpAddress first;
  unsigned bits = 128;  ///< of the 128, the mapped prefix included

  [[nodiscard]] bool contains(const IpAddress& address) const;
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};
std::optional<AddressRange> parse_address_range(std::string_view text);
/// Whether one of the ranges does.
bool contains(const std::vector<AddressRange>& ranges, const IpAddress& address);

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};
/// "127.0.0.1:7070", "[::]:443", "localhost:7070" (the one name: it is always 127.0.0.1).
std::optional<Endpoint> parse_endpoint(std::string_view text);
/// As it is written in a URL: "127.0.0.1:7070", "[::1]:7070".
std::string to_string(const Endpoint& endpoint);

}  // namespace sotto::server

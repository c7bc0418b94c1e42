#include "server/gateway/client_address.hpp"

#include <gtest/gtest.h>

namespace sotto::server {
namespace {

const std::vector<AddressRange> kOurs{*parse_address_range("10.0.0.0/8"), *parse_address_range("::1")};

std::string client(std::string_view peer, std::vector<std::string> lines) {
  std::vector<HttpHeader> headers{{"Host", "x"}};
  for (auto& line : lines)
    headers.push_back({"X-Forwarded-For", std::move(line)});
  return client_address(peer, headers, kOurs);
}

TEST(ClientAddress, IsThePeerWhereNoTrustedProxyIsInBetween) {
  EXPECT_EQ(client("203.0.113.9", {}), "203.0.113.9");
  EXPECT_EQ(client("203.0.113.9", {"198.51.100.1"}), "203.0.113.9");
}

TEST(ClientAddress, IsWhatTheTrustedProxyWasCalledBy) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client("::1", {"2001:db8::7"}), "2001:db8::7");
  EXPECT_EQ(client("10.0.0.1", {}), "10.0.0.1");
}

TEST(ClientAddress, IsNotWhatTheClientClaimed) {
  EXPECT_EQ(client("10.0.0.1", {"127.0.0.1, 203.0.113.9"}), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"127.0.0.1", "203.0.113.9"}), "203.0.113.9") << "two lines are one list";
}

TEST(ClientAddress, LiesBeforeAllTrustedProxies) {
  EXPECT_EQ(client("10.0.0.1", {"1.2.3.4, 203.0.113.9, 10.9.9.9,10.8.8.8"}), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, 10.9.9.9", "10.8.8.8"}), "203.0.113.9");
}

TEST(ClientAddress, MayComeWithAPort) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9:4711"}), "203.0.113.9");
  EXPECT_EQ(client("10.0.0.1", {"[2001:db8::7]:4711"}), "2001:db8::7");
}

TEST(ClientAddress, IsTheLastGoodOneBeforeSomethingUnreadable) {
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, unknown"}), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", {"203.0.113.9, , 10.0.0.2"}), "10.0.0.2");
  EXPECT_EQ(client("10.0.0.1", {""}), "10.0.0.1");
}

}  // namespace
}  // namespace sotto::server

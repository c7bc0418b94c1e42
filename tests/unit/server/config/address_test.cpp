#include "server/config/address.hpp"

#include <gtest/gtest.h>

namespace sotto::server {
namespace {

TEST(Address, TakesIpv4AndIpv6Literals) {
  for (const char* text : {"127.0.0.1", "::1", "2001:db8::7", "255.255.255.255"})
    EXPECT_EQ(to_string(parse_address(text).value()), text);
}

TEST(Address, RefusesAnythingElse) {
  for (const char* text : {"", "localhost", "127.0.0.1.5", "127.0.0.256", "[::1]", " 127.0.0.1", "1::2::3"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_FALSE(parse_address(std::string_view("127.0.0.1\0x", 11)));
}

TEST(Address, IsTheSameWhetherMappedIntoIpv6OrNot) {
  EXPECT_EQ(parse_address("::ffff:10.0.0.1"), parse_address("10.0.0.1"));
}

TEST(Address, KnowsLoopback) {
  for (const char* text : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(parse_address(text)->is_loopback()) << text;
  for (const char* text : {"0.0.0.0", "::", "10.0.0.1", "::2", "126.0.0.1"})
    EXPECT_FALSE(parse_address(text)->is_loopback()) << text;
}

TEST(AddressRange, HoldsWhatBeginsWithItsBits) {
  const auto range = parse_address_range("10.1.0.0/20").value();
  EXPECT_TRUE(range.contains(*parse_address("10.1.0.0")));
  EXPECT_TRUE(range.contains(*parse_address("10.1.15.255")));
  EXPECT_FALSE(range.contains(*parse_address("10.1.16.0")));
  EXPECT_FALSE(range.contains(*parse_address("::1")));
}

TEST(AddressRange, WithoutBitsIsOneAddress) {
  const auto range = parse_address_range("192.0.2.7").value();
  EXPECT_TRUE(range.contains(*parse_address("192.0.2.7")));
  EXPECT_FALSE(range.contains(*parse_address("192.0.2.6")));
}

TEST(AddressRange, OfZeroBitsIsEveryAddressOfItsFamily) {
  EXPECT_TRUE(parse_address_range("0.0.0.0/0")->contains(*parse_address("203.0.113.9")));
  EXPECT_FALSE(parse_address_range("0.0.0.0/0")->contains(*parse_address("2001:db8::1")));
  EXPECT_TRUE(parse_address_range("::/0")->contains(*parse_address("2001:db8::1")));
}

TEST(AddressRange, RefusesTooManyBits) {
  for (const char* text : {"10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/a", "/8"})
    EXPECT_FALSE(parse_address_range(text)) << text;
}

TEST(Endpoint, IsAnAddressAndAPort) {
  EXPECT_EQ(to_string(*parse_endpoint("127.0.0.1:7070")), "127.0.0.1:7070");
  EXPECT_EQ(to_string(*parse_endpoint("[::1]:0")), "[::1]:0");
  EXPECT_EQ(to_string(*parse_endpoint("localhost:80")), "127.0.0.1:80");
}

TEST(Endpoint, RefusesWhatIsNot) {
  for (const char* text : {"", "7070", ":7070", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                           "[127.0.0.1]:80", "example.org:80", "127.0.0.1:80:80", "127.0.0.1:+80"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

TEST(ClientNetwork, IsAnIpv4AddressOrTheFirstHalfOfAnIpv6One) {
  EXPECT_EQ(client_network("203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client_network("::ffff:203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client_network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(client_network("2001:db8:1:2::"), client_network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  EXPECT_NE(client_network("2001:db8:1:2::1"), client_network("2001:db8:1:3::1"));
  EXPECT_EQ(client_network("no address"), "no address");
}

}  // namespace
}  // namespace sotto::server

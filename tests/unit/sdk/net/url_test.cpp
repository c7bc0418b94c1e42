#include "sdk/net/url.hpp"

#include <gtest/gtest.h>

namespace sotto::net {

TEST(Url, IsTakenApart) {
  const auto url = parse_url("wss://chat.example:8443/ws/connect?a=b");
  ASSERT_TRUE(url.ok()) << url.error().message;
  EXPECT_TRUE(url->tls);
  EXPECT_TRUE(url->websocket);
  EXPECT_EQ(url->host, "chat.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/ws/connect?a=b");
  EXPECT_EQ(url->authority, "chat.example:8443");
}

TEST(Url, WithoutPortHasTheOneOfItsScheme) {
  EXPECT_EQ(parse_url("http://a.example")->port, 80);
  EXPECT_EQ(parse_url("ws://a.example/")->port, 80);
  EXPECT_EQ(parse_url("https://a.example")->port, 443);
  EXPECT_EQ(parse_url("wss://a.example:/")->port, 443);
}

TEST(Url, NamesThePortInTheHostHeaderOnlyWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(parse_url("https://a.example:443/")->authority, "a.example");
  EXPECT_EQ(parse_url("http://a.example:443/")->authority, "a.example:443");
}

TEST(Url, WithoutPathAsksForTheRoot) {
  EXPECT_EQ(parse_url("http://a.example")->target, "/");
  EXPECT_EQ(parse_url("http://a.example?x=1")->target, "/?x=1");
}

TEST(Url, HasItsSchemeAndHostInAnyCase) {
  const auto url = parse_url("HTTPS://Chat.Example:8443/Path");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->authority, "chat.example:8443");
  EXPECT_EQ(url->target, "/Path");
}

TEST(Url, TakesIpv6InBrackets) {
  const auto url = parse_url("http://[::1]:8080/x");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority, "[::1]:8080");
  EXPECT_EQ(url->server(), "[::1]:8080");
}

TEST(Url, ThatCannotBeMeantIsRefusedByName) {
  const auto refused = [](const char* text) {
    const auto url = parse_url(text);
    return url.ok() ? std::string("accepted") : url.error().message;
  };
  EXPECT_EQ(refused(""), "the server's URL is not a URL");
  EXPECT_EQ(refused("chat.example"), "the server's URL is not a URL");
  EXPECT_EQ(refused("http://a b/"), "the server's URL is not a URL");
  EXPECT_EQ(refused("http://a.example/\r\nX: y"), "the server's URL is not a URL");
  EXPECT_EQ(refused("ftp://a.example/"), "the server's URL has to start with http, https, ws or wss");
  EXPECT_EQ(refused("http:///path"), "the server's URL names no host");
  EXPECT_EQ(refused("http://me@a.example/"), "the server's URL holds a user name");
  EXPECT_EQ(refused("http://a.example/#x"), "the server's URL holds a fragment");
  EXPECT_EQ(refused("http://a.example:0/"), "the server's URL has a port that is no port");
  EXPECT_EQ(refused("http://a.example:65536/"), "the server's URL has a port that is no port");
  EXPECT_EQ(refused("http://a%0d%0a.example/"), "the server's URL has a host that is no host name");
  EXPECT_EQ(refused("http://127.0.0.1.example/"), "the server's URL has a host that is no host name");
  EXPECT_EQ(refused("https://10.0.0.1.example:80"), "the server's URL has a host that is no host name");
  EXPECT_EQ(refused("http://a%00b/"), "the server's URL has a host that is no host name");
  EXPECT_EQ(refused("https://a%01b/"), "the server's URL has a host that is no host name");  // fuzzing
  EXPECT_EQ(refused("https://a%3Ab/"), "the server's URL has a host that is no host name");
}

}  // namespace sotto::net

// URLs for the client.
#include "net/http_url.h"

#include <gtest/gtest.h>

namespace matchbus::net {
namespace {

TEST(HttpUrlTest, TheSchemeGivesThePort) {
  const auto plain = parse_http_url("http://Example.org");
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->host, "example.org");
  EXPECT_EQ(plain->port, 80);
  EXPECT_EQ(plain->authority, "example.org");
  EXPECT_EQ(plain->target, "/");
  const auto tls = parse_http_url("HTTPS://example.org:8443/a/b?c=d&e#f");
  ASSERT_TRUE(tls.ok());
  EXPECT_TRUE(tls->tls);
  EXPECT_EQ(tls->port, 8443);
  EXPECT_EQ(tls->authority, "example.org:8443");
  EXPECT_EQ(tls->target, "/a/b?c=d&e");
}

TEST(HttpUrlTest, TheUsualPortIsLeftOut) {
  EXPECT_EQ(parse_http_url("https://a:443/")->authority, "a");
  EXPECT_EQ(parse_http_url("http://a:443/")->authority, "a:443");
}

TEST(HttpUrlTest, AddressesOfIpv6StandInBrackets) {
  const auto url = parse_http_url("http://[::1]:81?x");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority, "[::1]:81");
  EXPECT_EQ(url->target, "/?x");
}

TEST(HttpUrlTest, OriginsAreSchemeHostAndPort) {
  EXPECT_EQ(parse_http_url("http://A/x")->origin(), parse_http_url("http://a:80/y?z")->origin());
  EXPECT_NE(parse_http_url("http://a:443")->origin(), parse_http_url("https://a")->origin());
  EXPECT_NE(parse_http_url("http://a:1")->origin(), parse_http_url("http://a:2")->origin());
}

TEST(HttpUrlTest, OthersAreRefused) {
  for (const std::string& text :
       {std::string(), std::string("/path"), std::string("example.org"), std::string("ftp://a/"), std::string("ws://a"),
        std::string("http://"), std::string("http:///x"), std::string("http://a:0/"), std::string("http://a:70000/"),
        std::string("http://a b/"), std::string("http://a/\r\nX: y"), std::string("http://user:pass@a/"),
        std::string("http://a/\xC3\xA4"), "http://a/" + std::string(10'000, 'x'), std::string("http://[::1/")}) {
    EXPECT_FALSE(parse_http_url(text).ok()) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace matchbus::net

// What whole request heads are refused for, and what they ask of the connection.
#include "net/http_request_check.h"

#include <gtest/gtest.h>

namespace matchbus::net {
namespace {

HttpRequestCheck check(HttpHeaders headers, std::string method = "GET", int minor = 1) {
  HttpHead head;
  head.method = std::move(method);
  head.target = "/";
  head.minor = minor;
  head.headers = std::move(headers);
  return HttpRequestCheck::of(head);
}

HttpRequestCheck with_host(HttpHeaders more, std::string method = "GET", int minor = 1) {
  more.insert(more.begin(), {"host", "a"});
  return check(std::move(more), std::move(method), minor);
}

TEST(HttpRequestCheckTest, OneHostIsRequired) {
  EXPECT_EQ(check({}).error_status, 400);
  EXPECT_EQ(check({}, "GET", 0).error_status, 0);
  EXPECT_EQ(check({{"host", "a"}, {"host", "a"}}).error_status, 400);
  EXPECT_EQ(check({{"host", "a"}, {"host", "b"}}, "GET", 0).error_status, 400);
  EXPECT_EQ(check({{"host", ""}}).error_status, 0);
}

TEST(HttpRequestCheckTest, TheHostIsAHost) {
  for (const char* host : {"a", "a.b:5200", "[::1]:80", "127.0.0.1", "x_y-z"}) {
    EXPECT_EQ(check({{"host", host}}).error_status, 0) << host;
  }
  for (const char* host : {"a b", "a,b", "a/b", "a@b", "a?b", "\xC3\xA4"}) {
    EXPECT_EQ(check({{"host", host}}).error_status, 400) << host;
  }
}

TEST(HttpRequestCheckTest, KeepAliveDependsOnTheVersion) {
  EXPECT_TRUE(with_host({}).keep_alive);
  EXPECT_FALSE(with_host({{"connection", "x, Close"}}).keep_alive);
  EXPECT_FALSE(with_host({}, "GET", 0).keep_alive);
  EXPECT_TRUE(with_host({{"connection", "Keep-Alive"}}, "GET", 0).keep_alive);
}

TEST(HttpRequestCheckTest, ExpectationsAreKnownOrRefused) {
  EXPECT_TRUE(with_host({{"expect", "100-Continue"}}, "POST").expects_continue);
  EXPECT_FALSE(with_host({{"expect", "100-continue"}}, "POST", 0).expects_continue);
  EXPECT_EQ(with_host({{"expect", "miracles"}}).error_status, 417);
}

TEST(HttpRequestCheckTest, OnlyABareGetBecomesAWebSocket) {
  const HttpHeaders wants = {{"connection", "keep-alive, Upgrade"}, {"upgrade", "WebSocket"}};
  EXPECT_TRUE(with_host(wants).websocket);
  EXPECT_FALSE(with_host(wants, "POST").websocket);
  EXPECT_FALSE(with_host(wants, "GET", 0).websocket);
  EXPECT_FALSE(with_host({{"connection", "upgrade"}}).websocket);
  EXPECT_FALSE(with_host({{"upgrade", "websocket"}}).websocket);
  EXPECT_FALSE(with_host({{"connection", "upgrade"}, {"upgrade", "h2c"}}).websocket);
  HttpHeaders with_body = wants;
  with_body.push_back({"content-length", "5"});
  EXPECT_FALSE(with_host(with_body).websocket);
  with_body.back().second = "0";
  EXPECT_TRUE(with_host(with_body).websocket);
}

TEST(HttpRequestCheckTest, FramingErrorsAndTunnelsAreRefused) {
  EXPECT_EQ(with_host({{"transfer-encoding", "gzip"}}, "POST").error_status, 501);
  EXPECT_EQ(with_host({}, "CONNECT").error_status, 501);
}

}  // namespace
}  // namespace matchbus::net

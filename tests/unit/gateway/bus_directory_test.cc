#include "gateway/bus_directory.h"

#include <gtest/gtest.h>

#include "gateway/bus_row.h"
#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"

namespace matchbus::gateway {
namespace {

using Kind = DirectoryAnswer::Kind;

class DirectoryTest : public testing::Test {
 protected:
  bus::Token token_of(std::string json) {
    text = std::move(json);
    EXPECT_TRUE(document.parse_in_place(text).ok());
    return {.subject = "u1", .expires_at_s = 0, .claims = document.root()};
  }
  DirectoryAnswer ask(BusDirectory& directory, const std::string& json) {
    DirectoryAnswer answer;
    directory.look_up(token_of(json), [&](DirectoryAnswer given) { answer = std::move(given); });
    return answer;
  }
  // What becomes of a lookup that is answered so.
  DirectoryAnswer ask_http(Result<net::HttpAnswer> result) {
    DirectoryAnswer answer;
    http.look_up(token_of("{\"a\":[1]}"), [&](DirectoryAnswer given) { answer = std::move(given); });
    auto call = FakeHttpClient::take(calls);
    request = call.request;
    call.done(std::move(result));
    return answer;
  }

  std::string text;
  json::Document document;
  ClaimsDirectory claims;
  FakeClock clock;
  test::RecordingLog log{clock};
  TimerWheel timers{clock.monotonic_ms()};
  std::deque<FakeHttpClient::Call> calls;
  HttpDirectory http{std::make_unique<FakeHttpClient>(calls), timers, log, "http://b/connect", "tok", 2};
  net::HttpCall request;
};

TEST_F(DirectoryTest, ClaimsAreTheRow) {
  const auto answer = ask(claims, R"({"username":"Ann","sector_id":7,"team_id":"t","region_id":null,"role":"admin"})");
  ASSERT_EQ(answer.kind, Kind::kRow);
  EXPECT_EQ(answer.row.user_id, "u1");
  EXPECT_EQ(answer.row.username, "Ann");
  EXPECT_EQ(answer.row.sector_id, "7");
  EXPECT_EQ(answer.row.team_id, "t");
  EXPECT_EQ(answer.row.region_id, "");
  EXPECT_EQ(answer.row.role, bus::Role::kAdmin);
}

TEST_F(DirectoryTest, WhatIsMissingHasDefaults) {
  const auto answer = ask(claims, "{}");
  ASSERT_EQ(answer.kind, Kind::kRow);
  EXPECT_EQ(answer.row.username, "u1");
  EXPECT_EQ(answer.row.sector_id, "");
  EXPECT_EQ(answer.row.role_name, "player");
  EXPECT_EQ(answer.row.role, bus::Role::kPlayer);
  EXPECT_EQ(ask(claims, R"({"role":"Admin"})").row.role, bus::Role::kPlayer);
  EXPECT_EQ(ask(claims, R"({"sector_id":-9007199254740991})").row.sector_id, "-9007199254740991");
}

TEST_F(DirectoryTest, RowsThatMakeNoSenseAreRefused) {
  for (const char* json : {R"({"sector_id":{}})", R"({"team_id":1.5})", R"({"region_id":true})", R"({"username":[]})",
                           R"({"role":["admin"]})", R"({"sector_id":1e20})"})
    EXPECT_EQ(ask(claims, json).kind, Kind::kRefused) << json;
  EXPECT_EQ(ask(claims, R"({"sector_id":")" + std::string(257, 'x') + "\"}").kind, Kind::kRefused);
}

TEST_F(DirectoryTest, TheBackendIsAskedWithTheClaims) {
  const auto answer = ask_http(net::HttpAnswer{200, {}, R"({"username":"Annie","sector_id":9})"});
  ASSERT_EQ(answer.kind, Kind::kRow);
  EXPECT_EQ(answer.row.user_id, "u1");
  EXPECT_EQ(answer.row.username, "Annie");
  EXPECT_EQ(answer.row.sector_id, "9");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://b/connect");
  EXPECT_EQ(request.body, R"({"user_id":"u1","claims":{"a":[1]}})");
  EXPECT_EQ(request.headers.back().second, "Bearer tok");
}

TEST_F(DirectoryTest, RefusalsAndFailuresAreTwoThings) {
  for (const int status : {400, 401, 403, 404, 410})
    EXPECT_EQ(ask_http(net::HttpAnswer{status, {}, "{}"}).kind, Kind::kRefused) << status;
  for (const int status : {302, 408, 429, 500, 503})
    EXPECT_EQ(ask_http(net::HttpAnswer{status, {}, "{}"}).kind, Kind::kFailed) << status;
  EXPECT_EQ(ask_http(Error{"timed out"}).kind, Kind::kFailed);
  for (const char* body : {"", "[]", "x", R"({"sector_id":{}})", R"({"user_id":"u2"})", R"({"user_id":{}})"})
    EXPECT_EQ(ask_http(net::HttpAnswer{200, {}, body}).kind, Kind::kFailed) << body;
  EXPECT_EQ(ask_http(net::HttpAnswer{200, {}, R"({"user_id":"u1"})"}).kind, Kind::kRow);
}

}  // namespace
}  // namespace matchbus::gateway

// Responses as bytes.
#include "net/http_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_date.h"
#include "net/http_server.h"
#include "support/fake_stream.h"

namespace matchbus::net {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string encode(const HttpResponse& response, bool with_body = true) {
  return std::string(encode_response(response, true, with_body, false).view());
}

TEST(HttpResponseTest, AResponseIsExactlyThis) {
  EXPECT_EQ(encode_response(HttpResponse::text(404, "no"), false, true, true, "then").view(),
            "HTTP/1.1 404 Not Found\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 2\r\n"
            "Access-Control-Allow-Origin: *\r\n"
            "Date: then\r\n"
            "Connection: close\r\n"
            "\r\n"
            "no");
}

TEST(HttpResponseTest, HeadKeepsTheLengthWithoutTheBody) {
  const std::string bytes = encode(HttpResponse::text(200, "hello"), false);
  EXPECT_THAT(bytes, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
}

TEST(HttpResponseTest, SomeStatusesHaveNeitherBodyNorLength) {
  for (const int status : {204, 304}) {
    const std::string bytes = encode(HttpResponse::text(status, "hello"));
    EXPECT_THAT(bytes, Not(HasSubstr("Content-Length")));
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n"));
  }
}

TEST(HttpResponseTest, HeadersCannotBeForged) {
  HttpResponse response;
  response.headers = {{"X-Echo", "a\r\nSet-Cookie: b\n"}, {"Bad Name", "c"}, {"", "d"}};
  const std::string bytes = encode(response);
  EXPECT_THAT(bytes, HasSubstr("X-Echo: a  Set-Cookie: b \r\n"));
  EXPECT_THAT(bytes, Not(HasSubstr("Bad Name")));
  EXPECT_THAT(bytes, Not(HasSubstr(": d")));
}

TEST(HttpResponseTest, TheServersOwnHeadersAreNotDoubled) {
  HttpResponse response;
  response.headers = {{"content-length", "99"}, {"Transfer-Encoding", "chunked"}, {"Connection", "x"}};
  const std::string bytes = encode(response);
  EXPECT_THAT(bytes, Not(HasSubstr("99")));
  EXPECT_THAT(bytes, Not(HasSubstr("chunked")));
  EXPECT_THAT(bytes, Not(HasSubstr("Connection: x")));
}

TEST(HttpResponseTest, PreflightsAllowWhatIsAsked) {
  HttpRequest request;
  request.headers = {{"access-control-request-headers", "content-type, x-user-token"}};
  const HttpResponse response = preflight_response(request);
  EXPECT_EQ(response.status, 204);
  const std::string bytes = std::string(encode_response(response, true, true, true).view());
  EXPECT_THAT(bytes, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(bytes, HasSubstr("Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n"));
  EXPECT_THAT(bytes, HasSubstr("Access-Control-Allow-Headers: content-type, x-user-token\r\n"));
  EXPECT_THAT(bytes, HasSubstr("Access-Control-Max-Age: "));
}

TEST(HttpResponseTest, DatesChangeWithTheSecond) {
  HttpDate date;
  EXPECT_EQ(date.at(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'777'999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'778'000), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(HttpResponseTest, ARefusedUpgradeIsAnsweredAndClosed) {
  FakeClock clock;
  Log log(clock, LogLevel::kOff);
  Loop loop(clock, log);
  test::FakeStreamState state;
  refuse_upgrade(test::FakeStream::make(state), HttpResponse::text(403, "no"), loop);
  EXPECT_TRUE(state.destroyed);
  EXPECT_TRUE(state.written.starts_with("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_TRUE(state.written.ends_with("\r\n\r\nno"));
  EXPECT_THAT(state.written, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(state.written, HasSubstr("Date: "));
}

}  // namespace
}  // namespace matchbus::net

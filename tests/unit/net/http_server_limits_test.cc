// What the server refuses, and when it loses patience.
#include "net/http_server.h"

#include <uv.h>

#include "unit/net/http_server_fixture.h"

namespace matchbus::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HttpServerLimitsTest : public HttpServerFixture {
 protected:
  void expect_refusal(const std::string& bytes, int status, const std::string& why) {
    State& s = peer();
    connect(s);
    const uint64_t before = server_->stats().bad_requests;
    s.feed(bytes);
    EXPECT_THAT(answers(s.written), StartsWith(std::to_string(status))) << bytes;
    EXPECT_THAT(s.written, HasSubstr(why)) << bytes;
    EXPECT_THAT(s.written, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(s.written, HasSubstr("text/plain"));
    EXPECT_TRUE(s.finished);
    EXPECT_EQ(server_->stats().bad_requests, before + 1);
    EXPECT_TRUE(handler_.requests.empty());
    s.feed(get("/after"));
    EXPECT_TRUE(handler_.requests.empty());
    s.close(CloseReason::kLocal);
  }
};

TEST_F(HttpServerLimitsTest, RefusalsSayWhatIsWrong) {
  expect_refusal("GET / HTTP/1.1\r\n\r\n", 400, "missing Host");
  expect_refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one Host");
  expect_refusal("nonsense\r\n\r\n", 501, "method");
  expect_refusal("\x16\x03\x01", 400, "malformed first line");
  expect_refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version");
  expect_refusal(get("/", "A: b\r\n c\r\n"), 400, "folded");
  expect_refusal(get("/", "Expect: miracles\r\n"), 417, "expectation");
  expect_refusal("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method");
}

TEST_F(HttpServerLimitsTest, SmugglingIsRefused) {
  const std::string start = "POST / HTTP/1.1\r\nHost: a\r\n";
  expect_refusal(start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Content-Length");
  expect_refusal(start + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400, "Content-Length");
  expect_refusal(start + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "coding");
  expect_refusal(start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501, "coding");
  expect_refusal(start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Transfer");
  expect_refusal(start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400, "in a header");
  expect_refusal(start + "Transfer-Encoding: chunked\r\n\r\n0\n\r\n\r\n", 400, "chunked");
  expect_refusal(start + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcXX0\r\n\r\n", 400, "chunked");
  expect_refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "HTTP/1.0");
}

TEST_F(HttpServerLimitsTest, RefusalsAreLoggedWithTheAddressButNotTooOften) {
  expect_refusal("GET / HTTP/1.1\r\n\r\n", 400, "missing Host");
  expect_refusal("GET / HTTP/1.1\r\n\r\n", 400, "missing Host");
  ASSERT_EQ(log_.lines.size(), 1u);
  EXPECT_THAT(log_.lines[0], HasSubstr("192.0.2.1"));
  EXPECT_THAT(log_.lines[0], HasSubstr("missing Host"));
}

TEST_F(HttpServerLimitsTest, OneBadConnectionDoesNotTouchOthers) {
  State& good = peer();
  State& bad = peer();
  connect(good);
  connect(bad);
  good.feed("GET /good HTTP/1.1\r\n");
  bad.feed("\x01");
  good.feed("Host: a\r\n\r\n");
  EXPECT_EQ(answers(good.written), "200 /good");
}

TEST_F(HttpServerLimitsTest, HeadsAreBounded) {
  HttpServerOptions options;
  options.limits.header_bytes = 200;
  options.limits.header_fields = 5;
  start(options);
  expect_refusal(get("/" + std::string(200, 'x')), 431, "too large");
  expect_refusal(get("/", "A: " + std::string(200, 'x') + "\r\n"), 431, "too large");
  expect_refusal(get("/", "A: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n"), 431, "fields");
  State& s = peer();
  connect(s);
  for (int i = 0; i < 5; ++i) s.feed(get("/", "A: " + std::string(150, 'x') + "\r\n"));
  EXPECT_EQ(handler_.requests.size(), 5u) << "each head counts for itself";
}

TEST_F(HttpServerLimitsTest, BodiesAreBounded) {
  HttpServerOptions options;
  options.limits.body_bytes = 10;
  start(options);
  expect_refusal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, "too large");
  expect_refusal("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n", 413, "too large");
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_refusal(chunked + "b\r\n", 413, "too large");
  expect_refusal(chunked + "5\r\nhello\r\n6\r\n", 413, "too large");
  State& s = peer();
  connect(s);
  s.feed(post("/fits", "0123456789"));
  EXPECT_EQ(answers(s.written), "200 /fits");
}

TEST_F(HttpServerLimitsTest, TheHandlerSetsTheLimitOfABody) {
  handler_.limit = 3;
  State& s = peer();
  connect(s);
  s.feed(get("/no-body"));
  EXPECT_EQ(handler_.limit_questions, 0);
  s.feed(post("/upload", "abc"));
  EXPECT_EQ(handler_.limit_questions, 1);
  EXPECT_EQ(handler_.last_question, "/upload");
  s.feed("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
  EXPECT_THAT(answers(s.written), HasSubstr("413 "));
}

TEST_F(HttpServerLimitsTest, AClientThatAsksIsToldToContinue) {
  State& asks = peer();
  State& impatient = peer();
  State& old = peer();
  for (State* s : {&asks, &impatient, &old}) connect(*s);
  const std::string head = "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
  asks.feed("POST /a HTTP/1.1\r\nHost: a\r\n" + head);
  EXPECT_EQ(asks.take(), "HTTP/1.1 100 Continue\r\n\r\n");
  asks.feed("abc");
  EXPECT_EQ(answers(asks.written), "200 /a");
  impatient.feed("POST /b HTTP/1.1\r\nHost: a\r\n" + head + "abc");
  EXPECT_EQ(answers(impatient.written), "200 /b");
  old.feed("POST /c HTTP/1.0\r\n" + head);
  EXPECT_EQ(old.written, "");
}

TEST_F(HttpServerLimitsTest, SilentConnectionsAreClosed) {
  State& s = peer();
  connect(s);
  pass(9'900);
  EXPECT_FALSE(s.finished);
  pass(200);
  EXPECT_TRUE(s.finished);
  EXPECT_EQ(s.written, "");
  EXPECT_EQ(server_->stats().bad_requests, 0u);
}

TEST_F(HttpServerLimitsTest, SlowHeadsTimeOutHoweverOftenBytesCome) {
  State& s = peer();
  connect(s);
  pass(5'000);
  s.feed("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    pass(1'000);
    s.feed("A: b\r\n");
  }
  EXPECT_EQ(s.written, "");
  pass(1'100);
  EXPECT_THAT(answers(s.written), StartsWith("408 "));
  EXPECT_TRUE(s.finished);
  EXPECT_EQ(server_->stats().bad_requests, 1u);
}

TEST_F(HttpServerLimitsTest, SlowBodiesTimeOut) {
  State& s = peer();
  connect(s);
  s.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n");
  for (int i = 0; i < 29; ++i) {
    pass(1'000);
    s.feed("x");
  }
  EXPECT_EQ(s.written, "");
  pass(1'100);
  EXPECT_THAT(answers(s.written), StartsWith("408 "));
  EXPECT_TRUE(s.finished);
}

TEST_F(HttpServerLimitsTest, TheHandlerHasAllTheTimeItWants) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/"));
  pass(1'000'000);
  EXPECT_FALSE(s.finished);
  handler_.replies[0]->send(HttpResponse::text(200, "x"));
  EXPECT_EQ(answers(s.written), "200 x");
}

TEST_F(HttpServerLimitsTest, IdleConnectionsAreClosedLater) {
  State& s = peer();
  connect(s);
  s.feed(get("/"));
  pass(59'900);
  s.feed(get("/"));
  pass(59'900);
  EXPECT_FALSE(s.finished);
  s.feed("\r\n");  // an empty line is no request
  pass(200);
  EXPECT_TRUE(s.finished);
  EXPECT_EQ(server_->stats().bad_requests, 0u);
}

TEST_F(HttpServerLimitsTest, ALimitOfZeroIsNone) {
  HttpServerOptions options;
  options.limits = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  start(options);
  handler_.hold = true;
  State& s = peer();
  State& silent = peer();
  connect(s);
  connect(silent);
  s.feed("POST /large HTTP/1.1\r\nHost: a\r\n");
  s.feed("A: " + std::string(100'000, 'x') + "\r\nTransfer-Encoding: chunked\r\n\r\n");
  pass(100'000'000);
  s.feed("200000;" + std::string(100'000, 'x') + "\r\n" + std::string(0x200000, 'y') + "\r\n0\r\n\r\n");
  ASSERT_EQ(handler_.requests.size(), 1u);
  EXPECT_EQ(handler_.requests[0].body.size(), 0x200000u);
  s.feed(std::string(1'000'000, '\n'));
  EXPECT_TRUE(s.reading);
  handler_.replies[0]->send(HttpResponse::text(200, "x"));
  pass(100'000'000);
  EXPECT_FALSE(s.finished);
  EXPECT_FALSE(silent.finished);
}

TEST_F(HttpServerLimitsTest, ABodyIsRefusedByItsHead) {
  State& s = peer();
  connect(s);
  s.feed("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(answers(s.take()), "404 no such place");
  EXPECT_TRUE(s.finished);
  s.feed(std::string(1'000'000, 'x'));
  EXPECT_EQ(s.take(), "");
  EXPECT_THAT(handler_.requests, testing::IsEmpty());
  State& other = peer();
  connect(other);
  other.feed("POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(answers(other.take()), "404 no such place");
  State& without = peer();
  connect(without);
  without.feed(get("/nowhere"));
  EXPECT_EQ(answers(without.take()), "200 /nowhere");
}

TEST_F(HttpServerLimitsTest, PipelinedRequestsAreServedInPieces) {
  HttpServerOptions options{{}, false};
  options.limits.read_piece_us = 1;
  start(options);
  State& s = peer();
  connect(s);
  std::string requests;
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    requests += get("/" + std::to_string(i));
    expected += (i == 0 ? "" : "|") + std::string("200 /") + std::to_string(i);
  }
  handler_.on = [](HttpRequest& request, std::unique_ptr<HttpReply> reply) {
    for (const uint64_t begin = uv_hrtime(); uv_hrtime() - begin < 2'000;) {
    }
    reply->send(HttpResponse::text(200, request.target));
  };
  s.feed(requests);
  EXPECT_LE(handler_.requests.size(), 1U);
  s.feed(get("/20"));
  EXPECT_LE(handler_.requests.size(), 1U) << "not past those that wait";
  for (int i = 0; i < 100 && handler_.requests.size() < 21; ++i) turn();
  EXPECT_EQ(answers(s.take()), expected + "|200 /20");
  s.feed(requests);
  s.close();
  turn();
  EXPECT_LE(handler_.requests.size(), 22U);
}

TEST_F(HttpServerLimitsTest, ReadingPausesWhileTooMuchWaits) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a"));
  s.feed(get("/b"));
  EXPECT_TRUE(s.reading);
  std::string many;
  while (many.size() <= 16 * 1024) many += get("/more");
  s.feed(many);
  EXPECT_FALSE(s.reading);
  handler_.hold = false;
  handler_.replies[0]->send(HttpResponse::text(200, ""));
  turn();
  EXPECT_TRUE(s.reading);
  EXPECT_EQ(handler_.requests.size(), 2 + many.size() / get("/more").size());
}

TEST_F(HttpServerLimitsTest, AClientThatTakesNoAnswersGetsNoMore) {
  const Bytes large = Bytes::copy(std::string(12'000, 'x'));
  handler_.on = [&](HttpRequest&, std::unique_ptr<HttpReply> reply) {
    HttpResponse response;
    response.body = large;
    reply->send(std::move(response));
  };
  State& s = peer();
  s.accept = 1'000;
  connect(s);
  std::string many;
  for (int i = 0; i < 100; ++i) many += get("/");
  s.feed(many);
  EXPECT_EQ(handler_.requests.size(), 3u) << "32 KiB wait";
  s.feed(get("/last"));
  EXPECT_EQ(handler_.requests.size(), 3u);
  s.drain();
  EXPECT_EQ(handler_.requests.size(), 101u);
  EXPECT_EQ(handler_.requests.back().target, "/last");
}

TEST_F(HttpServerLimitsTest, ASlowReaderIsKeptWhileItReads) {
  const Bytes large = Bytes::copy(std::string(100'000, 'x'));
  handler_.on = [&](HttpRequest&, std::unique_ptr<HttpReply> reply) {
    HttpResponse response;
    response.body = large;
    reply->send(std::move(response));
  };
  State& s = peer();
  s.accept = 0;
  connect(s);
  s.feed(get("/"));
  for (int i = 0; i < 5; ++i) {
    pass(50'000);
    s.held.erase(0, 10'000);
    pass(11'000);
    EXPECT_FALSE(s.finished);
  }
  pass(61'000);
  EXPECT_TRUE(s.finished);
}

}  // namespace
}  // namespace matchbus::net

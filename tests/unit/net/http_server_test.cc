// The server's ordinary life: requests, answers, keep-alive, pipelining, upgrades, CORS, shutting down.
#include "net/http_server.h"

#include "unit/net/http_server_fixture.h"

namespace matchbus::net {
namespace {

using testing::HasSubstr;
using testing::Not;

class HttpServerTest : public HttpServerFixture {};

TEST_F(HttpServerTest, ARequestIsAnswered) {
  State& s = peer();
  s.tls = true;
  connect(s);
  s.feed("GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Token: T\r\n\r\n");
  ASSERT_EQ(handler_.requests.size(), 1u);
  const HttpRequest& request = handler_.requests[0];
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/a?b=c");
  EXPECT_EQ(request.header("x-token"), "T");
  EXPECT_EQ(request.peer, "192.0.2.1");
  EXPECT_TRUE(request.tls);
  EXPECT_EQ(s.written,
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n"
            "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nConnection: keep-alive\r\n\r\n/a?b=c");
  EXPECT_FALSE(s.finished);
  EXPECT_EQ(server_->stats().connections, 1u);
  EXPECT_EQ(server_->stats().requests, 1u);
}

TEST_F(HttpServerTest, BytesMayComeOneAtATime) {
  State& s = peer();
  connect(s);
  s.drip(post("/a", "hello") + get("/b") +
         "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
         get("/d"));
  EXPECT_EQ(answers(s.written), "200 /a|200 /b|200 /c|200 /d");
  EXPECT_EQ(handler_.requests[0].body, "hello");
  EXPECT_EQ(handler_.requests[1].body, "");
  EXPECT_EQ(handler_.requests[2].body, "abcde");
}

TEST_F(HttpServerTest, BodiesAreSharedNotCopied) {
  Bytes body = Bytes::copy("shared");
  handler_.on = [&](HttpRequest&, std::unique_ptr<HttpReply> reply) {
    HttpResponse response;
    response.body = body;
    reply->send(std::move(response));
  };
  State& s = peer();
  connect(s);
  s.feed(get("/"));
  EXPECT_TRUE(s.written.ends_with("\r\n\r\nshared"));
  EXPECT_TRUE(body.unique());  // the fake stream copies what it takes; nobody else has
}

TEST_F(HttpServerTest, HeadIsAnsweredWithoutBody) {
  State& s = peer();
  connect(s);
  s.feed("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(handler_.requests[0].method, "HEAD");
  EXPECT_THAT(s.written, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_TRUE(s.take().ends_with("\r\n\r\n"));
  s.feed(get("/x"));
  EXPECT_EQ(answers(s.written), "200 /x");
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  State& s = peer();
  connect(s);
  std::string all;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) {
    all += get("/" + std::to_string(i));
    expected += (i == 0 ? "200 /" : "|200 /") + std::to_string(i);
  }
  s.feed(all);
  EXPECT_EQ(answers(s.written), expected);
}

TEST_F(HttpServerTest, ThePipelinedRequestWaitsForTheAnswerBeforeIt) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/b") + "GET /c HT");
  s.feed("TP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(handler_.requests.size(), 1u);
  handler_.replies[0]->send(HttpResponse::text(200, "A"));
  EXPECT_EQ(handler_.requests.size(), 1u) << "not from within the answer";
  turn();
  ASSERT_EQ(handler_.requests.size(), 2u);
  handler_.replies[1]->send(HttpResponse::text(200, "B"));
  s.feed(get("/d"));  // while the rest waits for the end of the turn
  turn();
  ASSERT_EQ(handler_.requests.size(), 3u);
  EXPECT_EQ(handler_.requests[2].target, "/c");
  handler_.hold = false;
  handler_.replies[2]->send(HttpResponse::text(200, "C"));
  turn();
  EXPECT_EQ(answers(s.written), "200 A|200 B|200 C|200 /d");
}

TEST_F(HttpServerTest, AConnectionMayEndWithRequestsStillWaiting) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/b"));
  // What is posted from a task runs in the next turn, when the connection is gone for good.
  loop_.post([&] {
    handler_.replies[0]->send(HttpResponse::text(200, "A"));
    s.close();
  });
  turn();
  turn();
  EXPECT_EQ(handler_.requests.size(), 1u);
}

TEST_F(HttpServerTest, AnAnswerMayComeBeforeOrAfterTheTurn) {
  State& s = peer();
  connect(s);
  handler_.hold = true;
  s.feed(get("/a"));
  turn();
  EXPECT_EQ(s.written, "");
  handler_.replies[0]->send(HttpResponse::text(200, "later"));
  EXPECT_EQ(answers(s.written), "200 later");
  EXPECT_FALSE(handler_.replies[0]->is_open());
  handler_.replies[0]->send(HttpResponse::text(200, "twice"));
  EXPECT_EQ(answers(s.written), "200 later");
}

TEST_F(HttpServerTest, AForgottenReplyIsA500) {
  handler_.on = [](HttpRequest&, std::unique_ptr<HttpReply> reply) { reply.reset(); };
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/b"));
  EXPECT_THAT(answers(s.written), testing::StartsWith("500 "));
  EXPECT_EQ(handler_.requests.size(), 2u);
}

TEST_F(HttpServerTest, ConnectionsAreKeptOrClosedAsAsked) {
  State& close = peer();
  State& old = peer();
  State& old_keep = peer();
  State& by_handler = peer();
  for (State* s : {&close, &old, &old_keep, &by_handler}) connect(*s);
  close.feed(get("/", "Connection: close\r\n") + get("/ignored"));
  EXPECT_EQ(answers(close.written), "200 /");
  EXPECT_THAT(close.written, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(close.finished);
  old.feed("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answers(old.written), "200 /");
  EXPECT_TRUE(old.finished);
  old_keep.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(old_keep.written, HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(old_keep.finished);
  handler_.on = [](HttpRequest&, std::unique_ptr<HttpReply> reply) {
    reply->close_after();
    reply->send(HttpResponse::text(200, "bye"));
  };
  by_handler.feed(get("/"));
  EXPECT_THAT(by_handler.written, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(by_handler.finished);
}

TEST_F(HttpServerTest, BytesAfterTheLastAnswerAreDropped) {
  State& s = peer();
  connect(s);
  s.feed(get("/a", "Connection: close\r\n"));
  s.feed(get("/b"));
  EXPECT_EQ(handler_.requests.size(), 1u);
  s.close(CloseReason::kLocal);
  EXPECT_TRUE(s.destroyed);
}

TEST_F(HttpServerTest, TheClientsDepartureIsNoticed) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a"));
  int gone = 0;
  handler_.replies[0]->on_gone([&] {
    ++gone;
    handler_.replies.clear();
  });
  s.close();
  EXPECT_EQ(gone, 1);
  EXPECT_TRUE(s.destroyed);
  turn();
}

TEST_F(HttpServerTest, AReplyOutlivesItsClient) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a"));
  s.close();
  turn();
  EXPECT_FALSE(handler_.replies[0]->is_open());
  handler_.replies[0]->send(HttpResponse::text(200, "nobody"));
  EXPECT_EQ(s.written, "");
}

TEST_F(HttpServerTest, NothingIsCalledWhenTheClientLeavesAfterTheAnswer) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a"));
  bool gone = false;
  handler_.replies[0]->on_gone([&] { gone = true; });
  handler_.replies[0]->send(HttpResponse::text(200, "x"));
  s.close();
  EXPECT_FALSE(gone);
}

TEST_F(HttpServerTest, AReplyCanDropTheConnection) {
  handler_.on = [](HttpRequest&, std::unique_ptr<HttpReply> reply) { reply->abort(); };
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/b"));
  EXPECT_TRUE(s.destroyed);
  EXPECT_EQ(s.written, "");
  EXPECT_EQ(handler_.requests.size(), 1u);
  turn();
}

TEST_F(HttpServerTest, TheServerMayEndInsideAHandler) {
  handler_.on = [this](HttpRequest& request, std::unique_ptr<HttpReply> reply) {
    handler_.replies.push_back(std::move(reply));
    server_.reset();
    EXPECT_EQ(request.target, "/a");
  };
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/b"));
  EXPECT_TRUE(s.destroyed);
  EXPECT_FALSE(handler_.replies[0]->is_open());
  turn();
}

TEST_F(HttpServerTest, TheServerMayEndWithConnectionsInAnyState) {
  handler_.hold = true;
  State& idle = peer();
  State& head = peer();
  State& body = peer();
  State& waiting = peer();
  State& backlog = peer();
  for (State* s : {&idle, &head, &body, &waiting, &backlog}) connect(*s);
  head.feed("GET / HT");
  body.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");
  waiting.feed(get("/"));
  backlog.feed(get("/") + get("/"));
  handler_.replies[1]->send(HttpResponse::text(200, ""));  // its next request is posted
  server_.reset();
  for (State* s : {&idle, &head, &body, &waiting, &backlog}) EXPECT_TRUE(s->destroyed);
  turn();
  EXPECT_EQ(handler_.requests.size(), 2u);
}

TEST_F(HttpServerTest, AWebSocketRequestIsHandedOverWithTheBytesBehindIt) {
  State& s = peer();
  connect(s);
  s.feed(get("/ws", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n") + "\x81\x01x");
  ASSERT_NE(handler_.upgraded, nullptr);
  EXPECT_EQ(handler_.requests[0].target, "/ws");
  EXPECT_EQ(handler_.early, "\x81\x01x");
  EXPECT_EQ(s.handler, nullptr);
  EXPECT_EQ(s.written, "");
  EXPECT_EQ(server_->stats().upgrades, 1u);
  EXPECT_EQ(server_->stats().requests, 0u);
  turn();
  server_.reset();
  EXPECT_FALSE(s.destroyed) << "the stream is the handler's";
}

TEST_F(HttpServerTest, AnUpgradeBehindOtherRequestsKeepsItsBytes) {
  HttpServerOptions options;
  options.cors = false;
  options.limits.pipelined_bytes = 10;
  start(options);
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a") + get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n") + "early");
  EXPECT_FALSE(s.reading);
  handler_.replies[0]->send(HttpResponse::text(200, "a"));
  turn();
  ASSERT_NE(handler_.upgraded, nullptr);
  EXPECT_EQ(handler_.early, "early");
  EXPECT_TRUE(s.reading);
  EXPECT_EQ(answers(s.written), "200 a");
}

TEST_F(HttpServerTest, AnUpgradeMayBeDrippedIn) {
  State& s = peer();
  connect(s);
  s.drip(get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
  EXPECT_NE(handler_.upgraded, nullptr);
  EXPECT_EQ(handler_.early, "");
}

TEST_F(HttpServerTest, OtherUpgradesAreOrdinaryRequests) {
  State& s = peer();
  connect(s);
  s.feed(get("/h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n") +
         post("/post", "body", "Connection: Upgrade\r\nUpgrade: websocket\r\n") + get("/next"));
  EXPECT_EQ(answers(s.written), "200 /h2c|200 /post|200 /next");
  EXPECT_EQ(handler_.requests[1].body, "body");
  EXPECT_EQ(handler_.upgraded, nullptr);
}

TEST_F(HttpServerTest, PreflightsAreAnsweredByTheServer) {
  start({});
  State& s = peer();
  connect(s);
  s.feed(
      "OPTIONS /socket.io/ HTTP/1.1\r\nHost: a\r\nOrigin: b\r\nAccess-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: content-type\r\n\r\n");
  EXPECT_TRUE(handler_.requests.empty());
  EXPECT_TRUE(s.written.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(s.written, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_THAT(s.written, HasSubstr("Access-Control-Allow-Headers: content-type\r\n"));
  EXPECT_THAT(s.take(), Not(HasSubstr("Content-Length")));
  s.feed(get("/a"));
  EXPECT_THAT(s.written, HasSubstr("Access-Control-Allow-Origin: *\r\n"));
  EXPECT_EQ(server_->stats().requests, 2u);
}

TEST_F(HttpServerTest, WithoutCorsOptionsGoToTheHandler) {
  State& s = peer();
  connect(s);
  s.feed("OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(answers(s.written), "200 /a");
  EXPECT_THAT(s.written, Not(HasSubstr("Access-Control")));
}

TEST_F(HttpServerTest, ShuttingDownClosesIdleConnectionsAndThenTheOthers) {
  handler_.hold = true;
  State& fresh = peer();
  State& used = peer();
  State& waiting = peer();
  State& half = peer();
  State& late = peer();
  for (State* s : {&fresh, &used, &waiting, &half}) connect(*s);
  used.feed(get("/used"));
  handler_.replies[0]->send(HttpResponse::text(200, ""));
  waiting.feed(get("/waiting") + get("/never"));
  half.feed("GET /half HTTP/1.1\r\n");
  server_->shut_down();
  EXPECT_TRUE(fresh.finished);
  EXPECT_TRUE(used.finished);
  EXPECT_FALSE(waiting.finished);
  EXPECT_FALSE(half.finished);
  handler_.replies[1]->send(HttpResponse::text(200, "bye"));
  EXPECT_THAT(waiting.written, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(waiting.finished);
  handler_.hold = false;
  half.feed("Host: a\r\n\r\n");
  EXPECT_EQ(answers(half.written), "200 /half");
  EXPECT_TRUE(half.finished);
  turn();
  EXPECT_EQ(handler_.requests.size(), 3u);
  connect(late);
  EXPECT_TRUE(late.destroyed);
}

TEST_F(HttpServerTest, ShuttingDownIsNotHeldUpByBytesThatAreNoRequest) {
  handler_.hold = true;
  State& s = peer();
  connect(s);
  s.feed(get("/a") + "\r\n");
  handler_.replies[0]->send(HttpResponse::text(200, "A"));
  server_->shut_down();
  turn();
  EXPECT_TRUE(s.finished);
}

TEST_F(HttpServerTest, TheOldestWithoutARequestMakesRoom) {
  handler_.hold = true;
  State& busy = peer();
  State& half = peer();
  State& idle = peer();
  for (State* s : {&busy, &half, &idle}) connect(*s);
  busy.feed(get("/a"));
  half.feed("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(half.destroyed);
  EXPECT_FALSE(idle.destroyed);
  EXPECT_EQ(handler_.lost_bodies, 1);
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(idle.destroyed);
  EXPECT_FALSE(server_->make_room("192.0.2.9")) << "its request is under way";
  EXPECT_FALSE(busy.destroyed);
  handler_.replies[0]->send(HttpResponse::text(200, "A"));
  EXPECT_EQ(answers(busy.written), "200 A");
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(busy.destroyed);
  EXPECT_FALSE(server_->make_room("192.0.2.9")) << "nobody is there";
}

TEST_F(HttpServerTest, RatherOneOfItsOwnAddressMakesRoom) {
  State& other = peer();
  State& own = peer();
  State& newer = peer();
  own.address = newer.address = "192.0.2.9";
  for (State* s : {&other, &own, &newer}) connect(*s);
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(own.destroyed);
  EXPECT_FALSE(other.destroyed);
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(newer.destroyed);
  EXPECT_TRUE(server_->make_room("192.0.2.9"));
  EXPECT_TRUE(other.destroyed);
}

}  // namespace
}  // namespace matchbus::net

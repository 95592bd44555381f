// How sessions are opened, found and refused.
#include "socketio/engine_server.h"

#include <set>
#include <string>
#include <vector>

#include "unit/socketio/engine_fixture.h"

namespace matchbus::socketio {
namespace {

TEST_F(EngineTest, PollingSessionOpens) {
  const HttpCall& call = request("GET", "EIO=4&transport=polling");
  EXPECT_EQ(call.status(), 200);
  EXPECT_THAT(call.answer().head, testing::HasSubstr("text/plain; charset=UTF-8"));
  EXPECT_EQ(call.body(), R"(0{"sid":")" + std::string(session().id()) +
                             R"(","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,)"
                             R"("maxPayload":1000000})");
  EXPECT_FALSE(session().is_websocket());
  EXPECT_EQ(session().peer_address(), "192.0.2.1");
  EXPECT_EQ(stats().sessions, 1U);
  EXPECT_EQ(stats().open, 1U);
  EXPECT_EQ(stats().open_polling, 1U);
}

TEST_F(EngineTest, WebSocketSessionOpens) {
  WsCall& socket = connect();
  EXPECT_THAT(socket.take(), ElementsAre(R"(0{"sid":")" + std::string(session().id()) +
                                         R"(","upgrades":[],"pingInterval":25000,"pingTimeout":20000,)"
                                         R"("maxPayload":1000000})"));
  EXPECT_TRUE(session().is_websocket());
  EXPECT_EQ(session().peer_address(), "192.0.2.1");
  EXPECT_EQ(stats().open, 1U);
  EXPECT_EQ(stats().open_polling, 0U);
}

TEST_F(EngineTest, MessagesRightBehindTheHandshakeAreRead) {
  upgrade("EIO=4&transport=websocket", text_frame("4one") + text_frame("4two"));
  EXPECT_THAT(last().messages, ElementsAre("text:one", "text:two"));
}

TEST_F(EngineTest, WhatIsSentWhileOpeningFollowsTheOpenPacket) {
  on_open = [](EngineSession& session) { session.send_text("hello"); };
  EXPECT_THAT(request("GET", "EIO=4&transport=polling").body(), testing::EndsWith("}\x1e"
                                                                                  "4hello"));
  EXPECT_THAT(connect().take(), ElementsAre(StartsWith("0{"), "4hello"));
}

TEST_F(EngineTest, RefusedSessionsLeaveNothing) {
  refuse = true;
  const HttpCall& call = request("GET", "EIO=4&transport=polling");
  EXPECT_EQ(call.status(), 403);
  EXPECT_EQ(call.body(), R"({"code":4,"message":"Forbidden"})");
  WsCall& socket = connect();
  EXPECT_THAT(socket.take(), ElementsAre(StartsWith("0{"), "close 1000"));
  EXPECT_EQ(stats().open, 0U);
  EXPECT_EQ(stats().open_polling, 0U);
}

TEST_F(EngineTest, ClosedWhileOpening) {
  on_open = [](EngineSession& session) { session.close(); };
  const HttpCall& call = request("GET", "EIO=4&transport=polling");
  EXPECT_EQ(call.status(), 200);
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kServer));
  WsCall& socket = connect();
  EXPECT_THAT(socket.take(), ElementsAre(StartsWith("0{"), "close 1000"));
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kServer));
  EXPECT_EQ(stats().open, 0U);
}

TEST_F(EngineTest, TooManySessionsAreRefused) {
  EngineOptions options;
  options.max_sessions = 2;
  start(options);
  const std::string first = open();
  WsCall& socket = connect();
  EXPECT_EQ(request("GET", "EIO=4&transport=polling").status(), 503);
  WsCall& refused = connect();
  refused.take();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(stats().open, 2U);
  socket.stream.close();
  turn();
  EXPECT_EQ(request("GET", "EIO=4&transport=polling").status(), 200);
  EXPECT_EQ(post(first, "4still fine").status(), 200);
}

TEST_F(EngineTest, BadRequestsAreAnsweredCountedAndLogged) {
  const std::string sid = open();
  EXPECT_EQ(request("GET", "EIO=4&transport=x").body(), R"({"code":0,"message":"Transport unknown"})");
  EXPECT_EQ(get("AAAAAAAAAAAAAAAAAAAA").body(), R"({"code":1,"message":"Session ID unknown"})");
  EXPECT_EQ(request("PUT", polling(sid), "x").body(), R"({"code":3,"message":"Bad request"})");
  for (const char* query : {"EIO=4&transport=x", "EIO=4&transport=polling", "EIO=3&transport=websocket",
                            "EIO=4&transport=websocket&sid=AAAAAAAAAAAAAAAAAAAA"}) {
    WsCall& refused = upgrade(query);
    EXPECT_THAT(refused.take(), ElementsAre(StartsWith("{\"code\":"))) << query;
    EXPECT_EQ(refused.status, 400) << query;
  }
  EXPECT_EQ(stats().bad_requests, 7U);
  const size_t causes = log.lines.size();
  EXPECT_GT(causes, 1U) << "no cause hides another";
  request("GET", "EIO=4&transport=x");
  EXPECT_THAT(log.lines, SizeIs(causes)) << "the lines of a cause are limited";
  EXPECT_EQ(post(sid, "4fine").status(), 200);
}

TEST_F(EngineTest, ManySessionsAreFoundByTheirIds) {
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(open());
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(1000));
  for (size_t i = 0; i < ids.size(); i += 2) post(ids[i], "1");
  EXPECT_EQ(stats().open, 500U);
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(post(ids[i], "4here").status(), i % 2 == 0 ? 400 : 200);
}

// --- One request of a kind ---

TEST_F(EngineTest, ASecondPollEndsTheSession) {
  const std::string sid = open();
  HttpCall& first = get(sid);
  EXPECT_EQ(get(sid).status(), 400);
  EXPECT_EQ(first.body(), "1");
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kTransportError));
}

TEST_F(EngineTest, ASecondPostEndsTheSession) {
  const std::string sid = open();
  HttpCall& slow = request("POST", polling(sid), {}, false);
  (void)slow;
  net::HttpRequest head;
  head.method = "POST";
  head.target = "/?" + polling(sid);
  EXPECT_EQ(target->body_limit(head), 1'000'000U);
  EXPECT_EQ(post(sid, "4x").status(), 400);
  EXPECT_THAT(last().messages, IsEmpty());
}

TEST_F(EngineTest, PostsTooLargeAreRefused) {
  EngineOptions options;
  options.max_payload = 10;
  start(options);
  const std::string sid = open();
  EXPECT_EQ(post(sid, "4123456789").status(), 200);
  EXPECT_EQ(post(sid, "41234567890").status(), 413);
  EXPECT_EQ(post(sid, "4fine").status(), 200);
  EXPECT_THAT(last().messages, ElementsAre("text:123456789", "text:fine"));
}

}  // namespace
}  // namespace matchbus::socketio

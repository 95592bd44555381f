// Sessions of an Engine.IO server, over both transports, with a clock that is turned by hand.
#include "socketio/engine_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "unit/socketio/wire_world.h"

namespace matchbus::socketio {
namespace {

using test::HttpCall;
using test::Texts;
using test::WsCall;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr int kInterval = 25'000;
constexpr int kTimeout = 20'000;

// Notes what a session says; a test may hang further doings on every message.
class Recorder final : public EngineHandler {
 public:
  void on_engine_text(std::span<char> text) override { note("text:" + std::string(text.data(), text.size())); }
  void on_engine_binary(std::span<char> data) override { note("binary:" + std::string(data.data(), data.size())); }
  void on_engine_drained() override { ++drained; }
  void on_engine_closed(EngineClose reason) override {
    closes.push_back(reason);
    if (on_closed) on_closed();
  }

  Texts messages;
  std::vector<EngineClose> closes;
  int drained = 0;
  EngineSession* session = nullptr;
  std::function<void(EngineSession&)> on_message;
  std::function<void()> on_closed;

 private:
  void note(std::string message) {
    messages.push_back(std::move(message));
    if (on_message) on_message(*session);
  }
};

class EngineTest : public testing::Test, public test::WireWorld<EngineServer>, private EngineServer::Acceptor {
 protected:
  EngineTest() { start({}); }
  ~EngineTest() override { target.reset(); }

  void start(const EngineOptions& options) { target = EngineServer::create(loop, *context, *this, options); }

  Recorder& last() { return *recorders.back(); }
  EngineSession& session() { return *last().session; }
  const EngineStats& stats() { return target->stats(); }
  hub::Message message(std::string_view text, size_t threshold = 1024) {
    return hub::Message({*context, threshold, 3}, Bytes::copy(text));
  }

  bool refuse = false;
  std::function<void(EngineSession&)> on_open;
  std::vector<std::unique_ptr<Recorder>> recorders;

 private:
  EngineHandler* on_engine_open(EngineSession& session, const net::HttpRequest&) override {
    if (refuse) return nullptr;
    recorders.push_back(std::make_unique<Recorder>());
    last().session = &session;
    if (on_open) on_open(session);
    return &last();
  }
};

// --- Opening ---

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

// --- Sending ---

TEST_F(EngineTest, PacketsOfOneTurnLeaveInOneAnswer) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  EXPECT_FALSE(poll.answered());
  session().send_text("one");
  session().send_binary("\x01\x02\x03");
  const hub::Message prepared = message("42[\"event\"]");
  session().send_prepared(prepared);
  session().send_encoded(Bytes::copy("4encoded"));
  EXPECT_EQ(session().pending(), 4U + 3U + 11U + 8U);
  EXPECT_FALSE(poll.answered());
  turn();
  EXPECT_EQ(poll.body(),
            "4one\x1e"
            "bAQID\x1e"
            "42[\"event\"]\x1e"
            "4encoded");
  EXPECT_EQ(session().pending(), 0U);
}

TEST_F(EngineTest, FlushAnswersThePollAtOnce) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  session().send_text("now");
  session().flush();
  EXPECT_EQ(session().pending(), 0U);
  session().send_text("later");
  turn();
  EXPECT_EQ(poll.body(), "4now");
  EXPECT_EQ(get(sid).body(), "4later");
}

TEST_F(EngineTest, DrainedIsToldWhenAPollHasFetchedWhatWaited) {
  const std::string sid = open();
  session().send_text("waits");
  turn();
  last().drained = 0;
  EXPECT_GT(session().pending(), 0U);
  get(sid);
  EXPECT_EQ(last().drained, 1);
}

TEST_F(EngineTest, SendingOverWebSocket) {
  WsCall& socket = connect();
  socket.take();
  session().send_text("one");
  session().send_binary("\x01\x02");
  const hub::Message prepared = message("42[\"event\"]");
  session().send_prepared(prepared);
  session().send_encoded(Bytes::copy("4encoded"));
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("4one", "binary:\x01\x02", "42[\"event\"]", "4encoded"));
  EXPECT_EQ(stats().packets_out, 5U);
}

TEST_F(EngineTest, PreparedMessagesAreCompressedWhereNegotiated) {
  WsCall& plain = connect();
  EngineSession& plain_session = session();
  WsCall& deflating = connect("permessage-deflate; client_no_context_takeover");
  plain.take();
  deflating.take();
  const hub::Message prepared = message("42[\"event\",\"" + std::string(200, 'a') + "\"]", 100);
  session().send_prepared(prepared);
  plain_session.send_prepared(prepared);
  turn();
  EXPECT_THAT(deflating.take(), ElementsAre(StartsWith("deflated:")));
  EXPECT_THAT(plain.take(), ElementsAre(prepared.payload().view()));
}

TEST_F(EngineTest, DrainedIsToldWhenTheKernelHasTakenWhatWaited) {
  WsCall& socket = connect();
  socket.take();
  socket.stream.accept = 0;
  session().send_text("waits");
  turn();
  EXPECT_GT(session().pending(), 0U);
  EXPECT_EQ(last().drained, 0);
  socket.stream.drain();
  turn();
  EXPECT_EQ(session().pending(), 0U);
  EXPECT_EQ(last().drained, 1);
}

TEST_F(EngineTest, OverflowEndsAPollingSession) {
  EngineOptions options;
  options.max_pending = 1000;
  start(options);
  open();
  for (int i = 0; i < 9; ++i) session().send_text(std::string(99, 'x'));
  session().send_text(std::string(99, 'x'));
  turn();
  EXPECT_THAT(last().closes, IsEmpty());
  session().send_text("x");
  EXPECT_THAT(last().closes, IsEmpty()) << "told inside the call";
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kOverflow));
  EXPECT_EQ(stats().overflows, 1U);
}

TEST_F(EngineTest, OverflowEndsAWebSocketSession) {
  EngineOptions options;
  options.max_pending = 1000;
  start(options);
  WsCall& socket = connect();
  socket.take();
  session().send_text(std::string(2000, 'x'));
  turn();
  EXPECT_THAT(last().closes, IsEmpty()) << "the kernel took it all";
  socket.stream.accept = 0;
  session().send_text(std::string(2000, 'x'));
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kOverflow));
  EXPECT_TRUE(socket.stream.destroyed);
}

// --- The heartbeat ---

TEST_F(EngineTest, PingsAndPongsOverWebSocket) {
  WsCall& socket = connect();
  socket.take();
  for (int i = 0; i < 3; ++i) {
    advance(kInterval - 10);
    EXPECT_THAT(socket.take(), IsEmpty());
    advance(20);
    EXPECT_THAT(socket.take(), ElementsAre("2"));
    advance(kTimeout - 100);
    socket.text("3");
  }
  EXPECT_THAT(last().closes, IsEmpty());
}

TEST_F(EngineTest, NoPongEndsAWebSocketSession) {
  WsCall& socket = connect();
  advance(kInterval + kTimeout - 10);
  EXPECT_THAT(last().closes, IsEmpty());
  socket.text("4no pong");
  socket.take();
  advance(20);
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kPingTimeout));
  EXPECT_THAT(socket.take(), ElementsAre("close 1000"));
  EXPECT_EQ(stats().ping_timeouts, 1U);
}

TEST_F(EngineTest, NoPongEndsAPollingSession) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  advance(kInterval + 10);
  EXPECT_EQ(poll.body(), "2");
  HttpCall& next = get(sid);
  advance(kTimeout);
  EXPECT_EQ(next.body(), "1");
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kPingTimeout));
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, APollAfterThePongsTimeIsTooLate) {
  const std::string sid = open();
  advance(kInterval + 5);
  clock.advance(kTimeout - 5);  // the timer has not gone off yet
  EXPECT_EQ(get(sid).status(), 400);
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kPingTimeout));
}

TEST_F(EngineTest, AStallOfTheServerIsNotTheClientsFault) {
  WsCall& socket = connect();
  advance(kInterval + 10);
  stall(60'000);
  EXPECT_THAT(last().closes, IsEmpty());
  socket.text("3");
  advance(kTimeout);
  EXPECT_THAT(last().closes, IsEmpty());
}

TEST_F(EngineTest, AStallBeforeThePingLeavesTheWholeTimeForThePong) {
  WsCall& socket = connect();
  stall(kInterval + kTimeout + 1'000);
  EXPECT_THAT(last().closes, IsEmpty());
  advance(kTimeout - 100);
  EXPECT_THAT(last().closes, IsEmpty());
  socket.text("3");
  advance(1'000);
  EXPECT_THAT(last().closes, IsEmpty());
}

// --- The end ---

TEST_F(EngineTest, CloseOverWebSocket) {
  WsCall& socket = connect();
  socket.take();
  session().send_text("last words");
  session().close();
  session().send_text("too late");
  EXPECT_EQ(session().pending(), 0U);
  EXPECT_THAT(last().closes, IsEmpty()) << "told inside the call";
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kServer));
  EXPECT_THAT(socket.take(), ElementsAre("4last words", "close 1000"));
  socket.text("4not heard");
  socket.close(1000);
  turn();
  EXPECT_THAT(last().messages, IsEmpty());
  EXPECT_TRUE(socket.stream.finished || socket.stream.destroyed);
}

TEST_F(EngineTest, CloseAnswersAWaitingPoll) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  session().send_text("last words");
  session().close();
  turn();
  EXPECT_EQ(poll.body(), "4last words");
  EXPECT_EQ(get(sid).body(), "1") << "behind the words, not with them: clients act on a close before they read";
  turn();
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, AClientThatClosesTooNeedNotPollForTheEnd) {
  const std::string sid = open();
  session().send_text("last words");
  session().close();
  turn();
  EXPECT_EQ(get(sid).body(), "4last words");
  EXPECT_EQ(post(sid, "1").status(), 200);
  turn();
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, CloseWaitsForTheNextPoll) {
  const std::string sid = open();
  session().send_text("last words");
  session().close();
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kServer));
  EXPECT_EQ(stats().open, 0U);
  // The client knows nothing yet; failing its post would cost it the last words.
  EXPECT_EQ(post(sid, "4hello").status(), 200);
  EXPECT_THAT(last().messages, IsEmpty());
  EXPECT_EQ(get(sid).body(), "4last words");
  EXPECT_EQ(get(sid).body(), "1");
  turn();
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, CloseDoesNotWaitForever) {
  const std::string sid = open();
  session().close();
  advance(kTimeout + 10);
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, APollInTheTurnOfTheCloseIsAnswered) {
  const std::string sid = open();
  session().close();
  HttpCall& poll = request("GET", polling(sid), {}, false);
  turn();
  EXPECT_EQ(poll.body(), "1");
}

TEST_F(EngineTest, ClientClosesOverPolling) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  EXPECT_EQ(post(sid,
                 "4a\x1e"
                 "1\x1e"
                 "4b")
                .body(),
            "ok");
  EXPECT_EQ(poll.body(), "6");
  EXPECT_THAT(last().messages, ElementsAre("text:a"));
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kClient));
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, ClientClosesOverWebSocket) {
  WsCall& socket = connect();
  socket.take();
  socket.text("1");
  socket.text("4not heard");
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kClient));
  EXPECT_THAT(last().messages, IsEmpty());
  EXPECT_THAT(socket.take(), ElementsAre("close 1000"));
}

TEST_F(EngineTest, LostConnections) {
  WsCall& dropped = connect();
  dropped.stream.close(net::CloseReason::kError);
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kTransportClose));
  WsCall& closed = connect();
  closed.close(1001);
  turn();
  closed.stream.close(net::CloseReason::kLocal);  // the close frame's answer is sent
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kTransportClose));
  HttpCall& poll = get(open());
  poll.stream.close();
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kTransportError));
  EXPECT_EQ(stats().open, 0U);
}

TEST_F(EngineTest, MalformedPackets) {
  WsCall& socket = connect();
  socket.take();
  socket.text("abc");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("close 1008"));
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kParseError));
  const std::string sid = open();
  HttpCall& poll = get(sid);
  EXPECT_EQ(post(sid,
                 "4a\x1e"
                 "abc")
                .status(),
            400);
  EXPECT_EQ(poll.body(), "1");
  EXPECT_THAT(last().messages, ElementsAre("text:a"));
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kParseError));
  EXPECT_EQ(post(open(), "4\xff\xfe").status(), 400);
  EXPECT_THAT(last().messages, IsEmpty());
  EXPECT_EQ(stats().parse_errors, 3U);
  EXPECT_THAT(log.lines, testing::Contains(testing::HasSubstr("malformed packet from 192.0.2.1")));
}

TEST_F(EngineTest, MalformedForTheHandler) {
  const std::string sid = open();
  last().on_message = [](EngineSession& session) { session.close_malformed(); };
  EXPECT_EQ(post(sid,
                 "4a\x1e"
                 "4b")
                .status(),
            400);
  EXPECT_THAT(last().messages, ElementsAre("text:a"));
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kParseError));
}

TEST_F(EngineTest, HandlersMayGoInsideTheirCallbacks) {
  on_open = [this](EngineSession&) {
    last().on_message = [](EngineSession& session) { session.close(); };
    last().on_closed = [this] { recorders.back().reset(); };
  };
  WsCall& socket = connect();
  socket.stream.feed(text_frame("4a") + text_frame("4b"));
  turn();
  EXPECT_EQ(recorders.back(), nullptr);
  const std::string sid = open();
  EXPECT_EQ(post(sid,
                 "4a\x1e"
                 "4b")
                .status(),
            200);
  EXPECT_EQ(recorders.back(), nullptr);
  EXPECT_EQ(stats().open, 0U);
}

TEST_F(EngineTest, SessionsMayEndOneAnother) {
  connect();
  Recorder& first = last();
  connect();
  Recorder& second = last();
  first.on_closed = [&second] { second.session->close(); };
  first.session->close();
  turn();
  EXPECT_THAT(first.closes, SizeIs(1));
  EXPECT_THAT(second.closes, SizeIs(1));
}

TEST_F(EngineTest, CloseAll) {
  WsCall& socket = connect();
  socket.take();
  HttpCall& poll = get(open());
  target->close_all();
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("close 1000"));
  EXPECT_EQ(poll.body(), "1");
  for (const auto& recorder : recorders) EXPECT_THAT(recorder->closes, ElementsAre(EngineClose::kServer));
}

TEST_F(EngineTest, TheServersEndEndsEverything) {
  WsCall& socket = connect();
  const std::string sid = open();
  HttpCall& poll = get(sid);
  upgrade_session(open());
  open();
  session().close();
  target.reset();
  turn();
  for (const auto& recorder : recorders) EXPECT_THAT(recorder->closes, ElementsAre(EngineClose::kServer));
  EXPECT_EQ(poll.body(), "1");
  EXPECT_TRUE(socket.stream.destroyed);
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

// --- Upgrades ---

TEST_F(EngineTest, UpgradeMovesTheSession) {
  const std::string sid = open();
  HttpCall& poll = get(sid);
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("3probe"));
  EXPECT_EQ(poll.body(), "6");
  EXPECT_FALSE(session().is_websocket());
  session().send_text("held");
  session().send_binary("\x01");
  turn();
  EXPECT_THAT(socket.take(), IsEmpty());
  socket.text("5");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("4held", "binary:\x01"));
  EXPECT_TRUE(session().is_websocket());
  EXPECT_EQ(session().peer_address(), "192.0.2.1");
  socket.text("4hello");
  EXPECT_THAT(last().messages, ElementsAre("text:hello"));
  EXPECT_EQ(stats().upgrades, 1U);
  EXPECT_EQ(stats().open_polling, 0U);
  EXPECT_EQ(stats().open, 1U);
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, BeforeTheProbePollingGoesOn) {
  const std::string sid = open();
  upgrade_session(sid);
  session().send_text("hello");
  EXPECT_EQ(get(sid).body(), "4hello");
}

TEST_F(EngineTest, APollWhileTheQueueIsHeldGetsANoopAfterAWhile) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  session().send_text("held");
  HttpCall& poll = get(sid);
  EXPECT_FALSE(poll.answered());
  advance(110);
  EXPECT_EQ(poll.body(), "6");
  socket.take();
  socket.text("5");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("4held"));
}

TEST_F(EngineTest, APollThatWaitsWhenTheUpgradeEndsGetsANoop) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  HttpCall& poll = get(sid);
  socket.text("5");
  turn();
  EXPECT_EQ(poll.body(), "6");
}

TEST_F(EngineTest, AnUpgradeThatTakesTooLongIsGivenUp) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  session().send_text("held");
  HttpCall& poll = get(sid);
  advance(110);
  EXPECT_EQ(poll.body(), "6");
  advance(9'900);
  socket.take();
  EXPECT_EQ(get(sid).body(), "4held");
  turn();
  socket.text("5");
  EXPECT_FALSE(session().is_websocket());
  EXPECT_THAT(last().closes, IsEmpty());
}

TEST_F(EngineTest, AnUpgradeThatDoesNotProbeIsGivenUp) {
  for (const char* packet : {"5", "4hello", "2", "2probe2", ""}) {
    const std::string sid = open();
    WsCall& socket = upgrade_session(sid);
    socket.text(packet);
    turn();
    EXPECT_THAT(socket.take(), ElementsAre("close 1000")) << packet;
    session().send_text("hello");
    EXPECT_EQ(get(sid).body(), "4hello") << packet;
  }
}

TEST_F(EngineTest, ASecondUpgradeIsClosed) {
  const std::string sid = open();
  WsCall& first = upgrade_session(sid);
  WsCall& second = upgrade_session(sid);
  EXPECT_THAT(second.take(), ElementsAre("close 1008"));
  first.text("2probe");
  first.text("5");
  turn();
  WsCall& third = upgrade_session(sid);
  third.text("2probe");
  EXPECT_THAT(third.take(), ElementsAre("close 1008"));
  EXPECT_TRUE(session().is_websocket());
  EXPECT_THAT(last().closes, IsEmpty());
}

TEST_F(EngineTest, ALostUpgradeLeavesPolling) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  session().send_text("held");
  HttpCall& poll = get(sid);
  socket.stream.close(net::CloseReason::kError);
  turn();
  EXPECT_EQ(poll.body(), "4held");
  EXPECT_THAT(last().closes, IsEmpty());
}

TEST_F(EngineTest, AClosedSessionClosesItsUpgrade) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.take();
  session().close();
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("close 1000"));
  EXPECT_EQ(get(sid).body(), "1");
}

TEST_F(EngineTest, AClosedSessionSendsItsLastWordsOverItsProbedUpgrade) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  turn();
  socket.take();
  session().send_text("last words");
  session().close();
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kServer));
  EXPECT_THAT(socket.take(), IsEmpty()) << "the client does not listen there before it says 5";
  socket.text("5");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("4last words", "close 1000"));
  EXPECT_EQ(get(sid).status(), 400);
}

TEST_F(EngineTest, AClosedSessionWhoseUpgradeEndsInTheSameTurnLosesNothing) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  turn();
  socket.take();
  session().send_text("last words");
  session().close();
  socket.text("5");
  turn();
  EXPECT_THAT(socket.take(), ElementsAre("4last words", "close 1000"));
}

TEST_F(EngineTest, AClosedSessionWhoseUpgradeIsLostIsFetchedByPolling) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  session().send_text("last words");
  session().close();
  turn();
  socket.stream.close(net::CloseReason::kError);
  turn();
  EXPECT_EQ(get(sid).body(), "4last words");
  EXPECT_EQ(get(sid).body(), "1");
}

TEST_F(EngineTest, AnUpgradeKeepsItsBacklogInOrderWhenTheKernelIsSlow) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  turn();
  socket.take();
  for (int i = 0; i < 50; ++i) session().send_text(std::to_string(i));
  socket.stream.accept = 10;
  last().drained = 0;
  socket.text("5");
  turn();
  session().send_text("50");
  EXPECT_EQ(last().drained, 0);
  socket.stream.drain();
  turn();
  Texts expected;
  for (int i = 0; i <= 50; ++i) expected.push_back("4" + std::to_string(i));
  EXPECT_EQ(socket.take(), expected);
  EXPECT_EQ(last().drained, 1);
}

TEST_F(EngineTest, TheHeartbeatSurvivesAnUpgrade) {
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  socket.text("5");
  turn();
  socket.take();
  advance(kInterval + 10);
  EXPECT_THAT(socket.take(), ElementsAre("2"));
  advance(kTimeout);
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kPingTimeout));
}

// Client and server do whatever they may, in any order: every message arrives once, in order, whatever the transport.
TEST_F(EngineTest, NothingIsLostOrDoubledInRandomUpgrades) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    const std::string sid = open();
    int sent = 0;
    Texts received;
    HttpCall* poll = nullptr;
    WsCall* socket = nullptr;
    const auto collect = [&] {
      if (poll != nullptr && poll->answered()) {
        ASSERT_EQ(poll->status(), 200);
        const std::string body = poll->body();
        for (size_t at = 0; at <= body.size();) {
          const size_t end = std::min(body.find('\x1e', at), body.size());
          if (body.substr(at, end - at) != "6") received.push_back(body.substr(at, end - at));
          at = end + 1;
        }
        poll = nullptr;
      }
      if (socket == nullptr) return;
      for (const std::string& text : socket->take()) {
        if (text != "3probe") received.push_back(text);
      }
    };
    bool probed = false;
    for (int step = 0; step < 30; ++step) {
      const auto action = random() % 5;
      if (action <= 1) {
        session().send_text(std::to_string(sent++));
      } else if (action == 2 && poll == nullptr && !probed) {
        poll = &get(sid);
      } else if (action == 3 && socket == nullptr) {
        socket = &upgrade_session(sid);
      } else if (action == 4 && socket != nullptr && !probed) {
        socket->text("2probe");
        probed = true;
      }
      if (random() % 2 == 0) turn();
      collect();
    }
    if (poll != nullptr && probed) advance(110);
    turn();
    collect();
    ASSERT_TRUE(poll == nullptr || !probed) << "the client could not stop polling";
    if (probed) socket->text("5");
    if (!probed && poll == nullptr) poll = &get(sid);
    session().send_text(std::to_string(sent++));
    turn();
    collect();
    if (!probed && received.size() < static_cast<size_t>(sent)) poll = &get(sid);
    collect();
    Texts expected;
    for (int i = 0; i < sent; ++i) expected.push_back("4" + std::to_string(i));
    ASSERT_EQ(received, expected) << "round " << round;
  }
}

}  // namespace
}  // namespace matchbus::socketio

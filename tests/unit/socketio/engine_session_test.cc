// What an open session sends, and its heartbeat.
#include <uv.h>

#include <string>

#include "unit/socketio/engine_fixture.h"

namespace matchbus::socketio {
namespace {

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

TEST_F(EngineTest, TooManyPacketsEndAPollingSession) {
  EngineOptions options;
  options.max_queued = 10;
  start(options);
  const std::string sid = open();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) session().send_text("");
    EXPECT_EQ(get(sid).status(), 200);
  }
  for (int i = 0; i < 11; ++i) session().send_text("");
  turn();
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kOverflow));
}

// What others send is read between two pieces of a body.
TEST_F(EngineTest, ABodyIsTakenInPieces) {
  EngineOptions options;
  options.read_piece_us = 1;
  start(options);
  on_open = [&](EngineSession&) {
    last().on_message = [](EngineSession&) {
      for (const uint64_t begin = uv_hrtime(); uv_hrtime() - begin < 2'000;) {
      }
    };
  };
  const std::string sid = open();
  HttpCall& call = request("POST", polling(sid), "40\03641\03642\03643", false);
  EXPECT_THAT(last().messages, ElementsAre("text:0"));
  turn();
  EXPECT_THAT(last().messages, ElementsAre("text:0", "text:1", "text:2", "text:3"));
  EXPECT_EQ(call.status(), 200);
  EXPECT_EQ(post(sid, "44").status(), 200);
  // The session ends while the rest waits.
  HttpCall& rest = request("POST", polling(sid), "45\03646\03647", false);
  session().close();
  turn();
  EXPECT_THAT(last().messages, ElementsAre("text:0", "text:1", "text:2", "text:3", "text:4", "text:5"));
  EXPECT_NE(rest.status(), 0);
}

TEST_F(EngineTest, WhoNeverPollsIsNotAlive) {
  const std::string sid = open();
  EXPECT_EQ(get(sid).status(), 0);
  session().send_text("for the first poll");
  turn();
  advance(kInterval + 10);
  EXPECT_EQ(post(sid, "3").status(), 200) << "of a ping that it has not fetched";
  advance(kTimeout);
  EXPECT_THAT(last().closes, ElementsAre(EngineClose::kPingTimeout));
}

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

}  // namespace
}  // namespace matchbus::socketio

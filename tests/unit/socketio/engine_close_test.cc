// How sessions end, from either side and over either transport.
#include <string>

#include "unit/socketio/engine_fixture.h"

namespace matchbus::socketio {
namespace {

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

}  // namespace
}  // namespace matchbus::socketio

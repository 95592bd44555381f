// Upgrades from polling to WebSocket.
#include <algorithm>
#include <random>
#include <string>

#include "unit/socketio/engine_fixture.h"

namespace matchbus::socketio {
namespace {

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

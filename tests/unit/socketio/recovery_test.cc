// Connection state recovery: what is kept, who may come back, and what they find.
#include "socketio/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "unit/socketio/socket_world.h"

namespace matchbus::socketio {
namespace {

using test::HttpCall;
using test::Texts;
using test::WsCall;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

std::string kept(const EventLog& log) {
  std::string numbers;
  for (const KeptEvent& event : log.events()) numbers += std::to_string(event.number) + " ";
  return numbers;
}

void keep(EventLog& log, std::string_view packet, bool once = false) { log.keep(Bytes::copy(packet), {}, once); }

TEST(EventLog, NumbersAndFinds) {
  EventLog log(10, 1'000);
  EXPECT_EQ(log.find(std::nullopt), 0U);
  EXPECT_EQ(log.find("1"), std::nullopt);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(log.next_number(), static_cast<uint64_t>(i));
    keep(log, "x");
  }
  EXPECT_EQ(log.find(std::nullopt), 0U);
  EXPECT_EQ(log.find("0"), 0U);
  EXPECT_EQ(log.find("2"), 2U);
  EXPECT_EQ(log.find("3"), 3U);
  for (const char* offset : {"4", "", "x", "1x", " 1", "-1", "99999999999999999999999"}) {
    EXPECT_EQ(log.find(offset), std::nullopt) << offset;
  }
}

TEST(EventLog, GoesOnCountingFromAnOffsetOfAnotherSocket) {
  EventLog log(10, 1'000);
  log.continue_from("7.a note");
  EXPECT_EQ(log.next_number(), 8U);
  EXPECT_EQ(log.find("7"), 7U);
  EXPECT_EQ(log.find("7.a note"), 7U);
  EXPECT_EQ(log.find("6"), std::nullopt);
  EXPECT_EQ(log.find(std::nullopt), std::nullopt);
  keep(log, "x");
  EXPECT_EQ(log.find("7"), 7U);
  EXPECT_FALSE(log.has_gap());
  for (const char* offset : {"", "x", "-1", "99999999999999999999999", "9007199254740993", ".5"}) {
    EventLog fresh(10, 1'000);
    fresh.continue_from(offset);
    EXPECT_EQ(fresh.next_number(), 1U) << offset;
  }
}

TEST(EventLog, OffsetsCarryANote) {
  EventLog log(10, 1'000);
  EXPECT_EQ(log.offset(3), "3");
  log.set_note("some.thing");
  EXPECT_EQ(log.offset(4), "4.some.thing");
  keep(log, "x");
  EXPECT_EQ(log.find("1.some.thing"), 1U);
  EXPECT_EQ(log.find("1.what the client made of it"), 1U);
}

TEST(EventLog, KeepsTheLatestByCount) {
  EventLog log(2, 1'000);
  keep(log, "x");
  keep(log, "x");
  EXPECT_EQ(kept(log), "1 2 ");
  keep(log, "x");
  EXPECT_EQ(kept(log), "2 3 ");
  EXPECT_EQ(log.find(std::nullopt), std::nullopt);
  EXPECT_EQ(log.find("0"), std::nullopt);
  EXPECT_EQ(log.find("1"), 1U);
}

TEST(EventLog, KeepsTheLatestByBytes) {
  EventLog log(100, 10);
  const std::string_view attachments[] = {"12", "34"};
  log.keep(Bytes::copy("12345"), attachments, false);
  keep(log, "1");
  EXPECT_EQ(kept(log), "1 2 ");
  keep(log, "1");
  EXPECT_EQ(kept(log), "2 3 ");
  keep(log, "12345678901");
  EXPECT_EQ(kept(log), "");
  EXPECT_EQ(log.find("4"), 4U);
  EXPECT_EQ(log.find("3"), std::nullopt);
  keep(log, "1234567890");
  EXPECT_EQ(kept(log), "5 ") << "bytes of dropped events still count";
}

TEST(EventLog, OnlyWhatWasNotReceivedMakesAGap) {
  EventLog log(2, 1'000);
  for (int i = 0; i < 10; ++i) keep(log, "x");
  log.mark_loss();
  keep(log, "x");
  keep(log, "x");
  EXPECT_FALSE(log.has_gap());
  keep(log, "x");
  EXPECT_TRUE(log.has_gap());
  log.mark_loss();
  EXPECT_FALSE(log.has_gap());
}

TEST(EventLog, DropsWhatMustNotBeSentTwice) {
  EventLog log(100, 10);
  keep(log, "123");
  keep(log, "123", true);
  keep(log, "123");
  log.drop_once();
  EXPECT_EQ(kept(log), "1 3 ");
  keep(log, "1234");
  EXPECT_EQ(kept(log), "1 3 4 ");
  EXPECT_EQ(log.find("1"), 1U);
}

class RecoveryTest : public test::SocketWorld {
 protected:
  RecoveryTest() { start(options()); }

  static ServerOptions options() {
    ServerOptions options;
    options.recovery_window_ms = 10'000;
    options.recovery_max_events = 5;
    return options;
  }

  struct Client {
    WsCall* wire;
    std::string sid;
    std::string pid;
  };

  static std::string field(const std::string& packet, const std::string& name) {
    const size_t at = packet.find("\"" + name + "\":\"");
    return at == std::string::npos ? "" : packet.substr(at + name.size() + 4, 20);
  }

  Client enter() {
    WsCall& wire = connect();
    wire.take();
    wire.text("40");
    turn();
    const Texts texts = wire.take();
    return {&wire, field(texts.at(0), "sid"), field(texts.at(0), "pid")};
  }
  // A new connection that asks for the old state. What it is answered is still to be taken.
  WsCall& come_back(const Client& client, const std::string& offset) {
    WsCall& wire = connect();
    wire.take();
    wire.text(R"(40{"pid":")" + client.pid + "\"" + (offset.empty() ? "" : R"(,"offset":")" + offset + "\"") + "}");
    turn();
    return wire;
  }
  std::string answer(const Client& client) {
    return R"(40{"sid":")" + client.sid + R"(","pid":")" + client.pid + R"("})";
  }
};

TEST_F(RecoveryTest, EveryEventEndsWithAnOffset) {
  const Client client = enter();
  EXPECT_THAT(client.pid, SizeIs(20));
  EXPECT_NE(client.pid, client.sid);
  app.socket().emit("text", "x");
  app.socket().emit_raw("raw", "1,2");
  app.socket().emit_raw("none", "");
  const std::string_view attachments[] = {"bytes"};
  app.socket().emit_raw("binary", R"({"_placeholder":true,"num":0})", attachments);
  app.socket().emit_with_ack("ask", "1", nullptr);
  app.socket().emit("text", "y");
  turn();
  EXPECT_THAT(client.wire->take(), ElementsAre(R"(42["text","x","1"])", R"(42["raw",1,2,"2"])", R"(42["none","3"])",
                                               R"(451-["binary",{"_placeholder":true,"num":0},"4"])", "binary:bytes",
                                               R"(420["ask",1])", R"(42["text","y","5"])"));
}

TEST_F(RecoveryTest, WithoutItThereIsNoPid) {
  start({});
  const Client client = enter();
  EXPECT_EQ(client.pid, "");
  app.socket().emit("text", "x");
  turn();
  EXPECT_THAT(client.wire->take(), ElementsAre(R"(42["text","x"])"));
  lose(*client.wire);
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect transport close"));
}

class Mark final : public SocketData {
 public:
  explicit Mark(int number) : value(number) {}
  int value;
};

TEST_F(RecoveryTest, ALostSocketComesBack) {
  const Client client = enter();
  Socket* socket = &app.socket();
  socket->data = std::make_unique<Mark>(42);
  socket->emit("seen", "1");
  socket->emit("lost", "2");
  turn();
  lose(*client.wire);
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a suspended"));
  EXPECT_EQ(stats().suspended, 1U);
  EXPECT_EQ(stats().sockets, 0U);
  EXPECT_EQ(socket->pending(), 0U);
  EXPECT_EQ(socket->peer_address(), "");
  EXPECT_FALSE(socket->is_websocket());
  socket->flush();
  socket->emit("missed", "3");
  const std::string_view attachments[] = {"bytes"};
  socket->emit_raw("missed", R"({"_placeholder":true,"num":0})", attachments);
  turn();

  app.recovered = [](Socket& back) { back.emit("fresh", "5"); };
  WsCall& wire = come_back(client, "1");
  EXPECT_THAT(wire.take(), ElementsAre(answer(client), R"(42["lost","2","2"])", R"(42["missed","3","3"])",
                                       R"(451-["missed",{"_placeholder":true,"num":0},"4"])", "binary:bytes",
                                       R"(42["fresh","5","5"])"));
  EXPECT_THAT(app.take(), ElementsAre("a recovered"));
  EXPECT_EQ(static_cast<Mark&>(*socket->data).value, 42);
  EXPECT_EQ(socket->id(), client.sid);
  EXPECT_EQ(socket->peer_address(), "192.0.2.1");
  EXPECT_EQ(stats().recovered, 1U);
  EXPECT_EQ(stats().connects, 1U);
  EXPECT_EQ(stats().suspended, 0U);
  EXPECT_EQ(stats().sockets, 1U);
  wire.text("42[\"x\"]");
  EXPECT_THAT(app.take(), ElementsAre("a event [\"x\"]"));
}

TEST_F(RecoveryTest, NoOffsetMeansNothingWasReceived) {
  const Client client = enter();
  app.socket().emit("lost", "1");
  turn();
  lose(*client.wire);
  EXPECT_THAT(come_back(client, "").take(), ElementsAre(answer(client), R"(42["lost","1","1"])"));
}

TEST_F(RecoveryTest, AgainAndAgain) {
  Client client = enter();
  for (int i = 1; i <= 20; ++i) {
    lose(*client.wire);
    app.socket().emit("e", "");
    client.wire = &come_back(client, i == 1 ? "" : std::to_string(i - 1));
    EXPECT_THAT(client.wire->take(), ElementsAre(answer(client), R"(42["e","",")" + std::to_string(i) + "\"]"));
  }
  EXPECT_EQ(stats().recovered, 20U);
}

TEST_F(RecoveryTest, TheWindowEnds) {
  const Client client = enter();
  lose(*client.wire);
  app.take();
  advance(9'900);
  EXPECT_THAT(app.take(), IsEmpty());
  advance(200);
  EXPECT_THAT(app.take(), ElementsAre("a disconnect transport close"));
  EXPECT_EQ(stats().suspended, 0U);
  WsCall& wire = come_back(client, "0");
  EXPECT_THAT(wire.take(), ElementsAre(testing::Not(HasSubstr(client.sid))));
  EXPECT_THAT(app.take(), ElementsAre(StartsWith("b connect ")));
}

TEST_F(RecoveryTest, TheWindowStartsAnewWithEveryLoss) {
  Client client = enter();
  for (int i = 0; i < 3; ++i) {
    lose(*client.wire);
    advance(8'000);
    client.wire = &come_back(client, "");
    advance(5'000);
  }
  EXPECT_EQ(stats().recovered, 3U);
}

TEST_F(RecoveryTest, ReasonsThatAreKept) {
  enter();
  advance(46'000);
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a suspended"));
  advance(10'100);
  EXPECT_THAT(app.take(), ElementsAre("a disconnect ping timeout"));
  const Client client = enter();
  client.wire->text("1");  // leaves its transport, not the namespace
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b suspended"));
}

TEST_F(RecoveryTest, EndsThatAreNoLosses) {
  const Client left = enter();
  left.wire->text("41");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect client namespace disconnect"));
  const Client malformed = enter();
  malformed.wire->text("42{}");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b disconnect parse error"));
  const Client garbled = enter();
  garbled.wire->text("abc");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("c connect ", "c disconnect parse error"));
  const Client thrown = enter();
  app.socket("d").disconnect(true);
  turn();
  EXPECT_THAT(app.take(), ElementsAre("d connect ", "d disconnect server namespace disconnect"));
  for (const Client& client : {left, malformed, garbled, thrown}) {
    EXPECT_THAT(come_back(client, "0").take(), ElementsAre(testing::Not(HasSubstr(client.pid))));
  }
  EXPECT_EQ(stats().recovered, 0U);
}

TEST_F(RecoveryTest, LeavingInTheTurnOfTheLossIsLeaving) {
  const Client client = enter();
  client.wire->text("41");
  lose(*client.wire);
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect client namespace disconnect"));
}

// The client is back before the server has seen its old connection die.
TEST_F(RecoveryTest, ANewConnectionTakesOver) {
  const Client client = enter();
  app.socket().emit("lost", "1");
  turn();
  client.wire->take();
  app.take();
  WsCall& wire = come_back(client, "");
  EXPECT_THAT(wire.take(), ElementsAre(answer(client), R"(42["lost","1","1"])"));
  EXPECT_THAT(app.take(), ElementsAre("a suspended", "a recovered"));
  EXPECT_THAT(client.wire->take(), ElementsAre("close 1000"));
  client.wire->text("42[\"from the dead\"]");
  client.wire->stream.close();
  turn();
  EXPECT_THAT(app.take(), IsEmpty());
  EXPECT_EQ(target->engine_stats().open, 1U);
  app.socket().emit("e", "2");
  turn();
  EXPECT_THAT(wire.take(), ElementsAre(R"(42["e","2","2"])"));
}

TEST_F(RecoveryTest, OtherNamespacesOfTheOldConnectionCanBeRecoveredToo) {
  const Client client = enter();
  client.wire->text("40/custom,");
  turn();
  const std::string pid = field(client.wire->take().at(0), "pid");
  WsCall& wire = come_back(client, "");
  EXPECT_THAT(custom.take(), ElementsAre("a connect ", "a suspended"));
  wire.text(R"(40/custom,{"pid":")" + pid + R"("})");
  turn();
  EXPECT_THAT(custom.take(), ElementsAre("a recovered"));
  EXPECT_EQ(stats().sockets, 2U);
}

TEST_F(RecoveryTest, APidIsGoodForItsNamespaceOnly) {
  const Client client = enter();
  WsCall& wire = connect();
  wire.take();
  wire.text(R"(40/custom,{"pid":")" + client.pid + R"("})");
  turn();
  EXPECT_THAT(custom.take(), ElementsAre(StartsWith("a connect ")));
  EXPECT_THAT(app.take(), ElementsAre("a connect "));
}

TEST_F(RecoveryTest, TheOwnPidAgainIsMalformed) {
  const Client client = enter();
  client.wire->text(R"(40{"pid":")" + client.pid + R"("})");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect parse error"));
}

TEST_F(RecoveryTest, AnOffsetThatIsGoneStartsAnew) {
  const Client client = enter();
  for (int i = 0; i < 10; ++i) app.socket().emit("e", "x");
  turn();
  lose(*client.wire);
  app.take();
  WsCall& wire = come_back(client, "4");
  EXPECT_THAT(wire.take(), ElementsAre(testing::Not(HasSubstr(client.pid))));
  EXPECT_THAT(app.take(), ElementsAre(StartsWith("b connect "), "a disconnect transport close"));
}

TEST_F(RecoveryTest, AnOffsetThatIsGoneEndsTheOldConnection) {
  const Client client = enter();
  for (int i = 0; i < 10; ++i) app.socket().emit("e", "x");
  turn();
  app.take();
  come_back(client, "2");
  EXPECT_THAT(app.take(), ElementsAre(StartsWith("b connect "), "a disconnect transport close"));
  EXPECT_EQ(target->engine_stats().open, 1U);
  EXPECT_EQ(stats().sockets, 1U);
}

TEST_F(RecoveryTest, TooManyMissedEventsGiveTheSocketUp) {
  const Client client = enter();
  lose(*client.wire);
  app.take();
  for (int i = 0; i < 5; ++i) app.socket().emit("e", "x");
  turn();
  EXPECT_THAT(app.take(), IsEmpty());
  app.socket().emit("e", "x");
  EXPECT_THAT(app.take(), IsEmpty()) << "told inside the call";
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a disconnect transport close"));
}

TEST_F(RecoveryTest, AcksAskedForWhileLostAreAskedOnce) {
  Client client = enter();
  int answers = 0;
  const auto count = [&answers](json::Value, auto) { ++answers; };
  app.socket().emit_with_ack("before", "", count);
  turn();
  lose(*client.wire);
  app.socket().emit_with_ack("while", "", count);
  app.socket().emit("e", "x");
  client.wire = &come_back(client, "");
  EXPECT_THAT(client.wire->take(), ElementsAre(answer(client), R"(421["while"])", R"(42["e","x","2"])"));
  client.wire->text("431[]");
  EXPECT_EQ(answers, 1);
  lose(*client.wire);
  EXPECT_THAT(come_back(client, "").take(), ElementsAre(answer(client), R"(42["e","x","2"])"));
}

TEST_F(RecoveryTest, TheApplicationMayGiveUpALostSocket) {
  app.suspended = [](Socket& socket) { socket.disconnect(true); };
  const Client client = enter();
  lose(*client.wire);
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a suspended", "a disconnect server namespace disconnect"));
  const Client other = enter();
  come_back(other, "");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b suspended", StartsWith("c connect "),
                                      "b disconnect server namespace disconnect"));
  EXPECT_EQ(stats().suspended, 0U);
}

TEST_F(RecoveryTest, ARecoveredSocketMayLeaveAtOnce) {
  app.recovered = [](Socket& socket) { socket.disconnect(true); };
  const Client client = enter();
  lose(*client.wire);
  WsCall& wire = come_back(client, "");
  EXPECT_THAT(wire.take(), ElementsAre(answer(client), "41", "close 1000"));
  EXPECT_THAT(app.take(),
              ElementsAre("a connect ", "a suspended", "a recovered", "a disconnect server namespace disconnect"));
}

TEST_F(RecoveryTest, LostSocketsAreLimited) {
  ServerOptions limited = options();
  limited.recovery_max_sockets = 20;
  start(limited);
  app.connected = [](Socket& socket) { socket.data = std::make_unique<Mark>(1); };
  for (int i = 0; i < 25; ++i) lose(*enter().wire);
  EXPECT_EQ(stats().suspended, 20U);
  EXPECT_EQ(std::count_if(app.lines.begin(), app.lines.end(), [](auto& line) { return line.ends_with("close"); }), 5);
}

TEST_F(RecoveryTest, StrangersTakeATenthOfThePlaces) {
  ServerOptions limited = options();
  limited.recovery_max_sockets = 20;
  start(limited);
  for (int i = 0; i < 5; ++i) lose(*enter().wire);
  EXPECT_EQ(stats().suspended, 2U);
  app.connected = [](Socket& socket) { socket.data = std::make_unique<Mark>(1); };
  const Client known = enter();
  lose(*known.wire);
  EXPECT_EQ(stats().suspended, 3U);
  come_back(known, "");
  EXPECT_EQ(stats().recovered, 1U);
  advance(10'100);
  app.connected = nullptr;
  for (int i = 0; i < 5; ++i) lose(*enter().wire);
  EXPECT_EQ(stats().suspended, 2U);
}

// Data with a standing.
class Guest final : public SocketData {
 public:
  Guest(Standing::Kind kind, std::string party) : kind_(kind), party_(std::move(party)) {}
  Standing standing() const override { return {kind_, party_}; }

 private:
  Standing::Kind kind_;
  std::string party_;
};

TEST_F(RecoveryTest, NobodyTakesThePlacesOfThoseThatAreKnown) {
  using Kind = Standing::Kind;
  ServerOptions limited = options();
  limited.recovery_max_sockets = 20;
  limited.recovery_max_of_party = 8;
  start(limited);
  Kind kind = Kind::kGuest;
  std::string party;
  app.connected = [&](Socket& socket) { socket.data = std::make_unique<Guest>(kind, party); };
  for (int i = 0; i < 30; ++i) {
    party = "match " + std::to_string(i);
    lose(*enter().wire);
  }
  EXPECT_EQ(stats().suspended, 20U) << "as many guests as there are places";
  // So many of some that are known that their places are taken, and others find one all the same.
  kind = Kind::kKnown;
  for (int i = 0; i < 24; ++i) {
    party = "group " + std::to_string(i % 3);
    lose(*enter().wire);
  }
  EXPECT_EQ(stats().suspended, 40U);
  party = "another group";
  const Client known = enter();
  lose(*known.wire);
  EXPECT_EQ(stats().suspended, 41U);
  come_back(known, "");
  EXPECT_EQ(stats().recovered, 1U);
}

TEST_F(RecoveryTest, TheNewestOfAPartyAreKept) {
  ServerOptions limited = options();
  limited.recovery_max_sockets = 20;
  limited.recovery_max_of_party = 2;
  start(limited);
  std::string party = "one";
  app.connected = [&](Socket& socket) { socket.data = std::make_unique<Guest>(Standing::Kind::kGuest, party); };
  const Client first = enter();
  lose(*first.wire);
  party = "other";
  const Client other = enter();
  lose(*other.wire);
  party = "one";
  const Client second = enter();
  lose(*second.wire);
  const Client third = enter();
  lose(*third.wire);
  EXPECT_EQ(stats().suspended, 3U);
  for (const Client* client : {&second, &third, &other, &first}) come_back(*client, "");
  EXPECT_EQ(stats().recovered, 3U) << "all but the first of that party";
  EXPECT_EQ(stats().suspended, 0U);
}

TEST_F(RecoveryTest, FromPollingToWebSocketAndBack) {
  const std::string sid = open();
  post(sid, "40");
  const std::string connected = get(sid).body();
  const Client client = {nullptr, field(connected, "sid"), field(connected, "pid")};
  get(sid).stream.close();  // a poll that breaks off
  turn();
  app.socket().emit("missed", "1");
  WsCall& wire = come_back(client, "");
  EXPECT_THAT(wire.take(), ElementsAre(answer(client), R"(42["missed","1","1"])"));
  lose(wire);
  app.socket().emit("missed", "2");
  const std::string again = open();
  post(again, R"(40{"pid":")" + client.pid + R"(","offset":"1"})");
  EXPECT_EQ(get(again).body(), answer(client) + "\x1e" + R"(42["missed","2","2"])");
}

TEST_F(RecoveryTest, ShuttingDownEndsLostSockets) {
  const Client client = enter();
  lose(*client.wire);
  enter();
  app.take();
  target->close_all();
  turn();
  EXPECT_THAT(app.take(),
              testing::UnorderedElementsAre("a disconnect server shutting down", "b disconnect server shutting down"));
  EXPECT_EQ(stats().suspended, 0U);
}

TEST_F(RecoveryTest, TheServersEndEndsLostSockets) {
  const Client client = enter();
  lose(*client.wire);
  enter();
  app.take();
  target.reset();
  EXPECT_THAT(app.take(),
              testing::UnorderedElementsAre("a disconnect server shutting down", "b disconnect server shutting down"));
}

TEST_F(RecoveryTest, OtherValuesOfPidAndOffset) {
  const Client client = enter();
  lose(*client.wire);
  for (const std::string auth :
       {R"({"pid":1})", R"({"pid":""})", R"({"pid":null,"offset":"0"})", R"({"pid":"unknown"})"}) {
    WsCall& wire = connect();
    wire.text("40" + auth);
    turn();
    EXPECT_EQ(stats().recovered, 0U) << auth;
  }
  EXPECT_EQ(stats().suspended, 1U);
}

}  // namespace
}  // namespace matchbus::socketio

// A Socket.IO server: namespaces, events, acks, attachments, and ends of every kind.
#include "socketio/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
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

class ServerTest : public test::SocketWorld {};

// --- Connecting ---

TEST_F(ServerTest, Connects) {
  WsCall& client = connect();
  client.take();
  client.text(R"(40{"token":"x"})");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(40{"sid":")" + std::string(app.socket().id()) + R"("})"));
  EXPECT_THAT(app.take(), ElementsAre(R"(a connect {"token":"x"})"));
  EXPECT_EQ(app.socket().namespace_name(), "/");
  EXPECT_EQ(app.socket().peer_address(), "192.0.2.1");
  EXPECT_TRUE(app.socket().is_websocket());
  EXPECT_EQ(stats().connects, 1U);
  EXPECT_EQ(stats().sockets, 1U);
}

TEST_F(ServerTest, ConnectsToSeveralNamespaces) {
  WsCall& client = join();
  client.text("40/custom,{}");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(StartsWith(R"(40/custom,{"sid":")")));
  EXPECT_THAT(custom.take(), ElementsAre("a connect {}"));
  EXPECT_NE(custom.socket().id(), app.socket().id());
  client.text("42/custom,[\"x\"]");
  EXPECT_THAT(custom.take(), ElementsAre("a event [\"x\"]"));
  EXPECT_THAT(app.take(), ElementsAre("a connect "));
}

TEST_F(ServerTest, RefusesUnknownNamespaces) {
  WsCall& client = connect();
  client.take();
  client.text("40/nowhere,{}");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(44/nowhere,{"message":"Invalid namespace"})"));
  EXPECT_EQ(stats().refused, 1U);
}

// Each answer costs more than its question.
TEST_F(ServerTest, WhoIsRefusedAgainAndAgainIsClosed) {
  const std::string sid = open();
  std::string body = "40/x,";
  for (int i = 0; i < 9'000; ++i)
    body +=
        "\x1e"
        "40/x,";
  post(sid, body);
  EXPECT_LE(stats().refused, 16U);
  turn();
  EXPECT_NE(get(sid).body().find("Invalid namespace"), std::string::npos) << "what it was told still comes";
  post(sid, "40");
  EXPECT_EQ(stats().connects, 0U);
}

TEST_F(ServerTest, TheApplicationMayRefuse) {
  app.connecting = [](Socket& socket, json::Value auth) -> Result<void> {
    socket.emit("too", "early");
    if (auth["token"].string() == "good") return {};
    return Error{"bad \"token\""};
  };
  WsCall& client = connect();
  client.take();
  client.text(R"(40{"token":"bad"})");
  client.text(R"(40{"token":"good"})");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(44{"message":"bad \"token\""})", StartsWith("40{")));
  EXPECT_THAT(app.take(), ElementsAre(R"(a connect {"token":"good"})"));
  EXPECT_EQ(stats().refused, 1U);
}

TEST_F(ServerTest, TheApplicationMayDisconnectWhileConnecting) {
  app.connecting = [](Socket& socket, json::Value) -> Result<void> {
    socket.disconnect(false);
    return {};
  };
  WsCall& client = connect();
  client.take();
  client.text("40");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(44{"message":"Forbidden"})"));
  app.connecting = [](Socket& socket, json::Value) -> Result<void> {
    socket.disconnect(true);
    return {};
  };
  client.text("40");
  turn();
  EXPECT_THAT(client.take(), ElementsAre("close 1000"));
  EXPECT_THAT(app.take(), IsEmpty());
}

TEST_F(ServerTest, TooManyNamespacesAreRefused) {
  ServerOptions options;
  options.max_namespaces = 1;
  start(options);
  WsCall& client = join();
  client.text("40/custom,");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(44/custom,{"message":"Too many namespaces"})"));
}

TEST_F(ServerTest, ConnectingTwiceIsMalformed) {
  WsCall& client = join();
  client.text("40");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect parse error"));
  EXPECT_EQ(stats().malformed, 1U);
}

TEST_F(ServerTest, JoiningNothingEndsTheSession) {
  ServerOptions options;
  options.connect_timeout_ms = 1'000;
  start(options);
  WsCall& idle = connect();
  WsCall& refused = connect();
  refused.text("40/nowhere,");
  WsCall& joined = join();
  join("40");
  advance(990);
  idle.take();
  refused.take();
  advance(20);
  EXPECT_THAT(idle.take(), ElementsAre("close 1000"));
  EXPECT_THAT(refused.take(), ElementsAre("close 1000"));
  EXPECT_THAT(joined.take(), IsEmpty());
  EXPECT_EQ(target->engine_stats().open, 2U);
}

TEST_F(ServerTest, NoConnectTimeout) {
  ServerOptions options;
  options.connect_timeout_ms = 0;
  start(options);
  connect();
  advance(20'000);
  EXPECT_EQ(target->engine_stats().open, 1U);
}

// --- Events ---

TEST_F(ServerTest, EventsBothWays) {
  WsCall& client = join();
  app.take();
  app.on = [](Socket& socket, const Event& event) {
    EXPECT_EQ(event.name, "hello");
    EXPECT_EQ(event.size(), 2U);
    EXPECT_EQ(event.text(0), "\"quoted\"\n");
    EXPECT_EQ(event.text(1), std::nullopt);
    EXPECT_EQ(event.text(2), std::nullopt);
    EXPECT_EQ(event.arg(1).integer(0, 9), 5);
    EXPECT_FALSE(event.wants_ack);
    socket.emit("text", "\"quoted\"\n");
    socket.emit_raw("raw", R"(1,{"a":null})");
    socket.emit_raw("none", "");
  };
  client.text(R"(42["hello","\"quoted\"\n",5])");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(42["text","\"quoted\"\n"])", R"(42["raw",1,{"a":null}])", R"(42["none"])"));
  EXPECT_EQ(stats().events_in, 1U);
  EXPECT_EQ(stats().events_out, 3U);
}

TEST_F(ServerTest, EventsInANamespace) {
  WsCall& client = connect();
  client.take();
  client.text("40/custom");
  custom.connected = [](Socket& socket) { socket.emit("welcome", "x"); };
  client.text("40/custom,");
  turn();
  client.take();
  WsCall& other = connect();
  other.take();
  other.text("40/custom");
  turn();
  EXPECT_THAT(other.take(), ElementsAre(StartsWith("40/custom,"), R"(42/custom,["welcome","x"])"));
}

TEST_F(ServerTest, AttachmentsBothWays) {
  WsCall& client = join();
  app.take();
  app.on = [](Socket& socket, const Event& event) {
    EXPECT_EQ(event.text(0), "second");
    EXPECT_EQ(event.text(1), std::nullopt);
    EXPECT_EQ(event.text(2), "first");
    const std::string_view attachments[] = {"one", "two"};
    socket.emit_raw("back", R"({"_placeholder":true,"num":1},{"_placeholder":true,"num":0})", attachments);
  };
  client.text(R"(452-["data",{"_placeholder":true,"num":1},1,{"_placeholder":true,"num":0}])");
  client.binary("first");
  EXPECT_THAT(app.take(), IsEmpty());
  client.binary("second");
  EXPECT_THAT(app.take(),
              ElementsAre(R"(a event ["data",{"_placeholder":true,"num":1},1,{"_placeholder":true,"num":0}])"
                          " +first +second"));
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(452-["back",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])",
                                         "binary:one", "binary:two"));
}

TEST_F(ServerTest, LimitsOfAttachments) {
  ServerOptions options;
  options.max_attachments = 2;
  options.max_attachment_bytes = 10;
  start(options);
  const std::string two = R"(452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])";
  WsCall& fine = join();
  fine.text(two);
  fine.binary("12345");
  fine.binary("67890");
  EXPECT_THAT(app.take(), ElementsAre("a connect ", HasSubstr("+12345 +67890")));
  WsCall& large = join();
  large.text(two);
  large.binary("12345");
  large.binary("678901");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b disconnect parse error"));
  WsCall& many = join();
  many.text(R"(453-["x"])");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("c connect ", "c disconnect parse error"));
}

TEST_F(ServerTest, AnswersAcks) {
  WsCall& client = join();
  app.on = [](Socket& socket, const Event& event) {
    ASSERT_TRUE(event.wants_ack);
    const std::string_view attachments[] = {"x"};
    socket.ack(event.ack_id, "1,[2]");
    socket.ack(event.ack_id, "");
    socket.ack(event.ack_id, R"({"_placeholder":true,"num":0})", attachments);
  };
  client.text(R"(4212["q"])");
  turn();
  EXPECT_THAT(client.take(),
              ElementsAre("4312[1,[2]]", "4312[]", R"(461-12[{"_placeholder":true,"num":0}])", "binary:x"));
}

TEST_F(ServerTest, AsksForAcks) {
  WsCall& client = join();
  Texts answers;
  for (int i = 0; i < 3; ++i) {
    app.socket().emit_with_ack("q", std::to_string(i), [&answers, i](json::Value args, auto attachments) {
      answers.push_back(std::to_string(i) + test::to_text(args));
      for (const std::string_view attachment : attachments) answers.push_back("+" + std::string(attachment));
    });
  }
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(420["q",0])", R"(421["q",1])", R"(422["q",2])"));
  client.text("431[\"one\"]");
  client.text(R"(461-0[{"_placeholder":true,"num":0}])");
  client.binary("bytes");
  client.text("431[\"again\"]");
  client.text("4399[]");
  EXPECT_THAT(answers, ElementsAre(R"(1["one"])", R"(0[{"_placeholder":true,"num":0}])", "+bytes"));
}

TEST_F(ServerTest, AwaitsAHundredAcks) {
  WsCall& client = join();
  std::string answered;
  for (int i = 0; i < 101; ++i) {
    app.socket().emit_with_ack("q", "", [&answered, i](json::Value, auto) { answered += std::to_string(i) + " "; });
  }
  for (const int i : {0, 1, 100}) client.text("43" + std::to_string(i) + "[]");
  EXPECT_EQ(answered, "1 100 ");
}

TEST_F(ServerTest, AnAckMayEndItsSocket) {
  WsCall& client = join();
  app.take();
  app.socket().emit_with_ack("q", "", [this](json::Value, auto) { app.socket().disconnect(true); });
  client.text("430[]");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a disconnect server namespace disconnect"));
}

TEST_F(ServerTest, PreparedEvents) {
  EXPECT_EQ(Server::encode_event("e\"", R"("x",1)").view(), R"(42["e\"","x",1])");
  EXPECT_EQ(Server::encode_event("e", "").view(), R"(42["e"])");
  WsCall& client = join();
  const hub::Message message({*context, 1024, 3}, Server::encode_event("e", "1"));
  app.socket().send_prepared(message);
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(42["e",1])"));
  EXPECT_EQ(stats().events_out, 1U);
}

TEST_F(ServerTest, PendingFlushAndDrained) {
  WsCall& client = join();
  client.stream.accept = 0;
  app.socket().emit("e", "x");
  app.socket().flush();
  EXPECT_GT(app.socket().pending(), 0U);
  turn();
  EXPECT_EQ(app.drained, "");
  client.stream.drain();
  turn();
  EXPECT_EQ(app.socket().pending(), 0U);
  EXPECT_EQ(app.drained, "a");
}

TEST_F(ServerTest, MalformedPacketsEndTheSession) {
  for (const char* packet : {"4abc", "4", "42{}", "42[", "42[1]", "42abc[\"x\"]", "43[]", "44{}", "42/custom,[\"x\"]",
                             "45[]", "42[\"connect\"]"}) {
    WsCall& client = join();
    app.take();
    client.text(packet);
    client.text("42[\"not heard\"]");
    turn();
    EXPECT_THAT(client.take(), ElementsAre("close 1008")) << packet;
    EXPECT_THAT(app.take(), ElementsAre(testing::EndsWith("disconnect parse error"))) << packet;
  }
  EXPECT_EQ(stats().sockets, 0U);
  EXPECT_EQ(stats().malformed, 11U);
}

TEST_F(ServerTest, TextAmongAttachmentsIsMalformed) {
  WsCall& client = join();
  client.text(R"(451-["x",{"_placeholder":true,"num":0}])");
  client.text(R"(42["y"])");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect parse error"));
  WsCall& other = join();
  other.binary("nobody announced this");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b disconnect parse error"));
}

TEST_F(ServerTest, PacketsBeforeConnectAreMalformed) {
  for (const char* packet : {R"(42["x"])", "41", "430[]", R"(451-["x"])"}) {
    WsCall& client = connect();
    client.take();
    client.text(packet);
    turn();
    EXPECT_THAT(client.take(), ElementsAre("close 1008")) << packet;
  }
}

// --- Ends ---

TEST_F(ServerTest, TheClientLeaves) {
  WsCall& client = join();
  app.take();
  client.text("41");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a disconnect client namespace disconnect"));
  EXPECT_EQ(target->engine_stats().open, 1U);
  EXPECT_EQ(stats().sockets, 0U);
  client.text("40");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("40{")));
}

TEST_F(ServerTest, LeavingAndJoiningInOneTurn) {
  WsCall& client = join();
  client.stream.feed(text_frame("41") + text_frame("40") + text_frame("42[\"x\"]"));
  turn();
  EXPECT_THAT(app.take(),
              ElementsAre("a connect ", "b connect ", "b event [\"x\"]", "a disconnect client namespace disconnect"));
}

TEST_F(ServerTest, TheServerDisconnectsASocket) {
  WsCall& client = join();
  app.take();
  app.on = [](Socket& socket, const Event&) {
    socket.emit("bye", "x");
    socket.disconnect(false);
    socket.emit("too", "late");
    socket.disconnect(false);
  };
  client.stream.feed(text_frame("42[\"x\"]") + text_frame("42[\"on its way\"]"));
  turn();
  EXPECT_THAT(client.take(), ElementsAre(R"(42["bye","x"])", "41"));
  EXPECT_THAT(app.take(), ElementsAre("a event [\"x\"]", "a disconnect server namespace disconnect"));
  // More of what the client sent before it knew.
  client.text("42[\"on its way\"]");
  client.text(R"(451-["on its way",{"_placeholder":true,"num":0}])");
  client.binary("bytes");
  client.text("41");
  client.text("40");
  turn();
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("40{")));
  EXPECT_THAT(app.take(), ElementsAre("b connect "));
}

TEST_F(ServerTest, TheServerDisconnectsASession) {
  WsCall& client = join();
  client.text("40/custom,");
  turn();
  client.take();
  app.take();
  custom.take();
  app.socket().disconnect(true);
  EXPECT_THAT(app.take(), IsEmpty()) << "told inside the call";
  turn();
  EXPECT_THAT(client.take(), ElementsAre("41/custom,", "41", "close 1000"));
  EXPECT_THAT(app.take(), ElementsAre("a disconnect server namespace disconnect"));
  EXPECT_THAT(custom.take(), ElementsAre("a disconnect server namespace disconnect"));
  EXPECT_EQ(stats().sockets, 0U);
}

TEST_F(ServerTest, LastWordsReachAPollingClient) {
  const std::string sid = open();
  post(sid, "40");
  get(sid);
  app.on = [](Socket& socket, const Event&) {
    socket.emit("refused", "x");
    socket.disconnect(true);
  };
  post(sid,
       "42[\"x\"]\x1e"
       "42[\"y\"]");
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a event [\"x\"]", "a disconnect server namespace disconnect"));
  EXPECT_EQ(get(sid).body(),
            "42[\"refused\",\"x\"]\x1e"
            "41");
  EXPECT_EQ(get(sid).body(), "1");
}

TEST_F(ServerTest, ReasonsOfLostConnections) {
  lose(join());
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect transport close"));
  WsCall& closing = join();
  closing.text("1");
  turn();
  EXPECT_THAT(app.take(), ElementsAre("b connect ", "b disconnect transport close"));
  const std::string sid = open();
  post(sid, "40");
  get(sid);
  get(sid).stream.close();
  turn();
  EXPECT_THAT(app.take(), ElementsAre("c connect ", "c disconnect transport error"));
  join();
  advance(46'000);
  EXPECT_THAT(app.take(), ElementsAre("d connect ", "d disconnect ping timeout"));
}

TEST_F(ServerTest, DisconnectingInsideEveryCallback) {
  app.connected = [](Socket& socket) { socket.disconnect(true); };
  WsCall& client = connect();
  client.take();
  client.stream.feed(text_frame("40") + text_frame("42[\"x\"]"));
  turn();
  EXPECT_THAT(app.take(), ElementsAre("a connect ", "a disconnect server namespace disconnect"));
  EXPECT_THAT(client.take(), ElementsAre(StartsWith("40{"), "41", "close 1000"));
  app.connected = nullptr;
  join();
  join();
  app.disconnected = [this](Socket& socket) {
    if (&socket == app.sockets["b"]) app.socket("c").disconnect(true);
  };
  app.socket("b").disconnect(true);
  turn();
  turn();
  EXPECT_EQ(stats().sockets, 0U);
  EXPECT_EQ(target->engine_stats().open, 0U);
}

TEST_F(ServerTest, ShuttingDown) {
  WsCall& client = join();
  const std::string sid = open();
  post(sid, "40");
  app.take();
  target->close_all();
  turn();
  // No DISCONNECT packet: a client that got one would not come back by itself.
  EXPECT_THAT(client.take(), ElementsAre("close 1000"));
  EXPECT_THAT(app.take(),
              testing::UnorderedElementsAre("a disconnect server shutting down", "b disconnect server shutting down"));
}

TEST_F(ServerTest, TheServersEndDisconnectsEverybody) {
  join();
  join();
  app.socket("a").disconnect(false);
  app.take();
  target.reset();
  EXPECT_THAT(app.take(), testing::UnorderedElementsAre("a disconnect server namespace disconnect",
                                                        "b disconnect server shutting down"));
}

// Whatever a client sends, the server survives, and every socket that connected disconnects once.
TEST_F(ServerTest, NoiseDoesNoHarm) {
  ServerOptions options;
  options.recovery_window_ms = 1'000;
  start(options);
  std::mt19937 random(6);
  const Texts pieces = {"4",
                        "0",
                        "1",
                        "2",
                        "3",
                        "5",
                        "6",
                        "1-",
                        "2-",
                        "/custom,",
                        "/",
                        "12",
                        "{}",
                        "[\"x\"]",
                        "[]",
                        "[",
                        "\"",
                        "{\"_placeholder\":true,\"num\":0}",
                        "40",
                        "41",
                        "42",
                        "45",
                        "451-[\"x\",{\"_placeholder\":true,\"num\":0}]",
                        "[\"x\",1]",
                        "40",
                        "40/custom,",
                        "42[\"x\"]"};
  for (int round = 0; round < 500; ++round) {
    WsCall& client = round % 2 == 0 ? connect() : join();
    for (int i = 0; i < 6; ++i) {
      std::string packet = random() % 8 == 0 ? "" : "4";
      for (auto count = random() % 4; count > 0; --count) packet += pieces[random() % pieces.size()];
      random() % 6 == 0 ? client.binary(packet) : client.text(packet);
      if (random() % 4 == 0) turn();
    }
    if (random() % 2 == 0) lose(client);
  }
  app.lines.clear();
  custom.lines.clear();
  target.reset();
  EXPECT_THAT(app.names, IsEmpty());
  EXPECT_THAT(custom.names, IsEmpty());
}

}  // namespace
}  // namespace matchbus::socketio

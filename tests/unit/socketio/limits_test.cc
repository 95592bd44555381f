// What a client can make a server keep, or do in one turn, has bounds.
#include <gtest/gtest.h>

#include <string>

#include "socketio/polling_crowd.h"
#include "unit/socketio/socket_world.h"
#include "ws/unfinished.h"

namespace matchbus::socketio {
namespace {

using test::HttpCall;
using test::WsCall;

constexpr const char* kHandshake = "EIO=4&transport=polling";

class Limits : public test::SocketWorld {
 protected:
  const EngineStats& engine() { return target->engine_stats(); }
};

TEST_F(Limits, SessionsWithoutAPollAreSoManyForEachAddress) {
  ServerOptions options;
  options.engine.max_unpolled = 2;
  start(options);
  const std::string first = open();
  open();
  EXPECT_EQ(engine().unpolled, 2u);
  const HttpCall& refused = request("GET", kHandshake);
  EXPECT_EQ(refused.status(), 503);
  EXPECT_FALSE(refused.body().empty());
  EXPECT_EQ(engine().refused_unpolled, 1u);
  connect();  // bounded as a connection
  EXPECT_EQ(engine().open, 3u);
  // A session that is polled counts no more, until its poll is answered.
  get(first);
  EXPECT_EQ(engine().unpolled, 1u);
  EXPECT_EQ(request("GET", kHandshake).status(), 200);
  post(first, "40");
  EXPECT_EQ(engine().unpolled, 3u);
  EXPECT_EQ(request("GET", kHandshake).status(), 503);
  post(first, "1");
  EXPECT_EQ(engine().unpolled, 2u);
}

TEST_F(Limits, UpgradedSessionsNeedNoPoll) {
  ServerOptions options;
  options.engine.max_unpolled = 1;
  start(options);
  const std::string sid = open();
  WsCall& socket = upgrade_session(sid);
  socket.text("2probe");
  socket.text("5");
  turn();
  EXPECT_EQ(engine().unpolled, 0u);
  EXPECT_EQ(request("GET", kHandshake).status(), 200);
}

TEST(PollingCrowd, CountsNetworksOfIpv6AsOneClient) {
  size_t unpolled = 0;
  PollingCrowd crowd(1, unpolled);
  {
    const PollingCrowd::Member member(crowd, "2001:db8::1");
    EXPECT_FALSE(crowd.has_room("2001:db8::1"));
    EXPECT_FALSE(crowd.has_room("2001:db8::ffff:1:2:3"));
    EXPECT_TRUE(crowd.has_room("2001:db8:0:1::1"));
    EXPECT_TRUE(crowd.has_room("192.0.2.1"));
  }
  EXPECT_TRUE(crowd.has_room("2001:db8::1"));
  EXPECT_EQ(unpolled, 0u);
}

TEST_F(Limits, ZeroIsNoLimit) {
  ServerOptions options;
  options.engine.max_payload = 0;
  options.engine.max_pending = 0;
  start(options);
  const HttpCall& call = request("GET", kHandshake);
  EXPECT_NE(call.body().find(R"("maxPayload":2147483647)"), std::string::npos) << call.body();
  const std::string sid = call.body().substr(9, 20);
  EXPECT_EQ(post(sid, "40").body(), "ok");
  EXPECT_EQ(post(sid, R"(42["x",")" + std::string(2'000'000, 'x') + "\"]").body(), "ok");
  app.socket().emit("x", std::string(100'000, 'y'));
  turn();
  EXPECT_EQ(engine().open, 1u);
  EXPECT_EQ(engine().overflows, 0u);
}

TEST_F(Limits, APayloadHasSoManyPackets) {
  const std::string sid = open();
  std::string body = "40";
  for (int i = 1; i < 10'000; ++i)
    body +=
        "\x1e"
        "6";
  EXPECT_EQ(post(sid, body).body(), "ok");
  EXPECT_EQ(post(sid, "6\x1e" + body.replace(0, 2, "6")).status(), 400);
  EXPECT_EQ(engine().parse_errors, 1u);
}

TEST_F(Limits, APostThatFailsInItsBodyDoesNotCount) {
  const std::string sid = open();
  net::HttpRequest head;
  head.method = "POST";
  head.target = "/?" + polling(sid);
  target->body_limit(head);
  target->on_body_lost(head);
  EXPECT_EQ(post(sid, "40").body(), "ok");
  EXPECT_EQ(engine().open, 1u);
}

TEST_F(Limits, AttachmentsHaveToComeInTime) {
  target.reset();
  context = ws::Context::create(loop, {.message_timeout_ms = 1'000, .max_unfinished = 0});
  start({});
  WsCall& socket = join();
  socket.text(R"(452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}])");
  socket.binary("one");
  EXPECT_EQ(context->unfinished().stats().messages, 1u);
  advance(900);
  EXPECT_EQ(engine().open, 1u);
  advance(200);
  EXPECT_EQ(engine().open, 0u);
  EXPECT_EQ(context->unfinished().stats().too_long, 1u);
  EXPECT_EQ(context->unfinished().stats().bytes, 0u);
}

TEST_F(Limits, WholePacketsLeaveNothingBehind) {
  WsCall& socket = join();
  socket.text(R"(451-["x",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(context->unfinished().stats().messages, 1u);
  socket.binary("one");
  EXPECT_EQ(context->unfinished().stats().messages, 0u);
  EXPECT_EQ(app.take().back(), R"(a event ["x",{"_placeholder":true,"num":0}] +one)");
}

TEST_F(Limits, NoAttachmentsMeansNone) {
  ServerOptions options;
  options.max_attachments = 0;
  start(options);
  WsCall& socket = join();
  socket.text(R"(451-["x",{"_placeholder":true,"num":0}])");
  turn();
  EXPECT_EQ(engine().open, 0u);
  EXPECT_EQ(stats().malformed, 1u);
}

}  // namespace
}  // namespace matchbus::socketio

// How connections end: the close handshake, failing, and being destroyed.
#include "unit/ws/connection_fixture.h"

namespace matchbus::ws {
namespace {

TEST_F(ConnectionTest, EchoesAPeersClose) {
  open();
  wire.feed(masked(kClose, close_body(1000, "bye")) + masked(kText, "too late"));
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1000)));
  EXPECT_TRUE(wire.finished);
  EXPECT_FALSE(connection->is_open());
  EXPECT_TRUE(handler.events.empty());  // the close frame is still to be sent
  wire.feed(masked(kText, "later still"));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1000:bye"}));
}

TEST_F(ConnectionTest, EchoesACloseWithoutACode) {
  open();
  wire.feed(masked(kClose, ""));
  EXPECT_EQ(wire.take(), unmasked(kClose, ""));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1005:"}));
}

TEST_F(ConnectionTest, ClosesAndWaitsForThePeer) {
  open();
  connection->close(kGoingAway, "moving house");
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1001, "moving house")));
  EXPECT_FALSE(connection->is_open());
  EXPECT_FALSE(wire.finished);
  connection->send(Opcode::kText, "unsent");
  connection->ping("unsent");
  connection->close(kNormal, "again");
  wire.feed(masked(kText, "crossed on the way") + masked(kPing, "") + masked(kClose, close_body(1001)));
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.finished);
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1001:"}));
  pass(60'000);
  EXPECT_EQ(handler.events.size(), 1u);
}

TEST_F(ConnectionTest, DropsAPeerThatNeverAnswersAClose) {
  options.close_timeout_ms = 3000;
  open();
  connection->close(kNormal, "");
  pass(2900);
  EXPECT_FALSE(wire.aborted);
  pass(200);
  EXPECT_TRUE(wire.aborted);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
}

TEST_F(ConnectionTest, TellsOfAConnectionThatBreaks) {
  open();
  wire.close(net::CloseReason::kError);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
  EXPECT_FALSE(connection->is_open());
  connection->send(Opcode::kText, "unsent");
  connection->close(kNormal, "");
  EXPECT_EQ(wire.take(), "");
}

TEST_F(ConnectionTest, FailsOnProtocolErrorsWithTheirCode) {
  const std::vector<std::pair<std::string, uint16_t>> cases = {
      {masked(3, ""), kProtocolError},
      {unmasked(kText, "a"), kProtocolError},
      {masked(kText, "\xC0\x80"), kInvalidPayload},
      {masked(kText, std::string(2000, 'x')), kTooBig},
      {masked(kClose, close_body(1006)), kProtocolError},
      {masked(kClose, close_body(1000, "\xFF")), kInvalidPayload},
  };
  options.max_message = 1000;
  for (const auto& [bytes, code] : cases) {
    wire = {};
    handler.events.clear();
    open();
    wire.feed(masked(kText, "good") + bytes + masked(kText, "never read"));
    const std::vector<WireFrame> frames = sent();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].opcode, kClose);
    EXPECT_EQ(frames[0].payload.substr(0, 2), close_body(code)) << code;
    EXPECT_TRUE(wire.finished);
    wire.feed(masked(kText, "nor this"));
    wire.close(net::CloseReason::kLocal);
    EXPECT_EQ(handler.events, (Events{"text:good", "closed:1006:"}));
    connection.reset();
  }
  EXPECT_EQ(context->stats().protocol_errors, cases.size());
  EXPECT_FALSE(log.lines.empty());
}

TEST_F(ConnectionTest, FailsOnceOnlyAfterItsOwnClose) {
  open();
  connection->close(kNormal, "");
  wire.take();
  wire.feed(masked(3, ""));
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.finished);
  pass(60'000);
  EXPECT_FALSE(wire.aborted);
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
}

TEST_F(ConnectionTest, MayBeDestroyedByItsHandler) {
  open();
  std::string seen;
  handler.on_message = [&](std::span<char> payload) {
    connection.reset();
    seen.assign(payload.data(), payload.size());  // the payload outlives the connection
  };
  wire.feed(masked(kText, "a message") + masked(kText, "another"));
  EXPECT_EQ(seen, "a message");
  EXPECT_EQ(handler.events.size(), 1u);
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ConnectionTest, MayBeDestroyedByItsHandlerInTheMiddleOfALargeRead) {
  open("permessage-deflate");
  handler.on_message = [&](std::span<char> payload) {
    connection.reset();
    payload[0] = 'x';
  };
  const std::string big = masked(kText, deflate_message(std::string(90'000, 'a')), true, kRsv1);
  wire.feed(big + big);
  EXPECT_EQ(handler.events.size(), 1u);
}

TEST_F(ConnectionTest, MayBeDestroyedWhenItEnds) {
  handler.on_closed = [this] { connection.reset(); };
  open();
  wire.feed(masked(kClose, close_body(1000, "reason")));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1000:reason"}));
  EXPECT_TRUE(wire.destroyed);

  wire = {};
  handler.events.clear();
  open();
  connection->close(kNormal, "");
  pass(10'000);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ConnectionTest, TellsNobodyWhenDestroyed) {
  open();
  connection->close(kNormal, "");
  connection.reset();
  pass(10'000);
  EXPECT_TRUE(handler.events.empty());
}

TEST_F(ConnectionTest, ClosesInsideACallback) {
  open();
  handler.on_message = [&](std::span<char>) { connection->close(kPolicy, "enough"); };
  wire.feed(masked(kText, "one") + masked(kText, "two") + masked(kClose, close_body(1008)));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1008, "enough")));
  EXPECT_TRUE(wire.finished);
}

}  // namespace
}  // namespace matchbus::ws

#include "ws/closing_connections.h"

#include <uv.h>

#include <deque>

#include "unit/ws/connection_fixture.h"

namespace matchbus::ws {
namespace {

class ClosingConnectionsTest : public ConnectionTest {
 protected:
  // Gives the open connection away; what its handler hears afterwards is a mistake.
  void let_go(uint16_t code = kNormal, std::string_view reason = {}) {
    closing->close(std::move(connection), code, reason);
  }
  // What was put off inside callbacks is done at the end of the turn.
  void turn() { uv_run(loop.uv(), UV_RUN_NOWAIT); }

  std::unique_ptr<ClosingConnections> closing = std::make_unique<ClosingConnections>(loop);
};

TEST_F(ClosingConnectionsTest, KeepsAConnectionUntilThePeersAnswer) {
  open();
  let_go(kPolicy, "enough");
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1008, "enough")));
  EXPECT_EQ(closing->size(), 1u);
  wire.feed(masked(kText, "crossed on the way") + masked(kClose, close_body(1008)));
  EXPECT_TRUE(wire.finished);
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(closing->size(), 0u);
  EXPECT_FALSE(wire.destroyed) << "inside its own callback";
  turn();
  EXPECT_TRUE(wire.destroyed);
  EXPECT_EQ(handler.events, Events{});
}

TEST_F(ClosingConnectionsTest, DropsAConnectionThatTakesTooLong) {
  options.close_timeout_ms = 3000;
  open();
  let_go();
  pass(2900);
  EXPECT_EQ(closing->size(), 1u);
  pass(200);
  EXPECT_TRUE(wire.aborted);
  EXPECT_EQ(closing->size(), 0u);
}

TEST_F(ClosingConnectionsTest, TakesAConnectionInsideItsOwnCallback) {
  open();
  handler.on_message = [this](std::span<char>) { let_go(); };
  wire.feed(masked(kText, "one") + masked(kText, "two") + masked(kClose, close_body(1000)));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  EXPECT_TRUE(wire.finished);
  wire.close(net::CloseReason::kLocal);
  turn();
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ClosingConnectionsTest, ConnectionsEndInAnyOrder) {
  std::deque<FakeStreamState> wires(5);
  for (FakeStreamState& each : wires) {
    connection = Connection::accept(*context, loop, request(), FakeStream::make(each), options);
    connection->start({});
    let_go();
  }
  for (const size_t first : {1, 4, 0, 3, 2}) {
    wires[first].close();
    turn();
    EXPECT_TRUE(wires[first].destroyed);
  }
  EXPECT_EQ(closing->size(), 0u);
}

TEST_F(ClosingConnectionsTest, DropsWhatIsStillClosingAtItsEnd) {
  open();
  let_go();
  closing.reset();
  EXPECT_TRUE(wire.destroyed);
  pass(60'000);
  EXPECT_EQ(handler.events, Events{});
}

}  // namespace
}  // namespace matchbus::ws

// The sweep, and what may come between: sockets that go or come, tokens that expire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bus/bus_world.h"

namespace matchbus::bus {
namespace {

using test::BusWorld;
using test::Client;
using test::Texts;
using testing::ElementsAre;
using testing::IsEmpty;

class Sweep : public testing::Test {
 protected:
  BusWorld world;
};

TEST_F(Sweep, SilentSocketsAreClosedAndTheSectorHearsOfIt) {
  Client& silent = world.connect(BusWorld::row("u1"));
  Client& lively = world.settled(BusWorld::row("u2"));
  for (int i = 0; i < 9; ++i) {
    world.advance(10'000);
    lively.say(R"({"type":"anything"})");
    world.turn();
  }
  EXPECT_FALSE(silent.ended);
  lively.take();
  world.advance(15'100);
  silent.take();
  EXPECT_EQ(silent.ended, 4008);
  EXPECT_EQ(silent.ended_why, "heartbeat timeout");
  EXPECT_FALSE(lively.ended);
  EXPECT_THAT(lively.take_types(), ElementsAre("player_left_sector", "presence_updated"));
  EXPECT_EQ(world.bus->stats().timed_out, 1U);
}

TEST_F(Sweep, ExpiredTokensAreFoundAtTheLatest) {
  ConnectOptions how;
  how.expires_at_s = world.clock.wall_ms() / 1000 + 5;
  Client& client = world.settle(world.connect(BusWorld::row("u1"), how));
  world.advance(15'100);
  client.take();
  EXPECT_EQ(client.ended, 4401);
}

TEST_F(Sweep, TellsOnceWhoIsInASectorThatChanged) {
  Client& one = world.connect(BusWorld::row("u1", "7"));
  Client& far = world.connect(BusWorld::row("u3", "8"));
  world.advance(15'100);
  world.settle(one);
  world.connect(BusWorld::row("u2", "7"));
  world.connect_device(BusWorld::row("u2", "7"), "tablet");
  world.connect(BusWorld::row("u4", "7")).drop();
  world.turn();
  world.settle(one);
  world.advance(15'100);
  EXPECT_THAT(one.take(),
              ElementsAre(R"({"type":"presence_updated","sector_id":"7","users":[{"user_id":"u1",)"
                          R"("username":"name of u1"},{"user_id":"u2","username":"name of u2"}],"count":2})"));
  EXPECT_THAT(far.take(), IsEmpty());
  world.advance(30'000);
  EXPECT_THAT(one.take(), IsEmpty());
}

TEST_F(Sweep, ALargeSectorIsListedInPart) {
  for (int i = 0; i < 510; ++i) world.connect(BusWorld::row("u" + std::to_string(i)));
  world.settle(world.clients.front());
  world.advance(15'100);
  const Texts texts = world.clients.front().take();
  ASSERT_EQ(texts.size(), 1U);
  const test::Parsed parsed(texts[0]);
  EXPECT_EQ(parsed.integer("count"), 510);
  EXPECT_EQ(parsed.root()["users"].size(), 500U);
}

TEST_F(Sweep, ManySocketsAreSweptInParts) {
  constexpr int kClients = 2'500;
  for (int i = 0; i < kClients; ++i) world.connect(BusWorld::row("u" + std::to_string(i), ""));
  world.clock.advance(100'000);
  world.loop.timers().advance(world.clock.monotonic_ms());
  EXPECT_EQ(world.bus->stats().sockets, kClients - 1'000U);
  // Meanwhile some go by themselves, and some come.
  for (int i = 0; i < 100; ++i) world.clients[static_cast<size_t>(i)].drop();
  for (int i = 0; i < 10; ++i) world.connect(BusWorld::row("new" + std::to_string(i), ""));
  world.advance(20, 5);
  EXPECT_EQ(world.bus->stats().sockets, 10U);
  EXPECT_EQ(world.bus->stats().timed_out, kClients - 100U);
}

// Races.

TEST_F(Sweep, ConnectingWhileTheSweepClosesTheOldSocket) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& old = world.settled(BusWorld::row("u1"));
  world.advance(89'000);
  other.say(R"({"type":"heartbeat"})");
  world.turn();
  world.settle(other);
  // The old one is silent for too long by now, but the sweep has not come.
  world.advance(1'500);
  Client& fresh = world.come_back(BusWorld::row("u1"), old.last_id);
  world.advance(15'000);
  old.take();
  EXPECT_EQ(old.ended, 4001);
  EXPECT_FALSE(fresh.ended);
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected", "state_resync"));
  EXPECT_THAT(other.take(), IsEmpty()) << "nobody left, nobody came";
}

TEST_F(Sweep, ConnectingRightAfterTheSweepHasClosedTheOldSocket) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& old = world.settled(BusWorld::row("u1"));
  world.advance(89'000);
  other.say(R"({"type":"heartbeat"})");
  world.turn();
  world.settle(other);
  world.advance(16'100);
  old.take();
  EXPECT_EQ(old.ended, 4008);
  // Its close handshake is still going on when the new one comes, and ends afterwards.
  Client& fresh = world.connect(BusWorld::row("u1"));
  old.stream.close();
  world.turn();
  EXPECT_EQ(world.bus->stats().sockets, 2U);
  EXPECT_THAT(other.take_types(), ElementsAre("player_left_sector", "presence_updated", "player_entered_sector"));
  EXPECT_EQ(world.tell({test::personal("u1")}, R"({"type":"x"})").receivers, 1U);
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected", "x"));
}

TEST_F(Sweep, ANewSocketWhileTheOldOneIsClosing) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& old = world.settled(BusWorld::row("u1"));
  Client& fresh = world.connect(BusWorld::row("u1"));
  // The old peer goes on talking, answers the close, and its connection ends: nothing of that is the new one's.
  old.say(R"({"type":"heartbeat"})");
  old.stream.feed(test::encode({.opcode = 8, .payload = test::big_endian(4001, 2)}));
  old.stream.close(net::CloseReason::kLocal);
  world.turn();
  EXPECT_THAT(old.take(), IsEmpty());
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_EQ(world.bus->stats().sockets, 2U);
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected"));
}

TEST_F(Sweep, ANewSocketInTheTurnInWhichTheOldOneBreaks) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& old = world.settled(BusWorld::row("u1"));
  old.drop();
  Client& fresh = world.come_back(BusWorld::row("u1"), old.last_id);
  EXPECT_THAT(other.take_types(), ElementsAre("player_left_sector", "player_entered_sector"));
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected"));
  EXPECT_EQ(world.bus->stats().recovered, 1U);
}

TEST_F(Sweep, AMoveWhileADisconnectIsOnItsWay) {
  Client& from = world.settled(BusWorld::row("a", "7"));
  Client& to = world.settled(BusWorld::row("b", "8"));
  Client& mover = world.settled(BusWorld::row("u1", "7"));
  world.settle(mover);
  MoveRow row;
  row.sector_id = "8";
  // The peer has said goodbye; the connection's end is still to come.
  mover.stream.feed(test::encode({.opcode = 8, .payload = test::big_endian(1000, 2)}));
  EXPECT_TRUE(world.bus->move("u1", row));
  mover.stream.close(net::CloseReason::kLocal);
  EXPECT_FALSE(world.bus->move("u1", row));
  world.turn();
  EXPECT_THAT(from.take_types(), ElementsAre("player_left_sector"));
  EXPECT_THAT(to.take_types(), ElementsAre("player_entered_sector", "player_left_sector"));
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 1U);
  EXPECT_EQ(world.tell({test::sector("8")}, "{}").receivers, 1U);
}

TEST_F(Sweep, AMoveAfterTheDisconnectAndTheReturnToTheNewSector) {
  Client& from = world.settled(BusWorld::row("a", "7"));
  Client& to = world.settled(BusWorld::row("b", "8"));
  Client& mover = world.settled(BusWorld::row("u1", "7"));
  world.settle(mover);
  mover.drop();
  MoveRow row;
  row.sector_id = "8";
  EXPECT_FALSE(world.bus->move("u1", row)) << "whoever looks its row up next will find it moved";
  Client& back = world.come_back(BusWorld::row("u1", "8"), mover.last_id);
  world.turn();
  EXPECT_THAT(from.take_types(), ElementsAre("player_left_sector"));
  EXPECT_THAT(to.take_types(), ElementsAre("player_entered_sector"));
  EXPECT_THAT(back.take_types(), ElementsAre("connected"));
}

}  // namespace
}  // namespace matchbus::bus

// Who comes in, as what, and what the others hear of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/bus/bus_world.h"

namespace matchbus::bus {
namespace {

using test::BusWorld;
using test::Client;
using test::Parsed;
using test::Texts;
using testing::ElementsAre;
using testing::IsEmpty;

class Connect : public testing::Test {
 protected:
  BusWorld world;
};

TEST_F(Connect, GreetsWithStateAndRooms) {
  const Texts texts = world.connect(BusWorld::row("u1", "7", "red", "north")).take();
  ASSERT_EQ(texts.size(), 1U);
  const Parsed hello(texts[0]);
  EXPECT_EQ(hello.text("type"), "connected");
  EXPECT_EQ(hello.text("session_id").size(), 20U);
  EXPECT_EQ(hello.text("server_time"), "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(test::to_text(hello.root()["your_state"]),
            R"({"user_id":"u1","username":"name of u1","sector_id":"7","team_id":"red","region_id":"north",)"
            R"("role":"player","rooms":["global","sector:7","team:red","region:north","personal:u1"],"topics":[]})");
  EXPECT_EQ(hello.root()["recovered"].boolean(), false);
}

TEST_F(Connect, RoomsThatTheRowDoesNotNameAreNotThere) {
  const Texts texts = world.connect(BusWorld::row("u1", "")).take();
  const Parsed hello(texts.at(0));
  EXPECT_EQ(test::to_text(hello.root()["your_state"]["rooms"]), R"(["global","personal:u1"])");
  EXPECT_TRUE(hello.root()["your_state"]["sector_id"].is_null());
}

TEST_F(Connect, TheSectorHearsOfItButNotTheOneWhoComes) {
  Client& near = world.settled(BusWorld::row("u1", "7"));
  Client& far = world.settled(BusWorld::row("u2", "8"));
  Client& comer = world.connect(BusWorld::row("u3", "7"));
  EXPECT_THAT(
      near.take(),
      ElementsAre(R"({"type":"player_entered_sector","user_id":"u3","username":"name of u3","sector_id":"7"})"));
  EXPECT_THAT(far.take(), IsEmpty());
  EXPECT_THAT(comer.take_types(), ElementsAre("connected"));
  comer.drop();
  world.turn();
  EXPECT_THAT(near.take(),
              ElementsAre(R"({"type":"player_left_sector","user_id":"u3","username":"name of u3","sector_id":"7"})"));
}

TEST_F(Connect, OnlyAdminsComeInByTheirDoor) {
  ConnectOptions how;
  how.endpoint = Endpoint::kAdmin;
  Client& player = world.connect(BusWorld::row("u1"), how);
  EXPECT_THAT(player.take(), IsEmpty());
  EXPECT_EQ(player.ended, 4003);
  EXPECT_EQ(world.bus->stats().sockets, 0U);
}

TEST_F(Connect, AnAdminIsInNoSector) {
  Client& player = world.settled(BusWorld::row("u1", "7"));
  bus::PlayerRow row = BusWorld::admin_row("boss");
  row.sector_id = "7";
  ConnectOptions how;
  how.endpoint = Endpoint::kAdmin;
  const Texts texts = world.connect(row, how).take();
  EXPECT_EQ(test::to_text(Parsed(texts.at(0)).root()["your_state"]["rooms"]), R"(["global","admin","personal:boss"])");
  EXPECT_THAT(player.take(), IsEmpty());
}

TEST_F(Connect, TheSecondSocketOfADeviceWinsWithoutAnyoneHearingOfIt) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& old = world.settled(BusWorld::row("u1"));
  Client& tablet = world.settle(world.connect_device(BusWorld::row("u1"), "tablet"));
  Client& fresh = world.connect(BusWorld::row("u1"));
  EXPECT_THAT(old.take(), IsEmpty());
  EXPECT_EQ(old.ended, 4001);
  EXPECT_EQ(old.ended_why, "superseded");
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected"));
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_THAT(tablet.take(), IsEmpty());
  EXPECT_FALSE(tablet.ended);
  EXPECT_EQ(world.bus->stats().sockets, 3U);
  EXPECT_EQ(world.bus->stats().superseded, 1U);
  world.tell({test::personal("u1")}, R"({"type":"x"})");
  EXPECT_THAT(old.take(), IsEmpty());
  EXPECT_THAT(fresh.take_types(), ElementsAre("x"));
}

TEST_F(Connect, SupersedingFromAnotherSectorIsAMove) {
  Client& from = world.settled(BusWorld::row("a", "7"));
  Client& to = world.settled(BusWorld::row("b", "8"));
  world.settled(BusWorld::row("u1", "7"));
  Client& fresh = world.connect(BusWorld::row("u1", "8"));
  EXPECT_THAT(from.take_types(), ElementsAre("player_left_sector"));
  EXPECT_THAT(to.take_types(), ElementsAre("player_entered_sector"));
  EXPECT_LT(from.last_id, to.last_id) << "departure before arrival";
  EXPECT_THAT(fresh.take_types(), ElementsAre("connected"));
}

TEST_F(Connect, ASecondDeviceIsNoSecondArrival) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& phone = world.settled(BusWorld::row("u1"));
  Client& tablet = world.connect_device(BusWorld::row("u1"), "tablet");
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_THAT(phone.take(), IsEmpty()) << "nothing of the row has changed";
  phone.drop();
  world.turn();
  EXPECT_THAT(other.take(), IsEmpty());
  tablet.drop();
  world.turn();
  EXPECT_THAT(other.take_types(), ElementsAre("player_left_sector"));
}

TEST_F(Connect, ASecondDeviceWithAnotherRowTakesTheFirstAlong) {
  Client& from = world.settled(BusWorld::row("a", "7", "red"));
  Client& to = world.settled(BusWorld::row("b", "8", "blue"));
  Client& phone = world.settled(BusWorld::row("u1", "7", "red"));
  world.connect_device(BusWorld::row("u1", "8", "blue"), "tablet");
  EXPECT_THAT(from.take_types(), ElementsAre("player_left_sector"));
  EXPECT_THAT(to.take_types(), ElementsAre("player_entered_sector"));
  const Texts texts = phone.take();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_EQ(test::to_text(Parsed(texts[0]).root()["your_state"]["rooms"]),
            R"(["global","personal:u1","sector:8","team:blue"])");
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 1U);
  EXPECT_EQ(world.tell({test::sector("8")}, "{}").receivers, 3U);
  EXPECT_EQ(world.tell({test::team("red")}, "{}").receivers, 1U);
}

TEST_F(Connect, ARowOfAnotherRegionClosesTheOtherDevices) {
  Client& other = world.settled(BusWorld::row("u2", "7", "", "north"));
  Client& phone = world.settled(BusWorld::row("u1", "7", "", "north"));
  Client& tablet = world.connect_device(BusWorld::row("u1", "7", "", "south"), "tablet");
  EXPECT_THAT(phone.take(), IsEmpty());
  EXPECT_EQ(phone.ended, 4009);
  EXPECT_EQ(phone.ended_why, "region changed");
  EXPECT_THAT(tablet.take_types(), ElementsAre("connected"));
  EXPECT_THAT(other.take(), IsEmpty()) << "still in the same sector";
}

TEST_F(Connect, AnAdminsConsoleDoesNotMoveThePlayer) {
  bus::PlayerRow row = BusWorld::admin_row("boss");
  row.sector_id = "7";
  world.connect(row);
  ConnectOptions how;
  how.endpoint = Endpoint::kAdmin;
  how.device_id = "console";
  row.sector_id = "";
  world.connect(row, how);
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 1U);
}

TEST_F(Connect, AnAdminsConsoleInPlaceOfThePlayersSocketIsADeparture) {
  Client& watcher = world.settled(BusWorld::row("u1", "7"));
  PlayerRow row = BusWorld::admin_row("boss");
  row.sector_id = "7";
  Client& player = world.settled(row);
  world.connect_admin("boss");
  player.take();
  EXPECT_EQ(player.ended, 4001);
  EXPECT_THAT(watcher.take_types(), ElementsAre("player_left_sector"));
  world.connect(row);
  EXPECT_THAT(watcher.take_types(), ElementsAre("player_entered_sector"));
}

TEST_F(Connect, MessagesBehindTheHandshakeAreHandled) {
  std::string early = test::encode({.payload = R"({"type":"heartbeat"})"});
  ConnectOptions how;
  how.early = early;
  EXPECT_THAT(world.connect(BusWorld::row("u1"), how).take_types(), ElementsAre("connected", "heartbeat_ack"));
}

TEST_F(Connect, AClientThatClosesAtOnceLeavesNothingBehind) {
  std::string early = test::encode({.opcode = 8, .payload = test::big_endian(1000, 2)});
  ConnectOptions how;
  how.early = early;
  Client& client = world.connect(BusWorld::row("u1"), how);
  client.stream.close(net::CloseReason::kLocal);
  world.turn();
  EXPECT_EQ(world.bus->stats().sockets, 0U);
  EXPECT_EQ(world.bus->stats().users, 0U);
}

TEST_F(Connect, ClosingAllSaysSoToEverybodyAndLetsNobodyIn) {
  Client& one = world.settled(BusWorld::row("u1"));
  Client& two = world.settled(BusWorld::row("u2"));
  world.bus->close_all();
  EXPECT_THAT(one.take(), IsEmpty());
  EXPECT_THAT(two.take(), IsEmpty());
  EXPECT_EQ(one.ended, 1001);
  EXPECT_EQ(two.ended, 1001);
  Client& late = world.connect(BusWorld::row("u3"));
  late.take();
  EXPECT_EQ(late.ended, 1001);
  EXPECT_EQ(world.bus->stats().sockets, 0U);
}

TEST_F(Connect, RefusedConnectionsAreClosedWithTheReason) {
  Client client;
  world.bus->refuse(world.accept(client), 4401, "expired");
  client.take();
  EXPECT_EQ(client.ended, 4401);
  EXPECT_EQ(client.ended_why, "expired");
  client.stream.close();
  world.turn();
  EXPECT_TRUE(client.stream.destroyed);
}

TEST_F(Connect, DisconnectingAUserOrOneDevice) {
  Client& phone = world.settled(BusWorld::row("u1"));
  Client& tablet = world.settle(world.connect_device(BusWorld::row("u1"), "tablet"));
  EXPECT_EQ(world.bus->disconnect("u1", "tablet", 4321, "out"), 1U);
  tablet.take();
  EXPECT_EQ(tablet.ended, 4321);
  EXPECT_EQ(tablet.ended_why, "out");
  EXPECT_EQ(world.bus->disconnect("u1", {}, 1000, ""), 1U);
  phone.take();
  EXPECT_EQ(phone.ended, 1000);
  EXPECT_EQ(world.bus->disconnect("u1", {}, 1000, ""), 0U);
}

TEST_F(Connect, PresenceListsUsersInTheOrderOfTheirComing) {
  world.connect(BusWorld::row("u2"));
  world.connect(BusWorld::row("u1"));
  world.advance(1'000);
  world.connect_device(BusWorld::row("u2"), "tablet").say(R"({"type":"heartbeat"})");
  std::vector<std::string> seen;
  world.bus->presence(test::sector("7"), [&](const PresentUser& user) {
    seen.push_back(std::string(user.user_id) + " " + std::to_string(user.last_heartbeat_ms - user.connected_at_ms));
  });
  EXPECT_THAT(seen, ElementsAre("u2 1000", "u1 0"));
  world.bus->presence(test::sector("8"), [](const PresentUser&) { FAIL(); });
}

}  // namespace
}  // namespace matchbus::bus

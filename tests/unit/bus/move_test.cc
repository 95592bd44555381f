// Moves: out of the old room, told, into the new one, told, in this order.
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

MoveRow to_sector(std::string id) {
  MoveRow row;
  row.sector_id = std::move(id);
  return row;
}

class Move : public testing::Test {
 protected:
  bool move(std::string_view user, const MoveRow& row) {
    const bool moved = world.bus->move(user, row);
    world.turn();
    return moved;
  }
  BusWorld world;
};

TEST_F(Move, TellsBothSectorsDepartureFirst) {
  Client& from = world.settled(BusWorld::row("a", "7"));
  Client& to = world.settled(BusWorld::row("b", "8"));
  Client& mover = world.settled(BusWorld::row("u1", "7"));
  world.settle(mover);
  EXPECT_TRUE(move("u1", to_sector("8")));
  EXPECT_THAT(from.take(),
              ElementsAre(R"({"type":"player_left_sector","user_id":"u1","username":"name of u1","sector_id":"7"})"));
  EXPECT_THAT(
      to.take(),
      ElementsAre(R"({"type":"player_entered_sector","user_id":"u1","username":"name of u1","sector_id":"8"})"));
  EXPECT_LT(from.last_id, to.last_id);
  EXPECT_THAT(mover.take(),
              ElementsAre(R"({"type":"state_changed","your_state":{"user_id":"u1","username":"name of u1",)"
                          R"("sector_id":"8","team_id":null,"region_id":null,"role":"player",)"
                          R"("rooms":["global","personal:u1","sector:8"],"topics":[]}})"));
  EXPECT_GT(mover.last_id, to.last_id);
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 1U);
  EXPECT_EQ(world.tell({test::sector("8")}, "{}").receivers, 2U);
}

TEST_F(Move, TakesAllDevices) {
  Client& phone = world.settled(BusWorld::row("u1", "7"));
  Client& tablet = world.settle(world.connect_device(BusWorld::row("u1", "7"), "tablet"));
  move("u1", to_sector("8"));
  EXPECT_THAT(phone.take_types(), ElementsAre("state_changed"));
  EXPECT_THAT(tablet.take_types(), ElementsAre("state_changed"));
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 0U);
  EXPECT_EQ(world.tell({test::sector("8")}, "{}").receivers, 2U);
}

TEST_F(Move, IntoNoSectorAndBack) {
  Client& other = world.settled(BusWorld::row("a", "7"));
  world.settled(BusWorld::row("u1", "7"));
  other.take();
  move("u1", to_sector(""));
  EXPECT_THAT(other.take_types(), ElementsAre("player_left_sector"));
  move("u1", to_sector("7"));
  EXPECT_THAT(other.take_types(), ElementsAre("player_entered_sector"));
}

TEST_F(Move, ToWhereOneIsChangesNothing) {
  Client& other = world.settled(BusWorld::row("a", "7"));
  Client& client = world.settled(BusWorld::row("u1", "7"));
  world.settle(client);
  EXPECT_TRUE(move("u1", to_sector("7")));
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_THAT(client.take(), IsEmpty());
}

TEST_F(Move, TeamsChangeWithoutBroadcast) {
  Client& old_team = world.settled(BusWorld::row("a", "1", "red"));
  Client& new_team = world.settled(BusWorld::row("b", "1", "blue"));
  Client& client = world.settled(BusWorld::row("u1", "2", "red"));
  MoveRow row;
  row.team_id = "blue";
  EXPECT_TRUE(move("u1", row));
  EXPECT_THAT(old_team.take(), IsEmpty());
  EXPECT_THAT(new_team.take(), IsEmpty());
  EXPECT_THAT(client.take_types(), ElementsAre("state_changed"));
  EXPECT_EQ(world.tell({test::team("red")}, "{}").receivers, 1U);
  EXPECT_EQ(world.tell({test::team("blue")}, "{}").receivers, 2U);
}

TEST_F(Move, AnotherRegionClosesAllSockets) {
  Client& other = world.settled(BusWorld::row("a", "7"));
  Client& phone = world.settled(BusWorld::row("u1", "7", "", "north"));
  Client& tablet = world.settle(world.connect_device(BusWorld::row("u1", "7", "", "north"), "tablet"));
  MoveRow row;
  row.region_id = "south";
  EXPECT_TRUE(move("u1", row));
  phone.take();
  tablet.take();
  EXPECT_EQ(phone.ended, 4009);
  EXPECT_EQ(tablet.ended, 4009);
  EXPECT_THAT(other.take_types(), ElementsAre("player_left_sector"));
  EXPECT_FALSE(move("u1", row)) << "nobody is there any more";
}

TEST_F(Move, NobodyIsNotMoved) { EXPECT_FALSE(move("u1", to_sector("8"))); }

TEST_F(Move, AnAdminsConsoleStaysOutsideOfTheWorld) {
  Client& other = world.settled(BusWorld::row("a", "7"));
  Client& boss = world.settle(world.connect_admin("boss"));
  EXPECT_TRUE(move("boss", to_sector("7")));
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_EQ(world.tell({test::sector("7")}, "{}").receivers, 1U);
  EXPECT_THAT(boss.take_types(), ElementsAre("state_changed"));
}

}  // namespace
}  // namespace matchbus::bus

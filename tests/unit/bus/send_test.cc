// Sends: to whom, once, in order, and in slices.
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

class Send : public testing::Test {
 protected:
  BusWorld world;
};

TEST_F(Send, ToEachKindOfRoom) {
  Client& one = world.connect(BusWorld::row("u1", "7", "red", "north"));
  Client& two = world.connect(BusWorld::row("u2", "8", "blue", "south"));
  Client& boss = world.connect_admin("boss");
  world.settle(one);
  EXPECT_EQ(world.tell({test::kGlobal}, R"({"type":"a"})").receivers, 3U);
  EXPECT_EQ(world.tell({test::sector("7")}, R"({"type":"b"})").receivers, 1U);
  EXPECT_EQ(world.tell({test::team("blue")}, R"({"type":"c"})").receivers, 1U);
  EXPECT_EQ(world.tell({test::region("north")}, R"({"type":"d"})").receivers, 1U);
  EXPECT_EQ(world.tell({test::personal("u2")}, R"({"type":"e"})").receivers, 1U);
  EXPECT_EQ(world.tell({Target{RoomKind::kAdmin, {}}}, R"({"type":"f"})").receivers, 1U);
  EXPECT_EQ(world.tell({test::sector("9")}, R"({"type":"g"})").receivers, 0U);
  EXPECT_THAT(one.take_types(), ElementsAre("a", "b", "d"));
  EXPECT_THAT(two.take_types(), ElementsAre("a", "c", "e"));
  EXPECT_THAT(boss.take_types(), ElementsAre("a", "f"));
}

TEST_F(Send, ExcludesAllSocketsOfAUser) {
  Client& phone = world.connect(BusWorld::row("u1"));
  Client& tablet = world.connect_device(BusWorld::row("u1"), "tablet");
  Client& other = world.settled(BusWorld::row("u2"));
  EXPECT_EQ(world.tell({test::sector("7")}, R"({"type":"x"})", "u1").receivers, 1U);
  EXPECT_THAT(phone.take(), IsEmpty());
  EXPECT_THAT(tablet.take(), IsEmpty());
  EXPECT_THAT(other.take_types(), ElementsAre("x"));
}

TEST_F(Send, SeveralRoomsGetOneEvent) {
  Client& both = world.connect(BusWorld::row("u1", "7"));
  Client& one = world.settled(BusWorld::row("u2", "8"));
  const Sent sent = world.tell({test::sector("7"), test::kGlobal, test::sector("7")}, R"({"type":"ship_destroyed"})");
  EXPECT_EQ(sent.receivers, 2U);
  EXPECT_THAT(both.take_types(), ElementsAre("ship_destroyed"));
  EXPECT_THAT(one.take_types(), ElementsAre("ship_destroyed"));
  EXPECT_EQ(both.last_id, sent.event_id);
  EXPECT_EQ(one.last_id, sent.event_id);
}

TEST_F(Send, PassesMessagesThroughButForTheEventId) {
  Client& client = world.settled(BusWorld::row("u1"));
  const Sent sent =
      world.tell({test::kGlobal}, R"({"a":[1,2.5,{"b":null}],"event_id":17,"type":"odd","é":"\n\u0001"})");
  EXPECT_THAT(client.take(), ElementsAre(R"({"a":[1,2.5,{"b":null}],"type":"odd","é":"\n\u0001"})"));
  EXPECT_EQ(client.last_id, sent.event_id);
  EXPECT_EQ(sent.event_id % 16, 0);
  world.tell({test::kGlobal}, "{}");
  EXPECT_THAT(client.take(), ElementsAre("{}"));
}

TEST_F(Send, IdsGrowFromSendToSendEvenWithoutReceivers) {
  const int64_t first = world.send({test::sector("1")}, "{}").event_id;
  const int64_t second = world.send({test::sector("1")}, "{}").event_id;
  world.clock.advance(1);
  const int64_t third = world.send({test::sector("1")}, "{}").event_id;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(Send, ALargeRoomIsServedInSlicesAndInOrder) {
  world.options.slice_us = 0;
  world.bus.reset();
  world.bus = Bus::create(world.loop, *world.context, world.broker, world.options);
  constexpr int kClients = 300;
  for (int i = 0; i < kClients; ++i) world.connect(BusWorld::row("u" + std::to_string(i), ""));
  while (world.bus->stats().queued != 0) world.turn();
  world.settle(world.clients.front());
  const uint64_t slices = world.bus->stats().slices;
  world.send({test::kGlobal}, R"({"type":"a"})");
  uv_run(world.loop.uv(), UV_RUN_NOWAIT);
  EXPECT_GT(world.bus->stats().queued, 0U);
  world.send({test::kGlobal}, R"({"type":"b"})");
  while (world.bus->stats().queued != 0) world.turn();
  EXPECT_GT(world.bus->stats().slices, slices + 10);
  for (Client& client : world.clients) EXPECT_THAT(client.take_types(), ElementsAre("a", "b"));
}

TEST_F(Send, ABusMayGoWhileASliceIsDue) {
  world.connect(BusWorld::row("u1"));
  world.send({test::kGlobal}, "{}");
  world.bus.reset();
  world.turn();
}

TEST_F(Send, LongMessagesAreCompressedForThoseWhoTakeIt) {
  Client& plain = world.connect(BusWorld::row("u1"));
  world.extensions = "permessage-deflate";
  Client& squeezed = world.connect(BusWorld::row("u2"));
  Client& also = world.connect(BusWorld::row("u3"));
  world.settle(plain);
  const std::string text = R"({"type":"x","text":")" + std::string(5'000, 'a') + "\"}";
  world.tell({test::kGlobal}, text);
  EXPECT_LT(squeezed.stream.written.size(), 200U);
  EXPECT_THAT(plain.take(), ElementsAre(text));
  EXPECT_THAT(squeezed.take(), ElementsAre(text));
  EXPECT_THAT(also.take(), ElementsAre(text));
}

}  // namespace
}  // namespace matchbus::bus

// Slow peers: what waits for them is bounded, in the right order of importance, and nobody else notices.
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

class Pressure : public testing::Test {
 protected:
  static BusOptions options() {
    BusOptions options;
    options.max_queue_messages = 4;
    options.max_queue_bytes = 10'000;
    return options;
  }
  // A client whose peer takes nothing, which the bus knows.
  Client& stuck(const std::string& user) {
    Client& client = world.settled(BusWorld::row(user, ""));
    client.stream.accept = 0;
    world.tell({test::personal(user)}, R"({"type":"first"})");
    return client;
  }
  void send(std::string_view type, MessageClass message_class = MessageClass::kNormal, size_t padding = 0) {
    world.tell({test::kGlobal}, R"({"type":")" + std::string(type) + R"(","x":")" + std::string(padding, 'x') + "\"}",
               {}, message_class);
  }
  Texts drain(Client& client) {
    client.stream.drain();
    world.turn();
    return client.take_types();
  }
  BusWorld world{options()};
};

TEST_F(Pressure, WithinTheBoundNothingIsLost) {
  Client& slow = stuck("u1");
  for (const char* type : {"a", "b", "c", "d"}) send(type, MessageClass::kCosmetic);
  EXPECT_THAT(drain(slow), ElementsAre("first", "a", "b", "c", "d"));
  EXPECT_EQ(world.bus->stats().queued, 0U);
}

TEST_F(Pressure, CosmeticMessagesGoFirstTheOldestFirst) {
  Client& slow = stuck("u1");
  send("a");
  send("chat 1", MessageClass::kCosmetic);
  send("b", MessageClass::kCritical);
  send("chat 2", MessageClass::kCosmetic);
  send("c");
  send("d");
  EXPECT_THAT(drain(slow), ElementsAre("first", "a", "b", "c", "d"));
  EXPECT_EQ(world.bus->stats().dropped, 2U);
  EXPECT_EQ(world.bus->stats().overflows, 0U);
}

TEST_F(Pressure, TheNewestMayBeTheOneThatGoes) {
  Client& slow = stuck("u1");
  for (const char* type : {"a", "b", "c", "d"}) send(type);
  send("chat", MessageClass::kCosmetic);
  EXPECT_THAT(drain(slow), ElementsAre("first", "a", "b", "c", "d"));
}

TEST_F(Pressure, WhenThatIsNotEnoughTheQueueIsClearedOnce) {
  Client& fast = world.settled(BusWorld::row("u2", ""));
  Client& slow = stuck("u1");
  for (const char* type : {"a", "b", "c", "d", "e", "f"}) send(type);
  EXPECT_THAT(drain(slow), ElementsAre("first", "state_resync", "f"));
  EXPECT_THAT(fast.take_types(), ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_EQ(world.bus->stats().overflows, 1U);
  EXPECT_EQ(world.bus->stats().resyncs, 1U);
}

TEST_F(Pressure, AnOverflowBetweenTwoRoomsOfOneEvent) {
  Client& slow = world.settled(BusWorld::row("u1", "7"));
  slow.stream.accept = 0;
  world.tell({test::kGlobal}, R"({"type":"first"})");
  for (int i = 0; i < 4; ++i) world.tell({test::kGlobal}, R"({"type":"a"})");
  world.tell({test::sector("7"), test::kGlobal, test::personal("u1")}, R"({"type":"both"})");
  EXPECT_THAT(drain(slow), ElementsAre("first", "state_resync"));
}

TEST_F(Pressure, BytesCountTooWithThoseOfTheConnection) {
  Client& slow = stuck("u1");
  send("a", MessageClass::kNormal, 4'000);
  send("b", MessageClass::kNormal, 4'000);
  send("c", MessageClass::kNormal, 4'000);
  EXPECT_THAT(drain(slow), ElementsAre("first", "state_resync"));
  slow.stream.accept = 0;
  send("large", MessageClass::kNormal, 9'950);
  send("small");
  send("another");
  EXPECT_THAT(drain(slow), ElementsAre("large", "state_resync"));
}

TEST_F(Pressure, OneMessageOverTheBoundIsDelivered) {
  Client& client = world.settled(BusWorld::row("u1", ""));
  send("large", MessageClass::kNormal, 50'000);
  EXPECT_THAT(client.take_types(), ElementsAre("large"));
}

TEST_F(Pressure, ManyMessagesInOneTurnAreNotTooMuchForAFastPeer) {
  Client& client = world.settled(BusWorld::row("u1", ""));
  for (int i = 0; i < 100; ++i) world.send({test::kGlobal}, R"({"type":"a"})");
  world.turn();
  EXPECT_EQ(client.take().size(), 100U);
  EXPECT_EQ(world.bus->stats().overflows, 0U);
}

TEST_F(Pressure, ReplayedMessagesDoNotCount) {
  Client& client = world.settled(BusWorld::row("u1", ""));
  client.drop();
  world.turn();
  for (int i = 0; i < 20; ++i) send("a");
  Client& back = world.come_back(BusWorld::row("u1", ""), client.last_id);
  EXPECT_EQ(back.take().size(), 21U);
  EXPECT_EQ(world.bus->stats().overflows, 0U);
}

TEST_F(Pressure, WhoTakesNothingForTooLongIsClosed) {
  Client& dead = stuck("u1");
  Client& slow = stuck("u2");
  for (int i = 0; i < 29; ++i) {
    world.advance(1'000);
    if (i % 10 == 5) slow.stream.held.erase(0, 1);  // takes a byte now and then
  }
  EXPECT_EQ(world.bus->stats().sockets, 2U);
  world.advance(3'000);
  EXPECT_EQ(world.bus->stats().sockets, 1U);
  EXPECT_EQ(world.bus->stats().stalled, 1U);
  dead.stream.drain();
  dead.take();
  EXPECT_EQ(dead.ended, 1013);
  EXPECT_FALSE(slow.ended);
}

TEST_F(Pressure, WhoDrainsInTimeIsNotClosed) {
  Client& client = stuck("u1");
  world.advance(20'000);
  drain(client);
  client.stream.accept = 0;
  send("a");
  world.advance(20'000);
  EXPECT_EQ(world.bus->stats().stalled, 0U);
  EXPECT_THAT(drain(client), ElementsAre("a"));
}

TEST_F(Pressure, PongsAndClosesAreNotHeldBackByTheQueue) {
  Client& slow = stuck("u1");
  send("a");
  slow.stream.feed(test::encode({.opcode = 9, .payload = "ping"}));
  world.bus->disconnect("u1", {}, 4321, "out");
  slow.stream.drain();
  const auto frames = test::decode_frames(slow.stream.written);
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1].opcode, 10);
  EXPECT_EQ(frames[2].opcode, 8);
  EXPECT_EQ(world.bus->stats().queued, 0U);
}

}  // namespace
}  // namespace matchbus::bus

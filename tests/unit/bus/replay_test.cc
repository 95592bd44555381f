// Coming back: exactly what was missed, or word that it cannot be had.
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

class Replay : public testing::Test {
 protected:
  explicit Replay(BusOptions options = {}) : world(options) {}

  // The connection of a client breaks.
  void lose(Client& client) {
    client.drop();
    world.turn();
  }
  // Why a client that comes back with this position is told to fetch the state; "" if it is not.
  std::string reason(const PlayerRow& who, const std::string& last_event_id) {
    for (const std::string& text : world.come_back(who, last_event_id).take()) {
      if (Parsed(text).text("type") == "state_resync") return Parsed(text).text("reason");
    }
    return "";
  }
  static bool is_recovered(const std::string& connected) {
    return Parsed(connected).root()["recovered"].boolean().value_or(false);
  }

  const PlayerRow row = BusWorld::row("u1", "7", "red");
  BusWorld world;
};

TEST_F(Replay, WhatWasMissedComesInOrderAndBeforeWhatIsNew) {
  Client& other = world.settled(BusWorld::row("u2", "7", "red"));
  Client& client = world.settled(row);
  world.tell({test::kGlobal}, R"({"type":"seen"})");
  client.take();
  lose(client);
  world.tell({test::sector("7")}, R"({"type":"a"})");
  world.tell({test::personal("u1")}, R"({"type":"b"})");
  world.tell({test::team("red"), test::kGlobal}, R"({"type":"c"})");
  world.tell({test::sector("8")}, R"({"type":"not mine"})");
  world.tell({test::sector("7")}, R"({"type":"not me"})", "u1");
  Client& back = world.come_back(row, client.last_id);
  world.tell({test::kGlobal}, R"({"type":"new"})");
  back.last_id = client.last_id;
  const Texts texts = back.take();
  ASSERT_EQ(texts.size(), 5U);
  EXPECT_TRUE(is_recovered(texts[0]));
  EXPECT_EQ(back.ids[0], client.last_id + 1) << "`connected` stands before what is sent again";
  EXPECT_THAT(Texts(texts.begin() + 1, texts.end()),
              ElementsAre(R"({"type":"a"})", R"({"type":"b"})", R"({"type":"c"})", R"({"type":"new"})"));
  EXPECT_THAT(other.take_types(),
              ElementsAre("seen", "player_left_sector", "a", "c", "not me", "player_entered_sector", "new"));
  EXPECT_EQ(world.bus->stats().recovered, 1U);
  EXPECT_EQ(world.bus->stats().replayed, 3U);
}

TEST_F(Replay, WhatWasLostOnTheWayIsMissedToo) {
  Client& client = world.settled(row);
  const int64_t known = world.tell({test::kGlobal}, R"({"type":"a"})").event_id;
  client.stream.accept = 0;
  world.tell({test::kGlobal}, R"({"type":"b"})");
  world.tell({test::kGlobal}, R"({"type":"c"})");
  lose(client);
  EXPECT_THAT(world.come_back(row, known).take_types(), ElementsAre("connected", "b", "c"));
}

TEST_F(Replay, NothingMissedIsRecoveredToo) {
  Client& client = world.settled(row);
  lose(client);
  Client& back = world.come_back(row, client.last_id);
  back.last_id = client.last_id;
  const Texts texts = back.take();
  ASSERT_EQ(texts.size(), 1U);
  EXPECT_TRUE(is_recovered(texts[0]));
}

TEST_F(Replay, AgainAndAgainWhileTheReplayIsLost) {
  Client& client = world.settled(row);
  lose(client);
  world.tell({test::kGlobal}, R"({"type":"a"})");
  int64_t position = client.last_id;
  for (int i = 0; i < 40; ++i) {
    Client& back = world.come_back(row, position);
    EXPECT_THAT(back.take_types(), ElementsAre("connected", "a"));
    position = back.ids[0];  // no more than `connected` got through
    EXPECT_LT(position, back.ids[1]);
    lose(back);
  }
}

TEST_F(Replay, TopicsComeBackWithTheClient) {
  Client& client = world.settled(row);
  client.say(R"({"type":"subscribe","topics":["market:ore","aria"]})");
  world.turn();
  client.take();
  lose(client);
  world.tell({test::topic("market:ore")}, R"({"type":"a"})");
  world.tell({test::topic("aria:u1")}, R"({"type":"b"})");
  world.tell({test::topic("aria:u2")}, R"({"type":"c"})");
  Client& back = world.come_back(row, client.last_id);
  const Texts texts = back.take();
  EXPECT_EQ(test::to_text(Parsed(texts.at(0)).root()["your_state"]["topics"]), R"(["market:ore","aria"])");
  EXPECT_EQ(texts.size(), 3U);
  EXPECT_EQ(world.tell({test::topic("market:ore")}, "{}").receivers, 1U);
  EXPECT_EQ(world.bus->stats().subscriptions, 2U);
}

TEST_F(Replay, OnlyRoomsThatTheRowStillAllows) {
  Client& client = world.settled(row);
  lose(client);
  world.tell({test::sector("7")}, R"({"type":"old sector"})");
  world.tell({test::sector("8")}, R"({"type":"new sector"})");
  world.tell({test::team("red")}, R"({"type":"team"})");
  EXPECT_THAT(world.come_back(BusWorld::row("u1", "8", "red"), client.last_id).take_types(),
              ElementsAre("connected", "team"));
}

TEST_F(Replay, AnAdminsTopicDoesNotComeBackToAPlayer) {
  PlayerRow admin = BusWorld::admin_row("u1");
  Client& client = world.settled(admin);
  client.say(R"({"type":"subscribe","topics":["admin:audit"]})");
  world.turn();
  client.take();
  lose(client);
  world.tell({test::topic("admin:audit")}, R"({"type":"secret"})");
  Client& back = world.come_back(BusWorld::row("u1", ""), client.last_id);
  EXPECT_THAT(back.take_types(), ElementsAre("connected"));
  EXPECT_EQ(world.tell({test::topic("admin:audit")}, "{}").receivers, 0U);
}

TEST_F(Replay, NotWhatWasSentBeforeTheRoomWasEntered) {
  Client& other = world.settled(BusWorld::row("u2", "8"));
  Client& client = world.settled(row);
  const int64_t early = client.last_id;
  world.tell({test::sector("8")}, R"({"type":"before"})");
  MoveRow to;
  to.sector_id = "8";
  world.bus->move("u1", to);
  world.tell({test::sector("8")}, R"({"type":"after"})");
  lose(client);
  EXPECT_THAT(world.come_back(BusWorld::row("u1", "8", "red"), early).take_types(), ElementsAre("connected", "after"));
  other.take();
}

TEST_F(Replay, ADeviceGetsItsOwnRoomsBack) {
  world.connect_device(row, "tablet");
  Client& phone = world.settled(row);
  phone.say(R"({"type":"subscribe","topics":["market:ore"]})");
  world.turn();
  phone.take();
  lose(phone);
  EXPECT_EQ(reason(row, "1"), "too_old");
  Client& back = world.come_back(row, std::to_string(phone.last_id), "other device");
  EXPECT_THAT(back.take_types(), ElementsAre("connected", "state_resync"));
}

TEST_F(Replay, SupersedingKeepsWhatTheOldSocketHeld) {
  Client& old = world.settled(row);
  old.say(R"({"type":"subscribe","topics":["market:ore"]})");
  world.turn();
  old.take();
  old.stream.accept = 0;
  world.tell({test::topic("market:ore")}, R"({"type":"lost"})");
  EXPECT_THAT(world.come_back(row, old.last_id).take_types(), ElementsAre("connected", "lost"));
}

TEST_F(Replay, WithoutAPositionNothingIsReplayedAndNothingSaid) {
  Client& client = world.settled(row);
  lose(client);
  world.tell({test::kGlobal}, R"({"type":"a"})");
  EXPECT_THAT(world.connect(row).take_types(), ElementsAre("connected"));
}

TEST_F(Replay, APositionBeforeAResyncThatWasNeverHeardOf) {
  Client& client = world.settled(row);
  lose(client);
  const int64_t old = client.last_id;
  world.tell({test::kGlobal}, R"({"type":"missed"})");
  lose(world.connect(row));  // comes without a position, and is gone before it hears anything
  const Texts texts = world.come_back(row, old).take();
  EXPECT_FALSE(is_recovered(texts.at(0)));
  EXPECT_EQ(texts.at(1), R"({"type":"state_resync","reason":"unknown_position"})");
}

TEST_F(Replay, PositionsThatCannotBe) {
  Client& client = world.settled(row);
  lose(client);
  const int64_t last = client.last_id;
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("-1"), std::to_string(last) + " ", std::to_string(last) + ".5",
        std::string("99999999999999999999"), std::to_string(last + 1'000'000'000'000)}) {
    EXPECT_EQ(reason(row, text), "unknown_position") << text;
  }
  const PlayerRow stranger = BusWorld::row("stranger");
  EXPECT_EQ(reason(stranger, std::to_string(last)), "unknown_position");
}

TEST_F(Replay, PositionsThatAreTooOld) {
  Client& client = world.settled(row);
  const std::string last = std::to_string(client.last_id);
  lose(client);
  world.advance(60'000);
  EXPECT_EQ(reason(row, last), "");
  world.advance(1'000);
  EXPECT_EQ(reason(row, last), "too_old");
}

TEST_F(Replay, PositionsOfTheProcessBefore) {
  Client& client = world.settled(row);
  const std::string last = std::to_string(client.last_id);
  world.bus.reset();
  world.turn();
  world.advance(1'000);
  world.bus = Bus::create(world.loop, *world.context, world.broker, world.options);
  Client& back = world.come_back(row, last);
  back.last_id = client.last_id;
  EXPECT_THAT(back.take(), testing::Contains(R"({"type":"state_resync","reason":"server_restart"})"));
  EXPECT_FALSE(world.bus->stats().recovered);
}

TEST_F(Replay, EventsAndDeparturesAreForgotten) {
  Client& client = world.settled(row);
  client.say(R"({"type":"subscribe","topics":["market:ore"]})");
  lose(client);
  for (int i = 0; i < 10; ++i) world.tell({test::topic("market:ore")}, R"({"type":"a"})");
  EXPECT_GE(world.bus->stats().replay_events, 10U);
  EXPECT_EQ(world.bus->stats().departures, 1U);
  world.advance(80'000);
  EXPECT_EQ(world.bus->stats().replay_events, 0U);
  EXPECT_EQ(world.bus->stats().replay_bytes, 0U);
  EXPECT_EQ(world.bus->stats().departures, 0U);
  EXPECT_EQ(world.bus->stats().rooms, 0U);
}

TEST_F(Replay, EventsForNobodyAreNotKept) {
  world.tell({test::sector("7")}, R"({"type":"a"})");
  EXPECT_EQ(world.bus->stats().replay_events, 0U);
  EXPECT_EQ(world.bus->stats().rooms, 0U);
}

class ShortReplay : public Replay {
 protected:
  static BusOptions options() {
    BusOptions options;
    options.replay_events = 5;
    options.replay_bytes = 1'000;
    options.max_departures = 2;
    return options;
  }
  ShortReplay() : Replay(options()) {}
};

TEST_F(ShortReplay, MoreEventsThanAreKept) {
  Client& client = world.settled(row);
  lose(client);
  const int64_t last = client.last_id;
  for (int i = 0; i < 5; ++i) world.tell({test::kGlobal}, R"({"type":"a"})");
  EXPECT_EQ(reason(row, std::to_string(last)), "overflow");
  EXPECT_EQ(world.bus->stats().replay_events, 5U);
}

TEST_F(ShortReplay, MoreBytesThanAreKept) {
  Client& client = world.settled(row);
  const int64_t last = client.last_id;
  lose(client);
  for (int i = 0; i < 2; ++i) world.tell({test::kGlobal}, R"({"type":")" + std::string(700, 'a') + "\"}");
  EXPECT_EQ(world.bus->stats().replay_events, 1U);
  EXPECT_LE(world.bus->stats().replay_bytes, 1'000U);
  EXPECT_EQ(reason(row, std::to_string(last)), "overflow");
}

class ManyDevices : public Replay {
 protected:
  static BusOptions options() {
    BusOptions options;
    options.max_departures = 4;
    options.max_user_departures = 2;
    return options;
  }
  ManyDevices() : Replay(options()) {}
};

TEST_F(ManyDevices, PushOutTheOldestOfTheirUserAndNobodyElse) {
  Client& other = world.settled(BusWorld::row("u2", ""));
  const int64_t last = other.last_id;
  lose(other);
  for (const char* device : {"a", "b", "c", "d", "e"}) lose(world.settle(world.connect_device(row, device)));
  EXPECT_EQ(world.bus->stats().departures, 3U);
  EXPECT_EQ(reason(BusWorld::row("u2", ""), std::to_string(last)), "");
}

TEST_F(ShortReplay, MoreDeparturesThanAreKept) {
  std::vector<int64_t> last;
  for (const char* user : {"u1", "u2", "u3"}) {
    Client& client = world.settled(BusWorld::row(user, ""));
    last.push_back(client.last_id);
    lose(client);
  }
  EXPECT_EQ(world.bus->stats().departures, 2U);
  EXPECT_EQ(reason(BusWorld::row("u1", ""), std::to_string(last[0])), "unknown_position");
  EXPECT_EQ(reason(BusWorld::row("u2", ""), std::to_string(last[1])), "");
}

}  // namespace
}  // namespace matchbus::bus

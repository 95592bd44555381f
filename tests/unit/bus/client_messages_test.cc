// What clients say and what they are answered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "unit/bus/bus_world.h"

namespace matchbus::bus {
namespace {

using test::BusWorld;
using test::Client;
using test::Parsed;
using test::Texts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ClientSays : public testing::Test {
 protected:
  explicit ClientSays(BusOptions options = {}) : world(options) {}

  // What the client gets for saying this.
  Texts say(Client& client, std::string_view text) {
    client.say(text);
    world.turn();
    return client.take();
  }
  std::string error(Client& client, std::string_view text) {
    const Texts texts = say(client, text);
    if (texts.size() != 1) return "no error: " + std::to_string(texts.size());
    return Parsed(texts[0]).text("type") == "error" ? Parsed(texts[0]).text("code") : texts[0];
  }

  BusWorld world;
};

TEST_F(ClientSays, Heartbeats) {
  Client& client = world.settled(BusWorld::row("u1"));
  world.advance(1'500);
  EXPECT_THAT(say(client, R"({"type":"heartbeat"})"),
              ElementsAre(R"({"type":"heartbeat_ack","server_time":"2023-11-14T22:13:21.500Z"})"));
  Client& boss = world.settle(world.connect_admin("boss"));
  EXPECT_THAT(say(boss, R"({"type":"heartbeat"})"),
              ElementsAre(R"({"type":"pong","server_time":"2023-11-14T22:13:21.500Z"})"));
}

TEST_F(ClientSays, WhatIsNoMessage) {
  Client& client = world.settled(BusWorld::row("u1"));
  for (const char* text : {"", "x", "{", "[]", "7", "null", "{}", R"({"type":7})", R"({"type":null})",
                           R"({"Type":"heartbeat"})", R"([{"type":"heartbeat"}])"}) {
    EXPECT_EQ(error(client, text), "bad_message") << text;
  }
  client.say_binary(R"({"type":"heartbeat"})");
  world.turn();
  EXPECT_THAT(client.take_types(), ElementsAre("error"));
  EXPECT_EQ(error(client, R"({"type":"conquer"})"), "unknown_type");
  EXPECT_EQ(error(client, R"({"type":""})"), "unknown_type");
  EXPECT_EQ(world.bus->stats().refused, 14U);
}

TEST_F(ClientSays, ChatToTheSector) {
  Client& near = world.settled(BusWorld::row("u2", "7"));
  Client& far = world.settled(BusWorld::row("u3", "8"));
  Client& client = world.settled(BusWorld::row("u1", "7"));
  world.settle(client);
  EXPECT_THAT(say(client, R"({"type":"chat_message","target_type":"sector","content":"hé\n"})"), IsEmpty());
  EXPECT_THAT(near.take(),
              ElementsAre(R"({"type":"chat_message","from_user_id":"u1","from_username":"name of u1","content":"hé\n",)"
                          R"("target_type":"sector","channel":"sector","sender_id":"u1","sender_name":"name of u1",)"
                          R"("body":"hé\n","timestamp":"2023-11-14T22:13:20.000Z"})"));
  EXPECT_THAT(far.take(), IsEmpty());
}

TEST_F(ClientSays, ChatToTheTeamAndToAll) {
  Client& mate = world.settled(BusWorld::row("u2", "1", "red"));
  Client& stranger = world.settled(BusWorld::row("u3", "2"));
  Client& client = world.settled(BusWorld::row("u1", "3", "red"));
  world.settle(client);
  say(client, R"({"type":"chat_message","target_type":"team","content":"a"})");
  say(client, R"({"type":"chat_message","target_type":"global","content":"b"})");
  EXPECT_EQ(mate.take().size(), 2U);
  EXPECT_EQ(stranger.take().size(), 1U);
  EXPECT_EQ(error(stranger, R"({"type":"chat_message","target_type":"team","content":"a"})"), "no_such_room");
  EXPECT_EQ(error(stranger, R"({"type":"chat_message","target_type":"galaxy","content":"a"})"), "bad_message");
}

TEST_F(ClientSays, ChatInPrivate) {
  Client& target = world.settled(BusWorld::row("u2", "1"));
  Client& other = world.settled(BusWorld::row("u3", "1"));
  Client& client = world.settled(BusWorld::row("u1", "2"));
  const Texts echo =
      say(client, R"({"type":"chat_message","target_type":"private","content":"a","target_user_id":"u2"})");
  ASSERT_EQ(echo.size(), 1U);
  EXPECT_EQ(Parsed(echo[0]).text("channel"), "private");
  EXPECT_EQ(target.take(), echo);
  EXPECT_THAT(other.take(), IsEmpty());
  EXPECT_EQ(error(client, R"({"type":"chat_message","target_type":"private","content":"a","target_user_id":"u9"})"),
            "recipient_offline");
  EXPECT_EQ(error(client, R"({"type":"chat_message","target_type":"private","content":"a"})"), "bad_message");
}

TEST_F(ClientSays, ChatOfNothingOrTooMuch) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& client = world.settled(BusWorld::row("u1"));
  world.settle(client);
  const auto chat = [](const std::string& content) {
    return R"({"type":"chat_message","target_type":"sector","content":")" + content + "\"}";
  };
  EXPECT_THAT(say(client, chat("")), IsEmpty());
  EXPECT_THAT(other.take(), IsEmpty());
  std::string longest;
  for (int i = 0; i < 2'000; ++i) longest += "é";
  EXPECT_THAT(say(client, chat(longest)), IsEmpty());
  EXPECT_EQ(other.take().size(), 1U);
  EXPECT_EQ(error(client, chat(longest + "é")), "too_long");
  EXPECT_EQ(error(client, R"({"type":"chat_message","target_type":"sector"})"), "bad_message");
  EXPECT_THAT(other.take(), IsEmpty());
}

class ClientSaysAtMost : public ClientSays {
 protected:
  static BusOptions options() {
    BusOptions options;
    options.max_chats_per_second = 2;
    options.max_chat_burst = 5;
    return options;
  }
  ClientSaysAtMost() : ClientSays(options()) {}
  std::string chat(Client& client, std::string_view channel = "sector") {
    std::string text = R"({"type":"chat_message","target_type":")";
    const Texts texts = say(client, text.append(channel).append(R"(","content":"x"})"));
    return texts.empty() ? "" : Parsed(texts[0]).text("code");
  }
};

TEST_F(ClientSaysAtMost, SoMuchChat) {
  Client& other = world.settled(BusWorld::row("u2"));
  Client& client = world.settled(BusWorld::row("u1"));
  other.take();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(chat(client), "") << i;
  EXPECT_EQ(chat(client), "rate_limited");
  EXPECT_EQ(other.take().size(), 5U);
  EXPECT_EQ(world.bus->stats().refused, 1U);
  EXPECT_EQ(say(client, R"({"type":"heartbeat"})").size(), 1U) << "chat only";
  EXPECT_EQ(chat(other), "") << "one user only";
  client.take();
  world.advance(1'000);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(chat(client), "") << i;
  for (int i = 0; i < 300; ++i) EXPECT_EQ(chat(client), "rate_limited") << "nor closed";
  EXPECT_FALSE(client.ended);
}

TEST_F(ClientSaysAtMost, SoMuchChatFromAllSocketsOfAUser) {
  Client& pad = world.settle(world.connect_device(BusWorld::row("u1"), "pad"));
  Client& phone = world.settle(world.connect_device(BusWorld::row("u1"), "phone"));
  for (int i = 0; i < 4; ++i) EXPECT_EQ(chat(i % 2 == 0 ? pad : phone, "global"), "") << i;
  EXPECT_EQ(chat(pad, "team"), "no_such_room") << "does not count";
  EXPECT_EQ(chat(pad), "");
  EXPECT_EQ(chat(phone), "rate_limited");
  pad.drop();
  phone.drop();
  world.turn();
  EXPECT_EQ(chat(world.settled(BusWorld::row("u1"))), "rate_limited") << "who comes again has no more";
}

TEST_F(ClientSays, WhoIsAround) {
  world.connect(BusWorld::row("u2", "7", "red"));
  world.connect(BusWorld::row("u3", "8", "red"));
  Client& client = world.settled(BusWorld::row("u1", "7"));
  world.advance(1'000);
  say(client, R"({"type":"heartbeat"})");
  EXPECT_THAT(
      say(client, R"({"type":"request_sector_players"})"),
      ElementsAre(R"({"type":"sector_players","sector_id":"7","players":[{"user_id":"u2","username":"name of u2",)"
                  R"("connected_at":"2023-11-14T22:13:20.000Z","last_heartbeat":"2023-11-14T22:13:20.000Z"},)"
                  R"({"user_id":"u1","username":"name of u1","connected_at":"2023-11-14T22:13:20.000Z",)"
                  R"("last_heartbeat":"2023-11-14T22:13:21.000Z"}],"count":2})"));
  EXPECT_THAT(say(client, R"({"type":"request_team_players"})"),
              ElementsAre(R"({"type":"team_players","team_id":null,"players":[],"count":0})"));
}

TEST_F(ClientSays, AdminsAskForStatsAndBroadcast) {
  Client& player = world.settled(BusWorld::row("u1", "7"));
  Client& boss = world.settle(world.connect_admin("boss"));
  const Texts stats = say(boss, R"({"type":"request_stats"})");
  ASSERT_EQ(stats.size(), 1U);
  EXPECT_EQ(Parsed(stats[0]).text("type"), "system:stats");
  EXPECT_EQ(Parsed(stats[0]).root()["stats"]["sockets"].integer(0, 9), 2);
  say(boss, R"({"type":"broadcast","target_type":"sector","target_id":"7","content":"hear","priority":"high"})");
  EXPECT_THAT(player.take(),
              ElementsAre(R"({"type":"admin_broadcast","target_type":"sector","target_id":"7","content":"hear",)"
                          R"("priority":"high","sender_name":"name of boss","timestamp":"2023-11-14T22:13:20.000Z"})"));
  EXPECT_EQ(say(boss, R"({"type":"broadcast","target_type":"global","content":"all"})").size(), 1U);
  EXPECT_EQ(player.take().size(), 1U);
  EXPECT_EQ(error(boss, R"({"type":"broadcast","target_type":"sector","content":"x"})"), "bad_message");
  EXPECT_EQ(error(boss, R"({"type":"broadcast","target_type":"global"})"), "bad_message");
  EXPECT_EQ(error(player, R"({"type":"request_stats"})"), "forbidden");
  EXPECT_EQ(error(player, R"({"type":"broadcast","target_type":"global","content":"x"})"), "forbidden");
}

TEST_F(ClientSays, Subscriptions) {
  Client& client = world.settled(BusWorld::row("u1"));
  EXPECT_THAT(say(client, R"({"type":"subscribe","topics":["market:ore","market:station:5","combat:9","aria"]})"),
              ElementsAre(R"({"type":"subscribed","topics":["market:ore","market:station:5","combat:9","aria"]})"));
  EXPECT_EQ(world.tell({test::topic("market:station:5")}, R"({"type":"x"})").receivers, 1U);
  EXPECT_TRUE(world.bus->has_subscribers("combat:9"));
  EXPECT_THAT(client.take_types(), ElementsAre("x"));
  EXPECT_THAT(say(client, R"({"type":"unsubscribe","topics":["combat:9","market:gold"]})"),
              ElementsAre(R"({"type":"unsubscribed","topics":["combat:9","market:gold"]})"));
  EXPECT_FALSE(world.bus->has_subscribers("combat:9"));
  EXPECT_THAT(say(client, R"({"type":"subscribe_topic","topic":"match:abc"})"),
              ElementsAre(R"({"type":"topic_subscribed","topic":"match:abc"})"));
  EXPECT_THAT(say(client, R"({"type":"unsubscribe_topic","topic":"match:abc"})"),
              ElementsAre(R"({"type":"topic_unsubscribed","topic":"match:abc"})"));
  EXPECT_EQ(world.bus->stats().subscriptions, 3U);
}

TEST_F(ClientSays, ASecondSubscriptionIsTheFirst) {
  Client& client = world.settled(BusWorld::row("u1"));
  say(client, R"({"type":"subscribe","topics":["market:ore","market:ore"]})");
  EXPECT_THAT(say(client, R"({"type":"subscribe_topic","topic":"market:ore"})").size(), 1U);
  EXPECT_EQ(world.tell({test::topic("market:ore")}, "{}").receivers, 1U);
  EXPECT_EQ(client.take().size(), 1U);
}

TEST_F(ClientSays, AriaIsEachUsersOwn) {
  Client& one = world.settled(BusWorld::row("u1"));
  Client& two = world.settled(BusWorld::row("u2"));
  say(one, R"({"type":"subscribe","topics":["aria"]})");
  say(two, R"({"type":"subscribe","topics":["aria"]})");
  world.settle(one);
  EXPECT_EQ(world.tell({test::topic("aria:u1")}, R"({"type":"x"})").receivers, 1U);
  EXPECT_THAT(one.take_types(), ElementsAre("x"));
  EXPECT_EQ(error(two, R"({"type":"subscribe_topic","topic":"aria:u1"})"),
            R"({"type":"subscription_rejected","topic":"aria:u1","reason":"unknown_topic","current_count":1})");
}

TEST_F(ClientSays, RejectedTopicsDoNotKeepTheOthersOut) {
  Client& client = world.settled(BusWorld::row("u1"));
  const std::string longest = "market:" + std::string(121, 'x');
  EXPECT_THAT(
      say(client, R"({"type":"subscribe","topics":["weather","market:","admin","admin:log",")" + longest +
                      R"(","market:ore",")" + longest + R"(y"]})"),
      ElementsAre(R"({"type":"subscription_rejected","topic":"weather","reason":"unknown_topic","current_count":0})",
                  R"({"type":"subscription_rejected","topic":"market:","reason":"unknown_topic","current_count":0})",
                  R"({"type":"subscription_rejected","topic":"admin","reason":"forbidden","current_count":0})",
                  R"({"type":"subscription_rejected","topic":"admin:log","reason":"forbidden","current_count":0})",
                  R"({"type":"subscription_rejected","topic":")" + longest +
                      R"(y","reason":"name_too_long","current_count":2})",
                  R"({"type":"subscribed","topics":[")" + longest + R"(","market:ore"]})"));
  EXPECT_THAT(say(client, R"({"type":"subscribe","topics":["weather"]})").size(), 1U);
  for (const char* text : {R"({"type":"subscribe"})", R"({"type":"subscribe","topics":"market:ore"})",
                           R"({"type":"subscribe","topics":["market:ore",7]})", R"({"type":"unsubscribe","topics":{}})",
                           R"({"type":"subscribe_topic"})", R"({"type":"unsubscribe_topic","topic":1})"}) {
    EXPECT_EQ(error(client, text), "bad_message") << text;
  }
}

TEST_F(ClientSays, FiftyTopicsAreEnough) {
  Client& client = world.settled(BusWorld::row("u1"));
  std::string list;
  for (int i = 0; i < 52; ++i) list += (i == 0 ? "\"market:" : ",\"market:") + std::to_string(i) + "\"";
  EXPECT_THAT(say(client, R"({"type":"subscribe","topics":[)" + list + "]}"),
              ElementsAre(HasSubstr(R"("market:50","reason":"too_many_topics","current_count":50)"),
                          HasSubstr(R"("market:51","reason":"too_many_topics","current_count":50)"),
                          HasSubstr(R"("subscribed")")));
  EXPECT_THAT(say(client, R"({"type":"subscribe_topic","topic":"market:7"})"), ElementsAre(HasSubstr("subscribed")));
  say(client, R"({"type":"unsubscribe_topic","topic":"market:7"})");
  EXPECT_THAT(say(client, R"({"type":"subscribe_topic","topic":"market:50"})"), ElementsAre(HasSubstr("subscribed")));
  for (int i = 0; i < 60; ++i) list += ",\"x\"";
  EXPECT_EQ(error(client, R"({"type":"subscribe","topics":[)" + list + "]}"), "bad_message");
}

// Notes the commands and lets the test answer them.
class Backend final : public Commands {
 public:
  bool configured() const override { return is_configured; }
  void run(const Request& request, Done done) override {
    seen.push_back(request.row.user_id + " " + std::string(request.device_id) + " " + std::string(request.id_json) +
                   " " + std::string(request.name) + " " + std::string(request.args_json));
    if (answers_at_once) return done({true, 200, "{}"});
    waiting.push_back(std::move(done));
  }
  bool is_configured = true;
  bool answers_at_once = false;
  Texts seen;
  std::vector<Done> waiting;
};

TEST_F(ClientSays, CommandsArePassedOn) {
  Backend backend;
  world.bus->set_commands(&backend);
  ConnectOptions how;
  how.device_id = "pad";
  Client& client = world.settle(world.connect(BusWorld::row("u1"), how));
  EXPECT_THAT(say(client, R"({"type":"command","id":"c\"1","name":"warp","args":{"to":[1,2]}})"), IsEmpty());
  EXPECT_THAT(say(client, R"({"type":"command","id":2,"name":"ship.dock_now-1"})"), IsEmpty());
  EXPECT_THAT(backend.seen, ElementsAre(R"(u1 pad "c\"1" warp {"to":[1,2]})", "u1 pad 2 ship.dock_now-1 null"));
  EXPECT_THAT(say(client, R"({"type":"command","id":9007199254740993,"name":"pay","args":-9007199254740995})"),
              IsEmpty());
  EXPECT_EQ(backend.seen.back(), "u1 pad 9007199254740993 pay -9007199254740995");
  backend.waiting[1]({false, 409, R"({"why":"busy"})"});
  backend.waiting[0]({true, 204, ""});
  world.turn();
  EXPECT_THAT(client.take(),
              ElementsAre(R"({"type":"command_result","id":2,"ok":false,"status":409,"body":{"why":"busy"}})",
                          R"({"type":"command_result","id":"c\"1","ok":true,"status":204,"body":null})"));
  backend.answers_at_once = true;
  EXPECT_EQ(say(client, R"({"type":"command","id":3,"name":"x"})").size(), 1U);
}

TEST_F(ClientSays, CommandsThatAreNone) {
  Client& client = world.settled(BusWorld::row("u1"));
  EXPECT_THAT(say(client, R"({"type":"command","id":1,"name":"warp"})"),
              ElementsAre(HasSubstr(R"("code":"no_backend")")));
  Backend backend;
  backend.is_configured = false;
  world.bus->set_commands(&backend);
  EXPECT_EQ(error(client, R"({"type":"command","id":1,"name":"warp"})"), "no_backend");
  backend.is_configured = true;
  for (const char* text : {R"({"type":"command","name":"warp"})", R"({"type":"command","id":null,"name":"warp"})",
                           R"({"type":"command","id":[],"name":"warp"})", R"({"type":"command","id":1})",
                           R"({"type":"command","id":1,"name":""})", R"({"type":"command","id":1,"name":"../admin"})",
                           R"({"type":"command","id":1,"name":"a/b"})", R"({"type":"command","id":1,"name":"a?b"})"}) {
    EXPECT_EQ(error(client, text), "bad_message") << text;
  }
  EXPECT_EQ(error(client, R"({"type":"command","id":1,"name":")" + std::string(65, 'a') + "\"}"), "bad_message");
  EXPECT_EQ(error(client, R"({"type":"command","id":")" + std::string(300, 'a') + R"(","name":"a"})"), "bad_message");
  EXPECT_THAT(backend.seen, IsEmpty());
}

TEST_F(ClientSays, SixteenCommandsAtATime) {
  Backend backend;
  world.bus->set_commands(&backend);
  Client& client = world.settled(BusWorld::row("u1"));
  for (int i = 0; i < 16; ++i) EXPECT_THAT(say(client, R"({"type":"command","id":1,"name":"x"})"), IsEmpty());
  EXPECT_THAT(say(client, R"({"type":"command","id":17,"name":"x"})"),
              ElementsAre(testing::AllOf(HasSubstr("too_many_commands"), HasSubstr(R"("id":17)"))));
  backend.waiting[3]({true, 200, "1"});
  world.turn();
  client.take();
  EXPECT_THAT(say(client, R"({"type":"command","id":18,"name":"x"})"), IsEmpty());
}

TEST_F(ClientSays, AnswersToThoseWhoAreGoneAreHarmless) {
  Backend backend;
  world.bus->set_commands(&backend);
  Client& one = world.settled(BusWorld::row("u1"));
  Client& two = world.settled(BusWorld::row("u2"));
  say(one, R"({"type":"command","id":1,"name":"x"})");
  say(two, R"({"type":"command","id":1,"name":"x"})");
  one.drop();
  backend.waiting[0]({true, 200, "1"});
  world.turn();
  world.bus.reset();
  backend.waiting[1]({true, 200, "1"});
}

TEST_F(ClientSays, TooManyInASecond) {
  Client& client = world.settled(BusWorld::row("u1"));
  for (int i = 0; i < 100; ++i) client.say(R"({"type":"heartbeat"})");
  world.turn();
  EXPECT_EQ(client.take().size(), 100U);
  EXPECT_EQ(error(client, R"({"type":"heartbeat"})"), "rate_limited");
  EXPECT_EQ(error(client, R"({"type":"heartbeat"})"), "rate_limited");
  world.advance(1'000);
  EXPECT_THAT(say(client, R"({"type":"heartbeat"})"), ElementsAre(HasSubstr("heartbeat_ack")));
  EXPECT_FALSE(client.ended);
}

TEST_F(ClientSays, ThreeSuchSecondsWithinTen) {
  Client& client = world.settled(BusWorld::row("u1"));
  const auto flood = [&] {
    for (int i = 0; i < 101; ++i) client.say(R"({"type":"heartbeat"})");
    world.turn();
    client.take();
  };
  flood();
  world.advance(4'000);
  flood();
  world.advance(6'500);  // the first is forgotten by now
  flood();
  EXPECT_FALSE(client.ended);
  world.advance(2'000);
  flood();
  EXPECT_EQ(client.ended, 4002);
  EXPECT_EQ(world.bus->stats().flooding, 1U);
}

TEST_F(ClientSays, SomethingWithATokenThatHasExpired) {
  ConnectOptions how;
  how.expires_at_s = world.clock.wall_ms() / 1000 + 10;
  Client& client = world.settle(world.connect(BusWorld::row("u1"), how));
  world.advance(9'999);
  EXPECT_EQ(say(client, R"({"type":"heartbeat"})").size(), 1U);
  world.advance(1);
  EXPECT_THAT(say(client, R"({"type":"heartbeat"})"), IsEmpty());
  EXPECT_EQ(client.ended, 4401);
  EXPECT_EQ(client.ended_why, "expired");
}

TEST_F(ClientSays, ATokenThatExpiresBetweenTwoMessagesOfOneRead) {
  ConnectOptions how;
  how.expires_at_s = world.clock.wall_ms() / 1000 + 10;
  Backend backend;
  world.bus->set_commands(&backend);
  Client& client = world.settle(world.connect(BusWorld::row("u1"), how));
  client.stream.feed(test::encode({.payload = R"({"type":"heartbeat"})"}));
  world.clock.advance(10'000);
  client.stream.feed(test::encode({.payload = R"({"type":"command","id":1,"name":"x"})"}) +
                     test::encode({.payload = R"({"type":"command","id":2,"name":"x"})"}));
  world.turn();
  EXPECT_THAT(client.take_types(), ElementsAre("heartbeat_ack"));
  EXPECT_EQ(client.ended, 4401);
  EXPECT_THAT(backend.seen, IsEmpty());
  EXPECT_EQ(world.bus->stats().sockets, 0U);
}

}  // namespace
}  // namespace matchbus::bus

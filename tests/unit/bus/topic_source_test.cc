// Topics whose state is made elsewhere: snapshots for those who come, come back, or fell behind.
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

class Matches final : public TopicSource {
 public:
  bool has(std::string_view topic) const override { return topic.starts_with("match:"); }
  void on_subscribed(std::string_view topic) override { calls.push_back("+" + std::string(topic)); }
  void on_unsubscribed(std::string_view topic) override { calls.push_back("-" + std::string(topic)); }
  Bytes snapshot(std::string_view) override { return Bytes::copy(state); }
  Texts calls;
  std::string state = R"("type":"match_data","state":1)";
};

class Source : public testing::Test {
 protected:
  Source() { world.bus->set_topic_source(&matches); }

  Client& subscriber(const std::string& user) {
    Client& client = world.connect(BusWorld::row(user, ""));
    client.say(R"({"type":"subscribe","topics":["match:abc"]})");
    world.turn();
    return client;
  }
  Sent state(const std::string& members) {
    matches.state = members;
    const Sent sent = world.bus->send_state("match:abc", members);
    world.turn();
    return sent;
  }

  Matches matches;
  BusWorld world;
};

TEST_F(Source, HearsOfTheFirstAndTheLastSubscriber) {
  Client& one = subscriber("u1");
  Client& two = subscriber("u2");
  EXPECT_THAT(matches.calls, ElementsAre("+match:abc"));
  one.say(R"({"type":"unsubscribe_topic","topic":"match:abc"})");
  EXPECT_THAT(matches.calls, ElementsAre("+match:abc"));
  two.drop();
  EXPECT_THAT(matches.calls, ElementsAre("+match:abc", "-match:abc"));
}

TEST_F(Source, WhoSubscribesAgainHasTheStateAlready) {
  Client& client = world.settled(BusWorld::row("u1", ""));
  client.say(R"({"type":"subscribe","topics":["match:abc","match:abc"]})");
  client.say(R"({"type":"subscribe_topic","topic":"match:abc"})");
  world.turn();
  EXPECT_THAT(client.take_types(), ElementsAre("subscribed", "match_data", "topic_subscribed"));
}

TEST_F(Source, WhoIsSlowGetsTheStateOfANewTopicWhenItHasCaughtUp) {
  Client& client = world.settled(BusWorld::row("u1", ""));
  client.stream.accept = 0;
  world.tell({test::kGlobal}, R"({"type":"x"})");
  client.say(R"({"type":"subscribe_topic","topic":"match:abc"})");
  matches.state = R"("type":"match_data","state":2)";
  client.stream.drain();
  world.turn();
  EXPECT_THAT(client.take(), ElementsAre(R"({"type":"x"})", R"({"type":"topic_subscribed","topic":"match:abc"})",
                                         R"({"type":"match_data","state":2})"));
}

TEST_F(Source, SubscribersGetTheStateAndWhatFollows) {
  Client& client = subscriber("u1");
  EXPECT_EQ(state(R"("type":"match_data","state":2)").receivers, 1U);
  const Texts texts = client.take();
  EXPECT_THAT(Texts(texts.begin() + 1, texts.end()),
              ElementsAre(R"({"type":"subscribed","topics":["match:abc"]})", R"({"type":"match_data","state":1})",
                          R"({"type":"match_data","state":2})"));
  EXPECT_EQ(world.bus->stats().replay_events, 0U);
  matches.state.clear();
  EXPECT_THAT(subscriber("u2").take_types(), ElementsAre("connected", "subscribed"));
  EXPECT_EQ(world.bus->send_state("match:other", "x").receivers, 0U);
}

TEST_F(Source, WhoFellBehindGetsTheStateOnceItHasDrained) {
  Client& slow = world.settle(subscriber("u1"));
  Client& fast = world.settle(subscriber("u2"));
  slow.stream.accept = 0;
  for (int i = 2; i < 6; ++i) state(R"("type":"match_data","state":)" + std::to_string(i));
  EXPECT_EQ(fast.take().size(), 4U);
  slow.stream.drain();
  world.turn();
  EXPECT_THAT(slow.take(), ElementsAre(R"({"type":"match_data","state":2})", R"({"type":"match_data","state":5})"));
  state(R"("type":"match_data","state":6)");
  EXPECT_THAT(slow.take(), ElementsAre(R"({"type":"match_data","state":6})"));
}

TEST_F(Source, OtherEventsKeepTheirOrderMeanwhile) {
  Client& slow = world.settle(subscriber("u1"));
  slow.stream.accept = 0;
  state(R"("type":"match_data","state":2)");
  world.tell({test::kGlobal}, R"({"type":"a"})");
  state(R"("type":"match_data","state":3)");
  world.tell({test::kGlobal}, R"({"type":"b"})");
  slow.stream.drain();
  world.turn();
  EXPECT_THAT(slow.take(), ElementsAre(R"({"type":"match_data","state":2})", R"({"type":"a"})", R"({"type":"b"})",
                                       R"({"type":"match_data","state":3})"));
}

TEST_F(Source, WhoComesBackGetsTheStateAfterWhatWasMissed) {
  Client& client = world.settle(subscriber("u1"));
  client.drop();
  world.turn();
  EXPECT_THAT(matches.calls, ElementsAre("+match:abc", "-match:abc"));
  world.tell({test::kGlobal}, R"({"type":"a"})");
  matches.state = R"("type":"match_data","state":9)";
  Client& back = world.come_back(BusWorld::row("u1", ""), client.last_id);
  EXPECT_THAT(matches.calls, ElementsAre("+match:abc", "-match:abc", "+match:abc"));
  EXPECT_THAT(back.take_types(), ElementsAre("connected", "a", "match_data"));
  EXPECT_EQ(state(R"("type":"match_data","state":10)").receivers, 1U);
}

TEST_F(Source, StateThatWasThrownOutComesAgain) {
  world.options.max_queue_messages = 3;
  world.bus = Bus::create(world.loop, *world.context, world.broker, world.options);
  world.bus->set_topic_source(&matches);
  Client& slow = world.settle(subscriber("u1"));
  slow.stream.accept = 0;
  for (int i = 0; i < 10; ++i) world.tell({test::kGlobal}, R"({"type":"a"})");
  slow.stream.drain();
  world.turn();
  const Texts types = slow.take_types();
  EXPECT_EQ(types.at(1), "state_resync");
  EXPECT_EQ(types.back(), "match_data");
}

}  // namespace
}  // namespace matchbus::bus

// The topics of matches with a bus made of paper: each text goes on from the one before it.
#include "gateway/match_topic.h"

#include <gtest/gtest.h>

#include <vector>

#include "json/document.h"
#include "match/event.h"
#include "support/net_fixture.h"

namespace matchbus::gateway {
namespace {

class PaperBus final : public bus::Bus {
 public:
  bus::Sent send_state(std::string_view topic, std::string_view members) override {
    EXPECT_EQ(topic, "match:G");
    sent.push_back("{" + std::string(members) + "}");
    return {};
  }
  void set_commands(bus::Commands*) override {}
  void set_topic_source(bus::TopicSource*) override {}
  void connect(std::unique_ptr<ws::Connection>, bus::PlayerRow, const bus::ConnectOptions&) override {}
  void refuse(std::unique_ptr<ws::Connection>, uint16_t, std::string_view) override {}
  bus::Sent send(std::span<const bus::Target>, json::Value, bus::MessageClass, std::string_view) override { return {}; }
  bool has_subscribers(std::string_view) const override { return true; }
  bool move(std::string_view, const bus::MoveRow&) override { return false; }
  size_t disconnect(std::string_view, std::optional<std::string_view>, uint16_t, std::string_view) override {
    return 0;
  }
  void presence(const bus::Target&, const std::function<void(const bus::PresentUser&)>&) const override {}
  const bus::BusStats& stats() const override { return stats_; }
  void close_all() override {}

  std::vector<std::string> sent;

 private:
  bus::BusStats stats_;
};

// What a text says: "data 3" or "patch 3-4", and the round it leads to if it tells.
std::string gist(std::string text) {
  json::Document document;
  EXPECT_TRUE(document.parse_in_place(text).ok()) << text;
  const json::Value root = document.root();
  EXPECT_EQ(root["topic"].string(), "match:G");
  const std::string seq = std::to_string(root["seq"].integer(0, 1'000).value_or(-1));
  if (root["type"].string() == "match_data") {
    return "data " + seq + " round " + std::to_string(root["data"]["roundNumber"].integer(0, 100).value_or(-1));
  }
  return "patch " + std::to_string(root["base"].integer(0, 1'000).value_or(-1)) + "-" + seq;
}

class MatchTopicTest : public testing::Test {
 protected:
  void start_match() {
    match::ObserverLogon logon;
    logon.client_version = "0.3.20";
    logon.observer_name = "O";
    logon.group_code = "G";
    logon.left = {"Alpha", "ALP", "", true};
    logon.right = {"Beta", "BET", "", false};
    ASSERT_NE(registry.admit(logon, {}, now).match, nullptr);
  }
  void round(int number) {
    text = R"({"obsName":"O","groupCode":"G","type":"round_info","data":{"roundPhase":"combat","roundNumber":)" +
           std::to_string(number) + "}}";
    ASSERT_TRUE(document.parse_in_place(text).ok());
    registry.receive_observer("G", *match::read_envelope(document.root(), match::Writer::kObserver, ++now));
  }
  void prepare() { output.prepare(clock.monotonic_ms()); }
  void publish() { output.publish(clock.monotonic_ms()); }
  void tick() {
    prepare();
    publish();
  }
  std::string snapshot() {
    const Bytes members = topic.snapshot("match:G");
    return members.empty() ? "" : gist("{" + std::string(members.view()) + "}");
  }
  // What was sent since the last look.
  std::vector<std::string> sent() {
    std::vector<std::string> gists;
    for (const std::string& entry : bus.sent) gists.push_back(gist(entry));
    bus.sent.clear();
    return gists;
  }
  using Texts = std::vector<std::string>;

  FakeClock clock;
  test::RecordingLog log{clock};
  net::Loop loop{clock, log};
  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  match::MatchRegistry registry{match::Names::built_in()};
  hub::FanOut fan_out{loop, {}};
  Output output{log, registry, fan_out, {*context, 1024, 3}};
  PaperBus bus;
  MatchTopic topic{bus, output, registry};
  std::string text;
  json::Document document;
  int64_t now = 1'700'000'000'000;
};

TEST_F(MatchTopicTest, KnowsItsTopics) {
  EXPECT_TRUE(topic.has("match:G"));
  EXPECT_FALSE(topic.has("match:"));
  EXPECT_FALSE(topic.has("matches:G"));
  EXPECT_FALSE(topic.has("market:G"));
}

TEST_F(MatchTopicTest, BeginsWithTheWholeStateAndGoesOnWithChanges) {
  topic.on_subscribed("match:G");
  EXPECT_EQ(snapshot(), "");
  tick();
  EXPECT_EQ(sent(), Texts{}) << "there is no match";
  start_match();
  round(1);
  tick();
  EXPECT_EQ(sent(), Texts{"data 1 round 1"});
  EXPECT_EQ(snapshot(), "data 1 round 1");
  tick();
  EXPECT_EQ(sent(), Texts{}) << "nothing is new";
  round(2);
  tick();
  EXPECT_EQ(sent(), Texts{"patch 1-2"});
  EXPECT_EQ(snapshot(), "data 2 round 2");
}

TEST_F(MatchTopicTest, AMatchThatIsThereComesWithTheNextTick) {
  start_match();
  round(1);
  tick();
  topic.on_subscribed("match:G");
  EXPECT_EQ(snapshot(), "");
  tick();
  EXPECT_EQ(sent(), Texts{"data 1 round 1"});
}

TEST_F(MatchTopicTest, NothingIsShownBeforeItMayBe) {
  start_match();
  round(1);
  topic.on_subscribed("match:G");
  tick();
  sent();
  round(2);
  prepare();
  EXPECT_EQ(sent(), Texts{});
  EXPECT_EQ(snapshot(), "data 1 round 1") << "the state before was written at its broadcast";
  publish();
  EXPECT_EQ(sent(), Texts{"patch 1-2"});
  round(3);
  prepare();
  EXPECT_EQ(snapshot(), "") << "nobody has written state 2, and the match shows state 3";
  publish();
  EXPECT_EQ(sent(), Texts{"data 3 round 3"}) << "whoever got nothing gets the whole";
}

TEST_F(MatchTopicTest, TheLastStateOfAMatchIsSent) {
  start_match();
  round(1);
  topic.on_subscribed("match:G");
  tick();
  round(2);
  sent();
  match::Match* match = registry.find_group("G");
  output.on_match_removed(*match);
  registry.remove(*match);
  tick();
  EXPECT_EQ(sent(), Texts{"data 2 round 2"});
  EXPECT_EQ(snapshot(), "data 2 round 2");
  start_match();
  round(5);
  tick();
  EXPECT_EQ(sent(), Texts{"data 3 round 5"}) << "the next match of the group";
}

TEST_F(MatchTopicTest, EndsWithItsLastSubscriber) {
  start_match();
  topic.on_subscribed("match:G");
  EXPECT_EQ(output.rooms(), 1u);
  topic.on_unsubscribed("match:G");
  EXPECT_EQ(output.rooms(), 0u);
  round(1);
  tick();
  EXPECT_EQ(sent(), Texts{});
  EXPECT_EQ(snapshot(), "");
}

}  // namespace
}  // namespace matchbus::gateway

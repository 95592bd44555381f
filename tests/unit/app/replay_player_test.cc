// The player, against a server that plays the ingest port's part.
#include "app/replay_player.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "net/listener.h"
#include "socketio/server.h"
#include "support/net_fixture.h"

namespace matchbus::app {
namespace {

// So many events, `step_ms` apart; every hundredth is a round_info, the last one too if it is to end the match.
class CountingSource final : public ReplaySource {
 public:
  explicit CountingSource(int count, int64_t step_ms = 0, bool ends = false)
      : count_(count), step_ms_(step_ms), ends_(ends) {}
  const std::string& logon() const override { return logon_; }
  std::optional<ReplayEvent> next() override {
    if (at_ == count_) return std::nullopt;
    const bool last = ++at_ == count_;
    const bool phase = at_ % 100 == 0 || (last && ends_);
    type_ = phase ? "round_info" : "other";
    text_ = R"({"n":)" + std::to_string(at_) + R"(,"type":")" + type_ + R"(","data":{"roundNumber":)" +
            std::to_string(at_ / 100) + R"(,"roundPhase":")" + (last && ends_ ? "game_end" : "combat") + "\"}}";
    return ReplayEvent{at_ * step_ms_, type_, text_};
  }
  std::string error() const override { return at_ == count_ ? broken : ""; }
  void restart(uint64_t round) override {
    at_ = 0;
    restarts = round;
  }
  uint64_t restarts = 0;
  std::string broken;

 private:
  int count_;
  int64_t step_ms_;
  bool ends_;
  int at_ = 0;
  std::string logon_ = R"({"type":"authenticate","groupCode":"G"})";
  std::string type_;
  std::string text_;
};

class PlayerTest : public test::NetTest, public net::HttpHandler, public socketio::SocketHandler {
 protected:
  PlayerTest() {
    make_server();
    open(0);
  }
  ~PlayerTest() override {
    player.reset();
    server.reset();
  }

  void make_server() {
    socketio::ServerOptions options;
    options.recovery_window_ms = 60'000;
    server = socketio::Server::create(loop, *context, options);
    server->add_namespace("/", *this);
  }
  void open(uint16_t number) {
    net::ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.port = number;
    options.tls = net::TlsMode::kOff;
    auto opened = net::Listener::open(loop, options, nullptr, counter,
                                      [this](net::StreamPtr stream) { http.serve(std::move(stream)); });
    ASSERT_TRUE(opened.ok());
    listener = std::move(*opened);
    port = listener->port();
  }

  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override {
    server->on_request(request, std::move(reply));
  }
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override {
    server->on_upgrade(request, std::move(stream), early);
  }
  void on_connect(socketio::Socket& which, json::Value) override { socket = &which; }
  void on_event(socketio::Socket& which, const socketio::Event& event) override {
    const std::string text(event.text(0).value_or(""));
    if (event.name == "obs_logon") {
      logons.push_back(text);
      if (!answer.empty()) which.emit("obs_logon_ack", answer);
      return;
    }
    EXPECT_EQ(event.name, "obs_data");
    events.push_back(text);
  }
  void on_disconnect(socketio::Socket&, std::string_view) override { socket = nullptr; }

  ReplayPlayerOptions quick(ReplayPace pace) const {
    ReplayPlayerOptions options;
    options.client.url = "ws://127.0.0.1:" + std::to_string(port);
    options.client.reconnect_ms = 5;
    options.client.reconnect_max_ms = 10;
    options.pace = pace;
    options.between_loops_ms = 30;
    return options;
  }
  void start(ReplaySource& source, ReplayPlayerOptions options) {
    auto made = ReplayPlayer::create(loop, *context, source, std::move(options),
                                     [this](const ReplayOutcome& of) { outcome = of; });
    ASSERT_TRUE(made.ok());
    player = std::move(*made);
    player->set_on_notice([this](const std::string& text) { notices.push_back(text); });
    player->start();
  }
  bool ended(int limit_ms = 10'000) {
    return run_until([&] { return outcome.has_value(); }, limit_ms);
  }
  // The events arrived are 1 to `count`, each once, in order.
  void expect_events(size_t count) {
    ASSERT_EQ(events.size(), count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(events[i].starts_with("{\"n\":" + std::to_string(i + 1) + ",")) << events[i];
    }
  }

  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  std::unique_ptr<socketio::Server> server;
  net::ConnectionCounter counter{{}};
  net::HttpServer http{loop, *this, {}};
  std::unique_ptr<net::Listener> listener;
  uint16_t port = 0;
  socketio::Socket* socket = nullptr;
  std::string answer = R"({"type":"authenticate","value":true,"reason":"SECRET"})";
  std::vector<std::string> logons;
  std::vector<std::string> events;
  std::unique_ptr<ReplayPlayer> player;
  std::optional<ReplayOutcome> outcome;
  std::vector<std::string> notices;
};

TEST_F(PlayerTest, PlaysEverythingAtOnce) {
  CountingSource source(5'000);
  start(source, quick(ReplayPace::kInstant));
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
  EXPECT_EQ(outcome->message, "");
  EXPECT_EQ(logons, (std::vector<std::string>{R"({"type":"authenticate","groupCode":"G"})"}));
  expect_events(5'000);
  EXPECT_EQ(player->progress().events, 5'000U);
  EXPECT_EQ(player->progress().round, 50);
  EXPECT_EQ(player->progress().phase, "combat");
  EXPECT_EQ(player->progress().group_secret, "SECRET");
  EXPECT_TRUE(run_until([&] { return socket == nullptr; }));
}

TEST_F(PlayerTest, KeepsToTheTimestampsAndTheirSpeed) {
  CountingSource source(10, 100);  // the last at 1,000 ms
  ReplayPlayerOptions options = quick(ReplayPace::kTimestamps);
  options.speed = 5;
  const int64_t begin = clock.monotonic_ms();
  start(source, options);
  player->set_on_sent([&](const ReplayEvent& event) {
    EXPECT_GE(clock.monotonic_ms() - begin, event.at_ms / 5);  // late on a busy machine, but never early
  });
  ASSERT_TRUE(ended());
  expect_events(10);
  EXPECT_EQ(player->progress().at_ms, 1'000);
}

TEST_F(PlayerTest, KeepsAFixedDelay) {
  CountingSource source(5, 100'000);
  ReplayPlayerOptions options = quick(ReplayPace::kFixed);
  options.delay_ms = 20;
  const int64_t begin = clock.monotonic_ms();
  int64_t sent = 0;
  start(source, options);
  player->set_on_sent([&](const ReplayEvent&) { EXPECT_GE(clock.monotonic_ms() - begin, 20 * ++sent); });
  ASSERT_TRUE(ended());
  expect_events(5);
}

TEST_F(PlayerTest, StepsWhenTold) {
  CountingSource source(250);
  start(source, quick(ReplayPace::kSteps));
  player->step(2);  // before there is a connection
  ASSERT_TRUE(run_until([&] { return events.size() == 2; }));
  run_for(20);
  EXPECT_EQ(events.size(), 2U);
  player->step(3);
  ASSERT_TRUE(run_until([&] { return events.size() == 5; }));
  player->step_to("round_info");
  ASSERT_TRUE(run_until([&] { return events.size() == 100; }));
  run_for(20);
  EXPECT_EQ(events.size(), 100U);
  player->step(1);
  player->end_steps();
  ASSERT_TRUE(ended());
  expect_events(101);
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
}

TEST_F(PlayerTest, StopsAfterSoManyEvents) {
  CountingSource source(1'000);
  ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  options.max_events = 7;
  start(source, options);
  ASSERT_TRUE(ended());
  expect_events(7);
}

TEST_F(PlayerTest, TellsWhyALogonWasRefused) {
  CountingSource source(10);
  answer = R"({"type":"authenticate","value":false,"reason":"Invalid Key"})";
  start(source, quick(ReplayPace::kInstant));
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kRefused);
  EXPECT_EQ(outcome->message, "logon refused: Invalid Key");
  EXPECT_TRUE(events.empty());
}

TEST_F(PlayerTest, GivesUpOnALogonWithoutAnswer) {
  CountingSource source(10);
  answer.clear();
  ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  options.logon_timeout_ms = 30;
  start(source, options);
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kRefused);
}

TEST_F(PlayerTest, TellsThatNobodyListens) {
  CountingSource source(10);
  const ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  listener.reset();
  start(source, options);
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kNoConnection);
  EXPECT_NE(outcome->message.find("cannot connect"), std::string::npos);
}

TEST_F(PlayerTest, GoesOnAfterARecoveredConnection) {
  CountingSource source(300, 1);
  start(source, quick(ReplayPace::kTimestamps));
  ASSERT_TRUE(run_until([&] { return events.size() >= 50; }));
  for (int losses = 0; losses < 2; ++losses) {
    const uint64_t before = server->stats().recovered;
    player->drop_connection();
    ASSERT_TRUE(run_until([&] { return server->stats().recovered > before; }));
  }
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
  EXPECT_EQ(logons.size(), 1U) << "the session is the same";
  EXPECT_EQ(player->progress().reconnects, 2U);
}

TEST_F(PlayerTest, LogsOnAgainAtAServerThatHasStartedAnew) {
  CountingSource source(300, 1);
  start(source, quick(ReplayPace::kTimestamps));
  ASSERT_TRUE(run_until([&] { return events.size() >= 50; }));
  answer = R"({"type":"authenticate","value":true,"reason":"reconnected"})";
  server.reset();
  make_server();
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
  ASSERT_EQ(logons.size(), 2U);
  EXPECT_EQ(logons[1], R"({"groupSecret":"SECRET","type":"authenticate","groupCode":"G"})");
  EXPECT_EQ(player->progress().group_secret, "SECRET");
  EXPECT_TRUE(events.back().starts_with("{\"n\":300,"));
}

TEST_F(PlayerTest, TellsThatAServerHasForgottenTheMatch) {
  CountingSource source(100, 1);
  start(source, quick(ReplayPace::kTimestamps));
  ASSERT_TRUE(run_until([&] { return events.size() >= 20; }));
  answer = R"({"type":"authenticate","value":true,"reason":"SECRET2"})";
  server.reset();
  make_server();
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
  EXPECT_EQ(player->progress().group_secret, "SECRET2");
  ASSERT_FALSE(notices.empty());
  EXPECT_NE(notices.back().find("did not know the match"), std::string::npos);
}

TEST_F(PlayerTest, GivesUpOnAServerThatStaysAway) {
  CountingSource source(300, 10);
  ReplayPlayerOptions options = quick(ReplayPace::kTimestamps);
  options.give_up_ms = 60;
  start(source, options);
  ASSERT_TRUE(run_until([&] { return !events.empty(); }));
  listener.reset();
  server.reset();
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kLost);
  make_server();
}

TEST_F(PlayerTest, GivesUpWhenTheServerThrowsItOut) {
  CountingSource source(300, 10);
  start(source, quick(ReplayPace::kTimestamps));
  ASSERT_TRUE(run_until([&] { return !events.empty(); }));
  socket->disconnect(true);
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kLost);
}

TEST_F(PlayerTest, MayBeStopped) {
  CountingSource source(300, 10);
  start(source, quick(ReplayPace::kTimestamps));
  ASSERT_TRUE(run_until([&] { return events.size() == 3; }));
  player->stop();
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kStopped);
  EXPECT_TRUE(run_until([&] { return socket == nullptr; }));
}

TEST_F(PlayerTest, MayBeStoppedBeforeItIsConnected) {
  CountingSource source(300);
  start(source, quick(ReplayPace::kInstant));
  player->stop();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->end, ReplayEnd::kStopped);
}

TEST_F(PlayerTest, MayBeToldToQuitBeforeItIsConnected) {
  CountingSource source(250);
  start(source, quick(ReplayPace::kSteps));
  player->step(3);
  player->quit();
  player->step(5);  // too late
  EXPECT_FALSE(outcome.has_value());
  ASSERT_TRUE(ended());
  expect_events(3);
  EXPECT_EQ(outcome->end, ReplayEnd::kStopped);
}

TEST_F(PlayerTest, SaysThatALongGapIsShortened) {
  CountingSource source(2, 10 * 60 * 60 * 1000);
  std::vector<std::string> said;
  start(source, quick(ReplayPace::kTimestamps));
  player->set_on_notice([&](const std::string& text) { said.push_back(text); });
  ASSERT_TRUE(run_until([&] { return !said.empty(); }));
  EXPECT_EQ(said, (std::vector<std::string>{"nothing is to be sent for 10 hours: going on in one"}));
  player->stop();
  ASSERT_TRUE(ended());
}

TEST_F(PlayerTest, TellsOfASourceThatEndsEarly) {
  CountingSource source(5);
  source.broken = "line 6 is no event";
  start(source, quick(ReplayPace::kInstant));
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kBadSource);
  EXPECT_EQ(outcome->message, "line 6 is no event");
  expect_events(5);
}

TEST_F(PlayerTest, LoopsOverAMatchThatEnds) {
  CountingSource source(20, 0, true);
  ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  options.loop = true;
  options.max_events = 50;
  start(source, options);
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
  EXPECT_EQ(events.size(), 50U);
  EXPECT_EQ(source.restarts, 2U);
  ASSERT_EQ(logons.size(), 3U);
  EXPECT_EQ(logons[2], logons[0]) << "each time a new match, without a secret";
}

TEST_F(PlayerTest, LoopsWithinAMatchThatDoesNotEnd) {
  CountingSource source(20);
  ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  options.loop = true;
  options.max_events = 50;
  start(source, options);
  ASSERT_TRUE(ended());
  EXPECT_EQ(events.size(), 50U);
  EXPECT_EQ(logons.size(), 1U);
}

TEST_F(PlayerTest, AnEmptySourceDoesNotLoopForever) {
  CountingSource source(0);
  ReplayPlayerOptions options = quick(ReplayPace::kInstant);
  options.loop = true;
  start(source, options);
  ASSERT_TRUE(ended());
  EXPECT_EQ(outcome->end, ReplayEnd::kPlayed);
}

TEST_F(PlayerTest, RefusesBadUrls) {
  CountingSource source(0);
  ReplayPlayerOptions options;
  options.client.url = "gopher://x";
  EXPECT_FALSE(ReplayPlayer::create(loop, *context, source, options, [](const ReplayOutcome&) {}).ok());
}

}  // namespace
}  // namespace matchbus::app

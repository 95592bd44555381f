#include "gateway/bus_commands.h"

#include <gtest/gtest.h>

#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"

namespace matchbus::gateway {
namespace {

class BusCommandsTest : public testing::Test {
 protected:
  bus::Commands::Answer run(Result<net::HttpAnswer> result) {
    bus::Commands::Answer answer;
    commands->run({row, "phone", "\"c1\"", "fire", "{\"at\":1}"}, [&](const auto& given) { answer = given; });
    auto call = FakeHttpClient::take(calls);
    request = call.request;
    call.done(std::move(result));
    return answer;
  }

  FakeClock clock;
  test::RecordingLog log{clock};
  std::deque<FakeHttpClient::Call> calls;
  std::unique_ptr<BusCommands> commands = std::make_unique<BusCommands>(
      std::make_unique<FakeHttpClient>(calls), log, CommandOptions{.url = "http://b/c/", .token = "tok"});
  bus::PlayerRow row{.user_id = "u1", .username = "Ann", .sector_id = "7", .team_id = "", .region_id = ""};
  net::HttpCall request;
};

TEST_F(BusCommandsTest, TellsTheBackendWhoAsks) {
  EXPECT_TRUE(commands->configured());
  const auto answer = run(net::HttpAnswer{200, {}, " {\"hit\" : true} "});
  EXPECT_TRUE(answer.ok);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body_json, "{\"hit\":true}");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://b/c/fire");
  EXPECT_EQ(request.body,
            R"({"id":"c1","name":"fire","args":{"at":1},"user":{"user_id":"u1","username":"Ann","sector_id":"7",)"
            R"("team_id":null,"region_id":null,"role":"player"},"device_id":"phone"})");
}

TEST_F(BusCommandsTest, HandsOnWhatItAnswers) {
  const auto refused = run(net::HttpAnswer{409, {}, "{\"error\":\"no\"}"});
  EXPECT_FALSE(refused.ok);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.body_json, "{\"error\":\"no\"}");
  EXPECT_EQ(run(net::HttpAnswer{200, {}, "plain \"text\""}).body_json, R"("plain \"text\"")");
  EXPECT_EQ(run(net::HttpAnswer{200, {}, "[9007199254740993]"}).body_json, "[9007199254740993]");
  EXPECT_EQ(run(net::HttpAnswer{204, {}, ""}).body_json, "");
  EXPECT_EQ(run(net::HttpAnswer{200, {}, "\xff\xfe"}).body_json, "");
  EXPECT_EQ(run(net::HttpAnswer{200, {}, "{\"a\":\"\xff\"}"}).body_json, "");
  const auto failed = run(Error{"timed out"});
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(failed.status, 0);
  EXPECT_EQ(commands->stats().answered, 5u);
  EXPECT_EQ(commands->stats().refused, 1u);
  EXPECT_EQ(commands->stats().failed, 1u);
}

TEST_F(BusCommandsTest, IsSilentOnceItIsGone) {
  int answers = 0;
  commands->run({row, "", "1", "fire", "null"}, [&](const auto&) { ++answers; });
  commands.reset();
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace matchbus::gateway

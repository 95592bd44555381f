#include "gateway/service_caller.h"

#include <gtest/gtest.h>

#include <optional>

#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"

namespace matchbus::gateway {
namespace {

class ServiceCallerTest : public testing::Test {
 protected:
  static constexpr size_t kMaxWaiting = 3;
  // The result of a call, once it has one.
  using Outcome = std::shared_ptr<std::optional<int>>;  // status; -1: an error

  Outcome call(const std::string& url = "http://service/x") {
    auto outcome = std::make_shared<std::optional<int>>();
    caller->call({"service", "a call", {"GET", url, {}, {}}}, [outcome](const Result<net::HttpAnswer>& result) {
      EXPECT_FALSE(outcome->has_value()) << "told twice";
      *outcome = result ? result->status : -1;
    });
    return outcome;
  }
  void answer(int status) { FakeHttpClient::take(calls).done(net::HttpAnswer{status, {}, {}}); }
  void fail() { FakeHttpClient::take(calls).done(Error{"no route"}); }
  void pass(int64_t ms) {
    clock.advance(ms);
    timers.advance(clock.monotonic_ms());
  }

  FakeClock clock;
  test::RecordingLog log{clock};
  TimerWheel timers{clock.monotonic_ms()};
  std::deque<FakeHttpClient::Call> calls;
  std::unique_ptr<ServiceCaller> caller = std::make_unique<ServiceCaller>(
      std::make_unique<FakeHttpClient>(calls), timers, log, RetryPolicy{2, 1'000, 1'500}, kMaxWaiting);
};

TEST_F(ServiceCallerTest, TellsAnAnswerOnce) {
  const Outcome outcome = call();
  EXPECT_FALSE(outcome->has_value());
  answer(204);
  EXPECT_EQ(*outcome, 204);
  EXPECT_EQ(caller->stats().accepted, 1u);
  EXPECT_EQ(caller->stats().waiting, 0u);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(ServiceCallerTest, RefusalsAreFinal) {
  for (const int status : {301, 400, 401, 403, 404}) {
    const Outcome outcome = call();
    answer(status);
    EXPECT_EQ(*outcome, status);
  }
  EXPECT_TRUE(calls.empty());
  EXPECT_EQ(caller->stats().refused, 5u);
  EXPECT_EQ(caller->stats().retries, 0u);
}

TEST_F(ServiceCallerTest, FailuresAreTriedAgainAfterADelay) {
  const Outcome outcome = call();
  answer(503);
  EXPECT_TRUE(calls.empty());
  pass(490);
  EXPECT_TRUE(calls.empty()) << "earlier than half the delay";
  pass(520);
  ASSERT_EQ(calls.size(), 1u);
  fail();
  pass(1'510);
  ASSERT_EQ(calls.size(), 1u);
  answer(200);
  EXPECT_EQ(*outcome, 200);
  EXPECT_EQ(caller->stats().retries, 2u);
  EXPECT_EQ(caller->stats().accepted, 1u);
  EXPECT_EQ(caller->stats().failed, 0u);
}

TEST_F(ServiceCallerTest, GivesUpAfterTheLastTry) {
  const Outcome outcome = call("http://service/with-a-secret");
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(calls.size(), 1u);
    fail();
    pass(2'000);
  }
  EXPECT_TRUE(calls.empty());
  EXPECT_EQ(*outcome, -1);
  EXPECT_EQ(caller->stats().failed, 1u);
  EXPECT_TRUE(log.contains("service: a call: no route"));
  EXPECT_FALSE(log.contains("secret"));
}

TEST_F(ServiceCallerTest, StatusesThatPassAreTriedAgain) {
  for (const int status : {408, 429, 500, 502, 599}) {
    const Outcome outcome = call();
    answer(status);
    EXPECT_FALSE(outcome->has_value()) << status;
    pass(2'000);
    answer(200);
    EXPECT_EQ(*outcome, 200);
  }
}

TEST_F(ServiceCallerTest, CallsThatAreTooManyFailLater) {
  std::vector<Outcome> outcomes;
  for (size_t i = 0; i < kMaxWaiting; ++i) outcomes.push_back(call());
  const Outcome refused = call();
  EXPECT_EQ(calls.size(), kMaxWaiting);
  EXPECT_FALSE(refused->has_value()) << "told inside the call";
  pass(10);
  EXPECT_EQ(*refused, -1);
  EXPECT_EQ(caller->stats().dropped, 1u);
  EXPECT_EQ(caller->stats().waiting, kMaxWaiting);
  answer(200);
  const Outcome next = call();
  EXPECT_EQ(calls.size(), kMaxWaiting);
  for (size_t i = 0; i < kMaxWaiting; ++i) answer(200);
  EXPECT_EQ(*next, 200);
}

TEST_F(ServiceCallerTest, TellsWhetherThereIsRoom) {
  for (size_t i = 0; i < kMaxWaiting; ++i) {
    EXPECT_TRUE(caller->has_room());
    call();
  }
  EXPECT_FALSE(caller->has_room());
  answer(200);
  EXPECT_TRUE(caller->has_room());
}

TEST_F(ServiceCallerTest, CallsMayBeMadeWhenOneIsDone) {
  Outcome second;
  caller->call({"service", "first", {}}, [&](const Result<net::HttpAnswer>&) { second = call(); });
  answer(200);
  answer(201);
  EXPECT_EQ(*second, 201);
}

TEST_F(ServiceCallerTest, ForgetsCallsAtItsEnd) {
  const Outcome under_way = call();
  const Outcome waiting = call();
  answer(500);  // the first now waits for its retry
  caller.reset();
  pass(10'000);
  EXPECT_FALSE(under_way->has_value());
  EXPECT_FALSE(waiting->has_value());
}

TEST(RetryDelay, DoublesUpToItsLimitAndIsDrawnFromTheUpperHalf) {
  const RetryPolicy policy{5, 400, 1'000};
  constexpr uint32_t kMost = UINT32_MAX;
  EXPECT_EQ(retry_delay_ms(policy, 0, 0), 200);
  EXPECT_EQ(retry_delay_ms(policy, 0, kMost), 399);
  EXPECT_EQ(retry_delay_ms(policy, 1, 0), 400);
  EXPECT_EQ(retry_delay_ms(policy, 1, kMost), 799);
  EXPECT_EQ(retry_delay_ms(policy, 2, 0), 500);
  EXPECT_EQ(retry_delay_ms(policy, 1'000, kMost), 999);
  EXPECT_EQ(retry_delay_ms({1, 0, 0}, 3, kMost), 0);
}

TEST(JoinUrl, PutsOneSlashBetween) {
  EXPECT_EQ(join_url("http://x", "a/b"), "http://x/a/b");
  EXPECT_EQ(join_url("http://x/", "a"), "http://x/a");
  EXPECT_EQ(join_url("http://x/api//", "a"), "http://x/api/a");
}

}  // namespace
}  // namespace matchbus::gateway

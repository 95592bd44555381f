#include "gateway/match_reports.h"

#include <gtest/gtest.h>

#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"
#include "unit/match/match_fixture.h"

namespace matchbus::gateway {
namespace {

class MatchReportsTest : public testing::Test {
 protected:
  match::Match& start_match(std::string_view group, const std::string& match_id) {
    match::Match* const match = registry.admit(test::make_logon(group), {}, clock.wall_ms()).match;
    event(group, "match_start", "'" + match_id + "'");
    reports.on_started(*match);
    return *match;
  }
  void event(std::string_view group, std::string_view type, const std::string& data) {
    const test::Parsed parsed(test::json_of("{'obsName':'O','groupCode':'" + std::string(group) + "','type':'" +
                                            std::string(type) + "','data':" + data + "}"));
    registry.receive_observer(group, *match::read_envelope(parsed.root(), match::Writer::kObserver, clock.wall_ms()));
  }
  // Answers the oldest call under way; tells what it was about.
  std::string answer() {
    auto first = FakeHttpClient::take(calls);
    first.done(net::HttpAnswer{200, {}, {}});
    return first.request.url;
  }
  void pass(int64_t ms) {
    clock.advance(ms);
    timers.advance(clock.monotonic_ms());
  }

  FakeClock clock;
  test::RecordingLog log{clock};
  TimerWheel timers{clock.monotonic_ms()};
  std::deque<FakeHttpClient::Call> calls;
  match::MatchRegistry registry{match::Names::built_in()};
  ServiceCaller caller{std::make_unique<FakeHttpClient>(calls), timers, log, {}, 1};
  MatchReports reports{caller, registry, clock, timers, {"http://b", ""}, 8};
};

TEST_F(MatchReportsTest, ARegistrationWithoutRoomIsMadeLater) {
  const match::Match& first = start_match("A", "M1");
  const match::Match& second = start_match("B", "M2");
  EXPECT_EQ(calls.size(), 1u);
  pass(2'000);
  EXPECT_EQ(answer(), "http://b/system/match/M1/register");
  EXPECT_TRUE(first.state().is_registered);
  EXPECT_FALSE(second.state().is_registered);
  pass(2'000);
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(answer(), "http://b/system/match/M2/register");
  EXPECT_TRUE(second.state().is_registered);
  pass(5'000);
  EXPECT_TRUE(calls.empty());
  EXPECT_EQ(caller.stats().dropped, 0u);
}

TEST_F(MatchReportsTest, AMatchThatEndsBeforeItsRegistrationIsToldWhole) {
  start_match("A", "M1");
  match::Match& second = start_match("B", "M2");
  event("B", "round_info", "{'roundPhase':'game_end','roundNumber':24}");
  reports.on_ended(second);
  answer();
  pass(2'000);
  EXPECT_EQ(answer(), "http://b/system/match/M2/register");
  EXPECT_EQ(answer(), "http://b/system/match/M2/complete");
}

TEST_F(MatchReportsTest, AMatchThatIsGoneIsNotRegistered) {
  start_match("A", "M1");
  registry.remove(start_match("B", "M2"));
  start_match("C", "M3");
  event("C", "match_start", "'M4'");
  answer();
  pass(2'000);
  EXPECT_TRUE(calls.empty());
}

}  // namespace
}  // namespace matchbus::gateway

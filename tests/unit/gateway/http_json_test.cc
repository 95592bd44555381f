#include "gateway/http_json.h"

#include <gtest/gtest.h>

#include "gateway/access_keys.h"
#include "gateway/match_stats.h"
#include "gateway/player_cams.h"
#include "support/net_fixture.h"
#include "unit/gateway/fake_http_client.h"
#include "unit/match/match_fixture.h"

namespace matchbus::gateway {
namespace {

constexpr const char* kBroken = "\xff";

TEST(HttpJson, IsUtf8) {
  json::Document document;
  std::string good = "{\"a\":\"\xc3\xa9\"}";
  EXPECT_TRUE(parse_http_json(document, good).ok());
  EXPECT_EQ(document.root()["a"].string(), "\xc3\xa9");
  for (const char* broken : {"\xff", "\xc3", "\xed\xa0\x80", "\xc0\x80"}) {
    std::string bad = "{\"a\":\"" + std::string(broken) + "\"}";
    EXPECT_FALSE(parse_http_json(document, bad).ok());
  }
  std::string none = "{";
  EXPECT_FALSE(parse_http_json(document, none).ok());
}

// What services answer is shown to viewers, whose clients end for a byte that is none of UTF-8's.
class BrokenAnswers : public testing::Test {
 protected:
  BrokenAnswers() {
    live_ =
        registry_
            .admit(test::make_logon("G", "{'playercamsInfo':{'secret':'s','identifier':'i'}}"), {}, clock_.wall_ms())
            .match;
    tell("match_start", "'M'");
    tell("roster", "{'name':'n','tagline':'t','startTeam':0,'agentInternal':'Clay','playerId':'P','position':0}");
  }
  void tell(std::string_view type, std::string_view data) {
    const test::Parsed parsed(test::json_of("{'obsName':'O','groupCode':'G','type':'" + std::string(type) +
                                            "','data':" + std::string(data) + "}"));
    registry_.receive_observer("G", *match::read_envelope(parsed.root(), match::Writer::kObserver, clock_.wall_ms()));
  }
  void answer(std::string body) {
    ASSERT_FALSE(calls_.empty());
    FakeHttpClient::take(calls_).done(net::HttpAnswer{200, {}, std::move(body)});
  }

  FakeClock clock_;
  test::RecordingLog log_{clock_};
  TimerWheel timers_{clock_.monotonic_ms()};
  match::MatchRegistry registry_{match::Names::built_in()};
  match::Match* live_ = nullptr;
  std::deque<FakeHttpClient::Call> calls_;
  ServiceCaller caller_{std::make_unique<FakeHttpClient>(calls_), timers_, log_, {}, 10};
};

TEST_F(BrokenAnswers, NameNoOrganization) {
  AccessKeys keys(caller_, {"http://b", "", ""});
  KeyAnswer answered;
  keys.check_key("k", [&](const KeyAnswer& it) { answered = it; });
  answer(std::string(R"({"id":1,"name":")") + kBroken + "\"}");
  EXPECT_EQ(answered.status, KeyStatus::kUnknown);
}

TEST_F(BrokenAnswers, OverrideNoNames) {
  PlayerCams cams(caller_, registry_, clock_, "http://c");
  cams.fetch(*live_);
  answer(std::string(R"({"nameOverrides":{"n":")") + kBroken + "\"}}");
  BytesWriter out;
  match::write_snapshot(out, *live_);
  EXPECT_EQ(out.view().find(kBroken), std::string_view::npos);
  EXPECT_EQ(caller_.stats().unreadable, 1U);
}

TEST_F(BrokenAnswers, TellNoRanks) {
  MatchStats stats(caller_, registry_, clock_, {"http://s", ""}, 8);
  stats.fetch_ranks(*live_);
  answer(std::string(R"({"results":[{"puuid":"P","currentMMRTier":24,"peakMMRTier":27,"x":")") + kBroken + "\"}]}");
  EXPECT_FALSE(live_->state().hidden.ranks_known);
}

}  // namespace
}  // namespace matchbus::gateway

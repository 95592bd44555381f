#include "match/match.h"

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::kStart;
using test::make_logon;
using test::MatchFixture;
using test::Parsed;

class MatchTest : public MatchFixture {};

TEST_F(MatchTest, StartValues) {
  const Parsed shown(snapshot());
  EXPECT_EQ(shown["matchId"].string(), "");
  EXPECT_EQ(shown["matchType"].string(), "bomb");
  EXPECT_EQ(shown["switchRound"].number(), 13);
  EXPECT_EQ(shown["firstOtRound"].number(), 25);
  EXPECT_EQ(shown["groupCode"].string(), "GROUP1");
  EXPECT_EQ(shown["roundNumber"].number(), 0);
  EXPECT_EQ(shown["roundPhase"].string(), "LOBBY");
  EXPECT_EQ(shown["map"].string(), "Loading");
  EXPECT_EQ(shown["organizationId"].string(), "org");
  EXPECT_EQ(shown["orgIsSupporter"].boolean(), true);
  for (const char* absent : {"agentSelectStartTime", "roundTimeoutTime", "spikeDetonationTime", "hidden", "secret"})
    EXPECT_FALSE(shown[absent].exists()) << absent;
  BytesWriter toast;
  json::write_value(toast, shown["toastInfo"]);
  EXPECT_EQ(toast.view(), json_of("{'active':false,'title':'','message':'','duration':null,'eventLogoEnabled':true}"));
  const json::Value left = shown["teams"].at(0);
  EXPECT_EQ(left["roundRecord"].size(), 25U);
  EXPECT_EQ(left["isAttacking"].boolean(), true);
  EXPECT_EQ(left["ingameTeamId"].number(), 0);
  EXPECT_EQ(shown["teams"].at(1)["ingameTeamId"].number(), 1);
  EXPECT_EQ(match_->organization_name(), "Org");
}

TEST_F(MatchTest, TeamsKeepWhatElseTheLogonTells) {
  ObserverLogon logon = make_logon();
  logon.left.others = R"("colour":"#f00","more":{"a":[1]})";
  match_ = Match::create(logon, {}, kStart);
  ASSERT_NE(match_, nullptr);
  EXPECT_NE(snapshot().find(R"("hasDuplicateAgents":false,"colour":"#f00","more":{"a":[1]}})"), std::string::npos);
  send("swap_left_right", "true");
  const Parsed shown(snapshot());
  EXPECT_FALSE(shown["teams"].at(0)["colour"].exists());
  EXPECT_EQ(shown["teams"].at(1)["colour"].string(), "#f00");
}

TEST_F(MatchTest, NewsIsWhatViewersHaveNotSeen) {
  EXPECT_TRUE(match_->has_news());
  match_->mark_shown();
  EXPECT_FALSE(match_->has_news());
  state().hidden.next_second = 5;
  EXPECT_FALSE(match_->has_news());
  state().round_number = 1;
  EXPECT_TRUE(match_->has_news());
  state().round_number = 0;
  EXPECT_FALSE(match_->has_news());
}

TEST_F(MatchTest, DoesNotGrowWithTextThatComesAndGoes) {
  add_player("P", 0);
  size_t most = 0;
  for (int i = 0; i < 20'000; ++i) {
    expect_applied("map", "'Foxtrot'");
    expect_applied("match_start", "'match number " + std::to_string(i) + " with a fairly long name'");
    if (i % 100 == 0) match_->mark_shown();
    most = std::max(most, match_->memory());
  }
  EXPECT_LT(most, 200'000U);
  EXPECT_EQ(match_->match_id(), "match number 19999 with a fairly long name");
}

TEST_F(MatchTest, MovingChangesNothingVisible) {
  add_player("P", 0);
  add_player("Q", 1);
  round(1, "combat");
  expect_applied("killfeed",
                 "{'attacker':'Q','victim':'P','weaponKillfeedInternal':'W','headshotKill':true,'assists':[],"
                 "'isTeamkill':true}");
  match_->mark_shown();
  expect_applied("match_start", "'M'");
  const std::string before = snapshot();
  const std::string secret(text(state().hidden.cam_secret));
  const size_t texts = match_->texts().size();
  for (int i = 0; match_->texts().used() < 40'000; ++i)
    ASSERT_NE(match_->texts().intern("garbage " + std::to_string(i)), kNoText);
  match_->tidy();
  EXPECT_LE(match_->texts().size(), texts);
  EXPECT_EQ(snapshot(), before);
  EXPECT_EQ(text(state().hidden.cam_secret), secret);
  EXPECT_EQ(text(player(1, 0).ingame_name), "Q");
  // The shown state came along: only the match's id and isRunning differ.
  EXPECT_TRUE(match_->has_news());
  EXPECT_EQ(match_->shown().match_id, kEmptyText);
  state().match_id = kEmptyText;
  state().is_running = false;
  EXPECT_FALSE(match_->has_news());
}

TEST_F(MatchTest, RefusesEventsWithoutRoomForTheirText) {
  match_ = Match::create(make_logon("G"), {}, kStart, Match::kLeastMemory);
  int refused = 0;
  // Live text: a counter for every weapon of every player.
  for (int p = 0; p < 10; ++p) add_player("Player " + std::to_string(p), p / 5);
  for (int i = 0; i < 2'000; ++i) {
    const std::string name = std::to_string(i) + std::string(110, 'w');
    if (i % 20 == 0) round(2, "shopping");
    const Outcome outcome = send("killfeed", "{'attacker':'Player " + std::to_string(i % 10) + "','victim':'v" +
                                                 std::to_string(i % 16) + "','weaponKillfeedInternal':'" + name +
                                                 "','headshotKill':true,'assists':[],'isTeamkill':false}");
    if (outcome.verdict == Verdict::kRefused) ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LE(match_->memory(), Match::kLeastMemory);
  const Parsed parsed(snapshot());  // still a good one
  expect_applied("switch_kda_credits", "true");
}

TEST_F(MatchTest, CreateRefusesWhatDoesNotFit) {
  ObserverLogon logon = make_logon("G", "{'x':'" + std::string(60'000, 'x') + "'}");
  EXPECT_NE(Match::create(logon, {}, kStart), nullptr);
  logon.tools.insert(logon.tools.size() - 1, json_of(",'y':'" + std::string(100'000, 'y') + "'"));
  EXPECT_EQ(Match::create(logon, {}, kStart, Match::kLeastMemory), nullptr);
}

}  // namespace
}  // namespace matchbus::match

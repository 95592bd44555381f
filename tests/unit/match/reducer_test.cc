// Events without a file of their own, and what holds for all: time, order, who may write.
#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

class ReducerTest : public MatchFixture {};

TEST_F(ReducerTest, MatchStart) {
  EXPECT_TRUE(send("match_start", "'M'").effects.has(Effect::kStarted));
  EXPECT_EQ(match_->match_id(), "M");
  EXPECT_TRUE(state().is_running);
  EXPECT_EQ(server("server_registered", "true").verdict, Verdict::kApplied);
  // An observer that came back says it again.
  EXPECT_TRUE(send("match_start", "'M'").effects.empty());
  EXPECT_TRUE(state().is_registered);
  EXPECT_TRUE(send("match_start", "'N'").effects.has(Effect::kStarted));
  EXPECT_FALSE(state().is_registered);
  EXPECT_TRUE(send("match_start", "''").effects.empty());
  expect_applied("match_start", "'" + std::string(300, 'm') + "'");
  EXPECT_EQ(match_->match_id(), std::string(256, 'm'));
}

TEST_F(ReducerTest, MatchStartOfOldClients) {
  EXPECT_TRUE(send("match_start", "true").effects.empty());
  EXPECT_TRUE(state().is_running);
  EXPECT_EQ(match_->match_id(), "");
  expect_applied("match_start", "'M'");
  expect_applied("match_start", "true");
  EXPECT_EQ(match_->match_id(), "M");
}

TEST_F(ReducerTest, AgentSelectIsShownOnceAnObserverSpeaksOfIt) {
  EXPECT_EQ(snapshot().find("agentSelectActive"), std::string::npos);
  expect_applied("toggle_agent_select", "true");
  EXPECT_NE(snapshot().find("\"agentSelectActive\":true"), std::string::npos);
  expect_applied("toggle_agent_select", "true");
  EXPECT_NE(snapshot().find("\"agentSelectActive\":false"), std::string::npos);
}

TEST_F(ReducerTest, Map) {
  expect_applied("map", "'Infinityy'");
  EXPECT_EQ(text(state().map), "Abyss");
  expect_applied("map", "'Unheard'");
  EXPECT_EQ(text(state().map), "Corrode");
  for (const char* data : {"null", "{}", "true"}) EXPECT_EQ(send("map", data).verdict, Verdict::kIgnored) << data;
}

TEST_F(ReducerTest, GameMode) {
  expect_applied("game_mode", "'swift'");
  EXPECT_EQ(state().switch_round, 5);
  EXPECT_EQ(state().first_ot_round, 99);
  expect_applied("game_mode", "'SWIFT'");
  EXPECT_EQ(state().switch_round, 13);
  EXPECT_EQ(state().first_ot_round, 25);
  expect_applied("game_mode", "null");
  EXPECT_EQ(state().match_type, kNoText);
  for (const char* data : {"{}", "true"}) EXPECT_EQ(send("game_mode", data).verdict, Verdict::kIgnored) << data;
}

TEST_F(ReducerTest, Observing) {
  add_player("A", 0);
  add_player("X", 1);
  expect_applied("observing", "'A #TAG'");
  EXPECT_TRUE(player(0, 0).is_observed);
  expect_applied("observing", "'X #TAG'");
  EXPECT_FALSE(player(0, 0).is_observed);
  EXPECT_TRUE(player(1, 0).is_observed);
  for (const char* data : {"'X#TAG'", "''", "null", "{}", "5"}) {
    expect_applied("observing", "'X #TAG'");
    expect_applied("observing", data);
    EXPECT_FALSE(player(1, 0).is_observed) << data;
  }
}

TEST_F(ReducerTest, SwitchKdaCredits) {
  expect_applied("switch_kda_credits", "false");
  EXPECT_TRUE(state().show_alive_kda);
  expect_applied("switch_kda_credits", "null");
  EXPECT_FALSE(state().show_alive_kda);
}

TEST_F(ReducerTest, SwapLeftRight) {
  add_player("A", 0);
  state().tools.timeout_counter.left = 0;
  expect_applied("swap_left_right", "true");
  EXPECT_EQ(text(team(0).name), "Beta");
  EXPECT_EQ(team(1).player_count, 1U);
  EXPECT_EQ(state().tools.timeout_counter.right, 0);
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':1"));
  EXPECT_EQ(player(1, 0).kills, 1);
}

TEST_F(ReducerTest, SwapAttackerDefender) {
  team(0).rounds_won = 7;
  round(2, "shopping");
  expect_applied("swap_attacker_defender", "true");
  EXPECT_EQ(text(team(0).name), "Alpha");
  EXPECT_FALSE(team(0).is_attacking);
  EXPECT_EQ(team(1).rounds_won, 7);
  EXPECT_EQ(team(1).records.items[0].result, RoundResult::kLost);
}

TEST_F(ReducerTest, HealthAndAbilities) {
  add_player("A", 0);
  EXPECT_EQ(aux("aux_health", "A", "63.5").verdict, Verdict::kApplied);
  EXPECT_EQ(player(0, 0).health, 63.5);
  EXPECT_TRUE(player(0, 0).auxiliary.health);
  EXPECT_EQ(aux("aux_abilities", "A", "{'grenade':1,'ability_1':2,'ability_2':3}").verdict, Verdict::kApplied);
  EXPECT_EQ(text(player(0, 0).abilities.ability2), "3");
  EXPECT_TRUE(player(0, 0).auxiliary.abilities);
  EXPECT_EQ(aux("aux_health", "nobody", "5").verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("aux_abilities", "nobody", "{'grenade':1,'ability_1':2,'ability_2':3}").verdict, Verdict::kIgnored);
  for (const char* data : {"null", "5", "[1,2,3]"})
    EXPECT_EQ(aux("aux_abilities", "A", data).verdict, Verdict::kRefused) << data;
}

TEST_F(ReducerTest, AbilitiesAsTheyCame) {
  add_player("A", 0);
  EXPECT_EQ(aux("aux_abilities", "A", "{'grenade':true,'ability_1':'2','ability_2':false}").verdict, Verdict::kApplied);
  EXPECT_NE(snapshot().find(json_of("'abilities':{'grenade':true,'ability1':2,'ability2':false}")), std::string::npos);
  EXPECT_EQ(aux("aux_abilities", "A", "{'ability_1':null,'ability_2':1}").verdict, Verdict::kApplied);
  EXPECT_NE(snapshot().find(json_of("'abilities':{'grenade':true,'ability1':2,'ability2':1}")), std::string::npos);
}

TEST_F(ReducerTest, AuxiliaryClientGone) {
  add_player("A", 0);
  aux("aux_health", "A", "63");
  aux("aux_scoreboard", "A", scoreboard("A", 0));
  EXPECT_EQ(server("server_aux_gone", "'A'").verdict, Verdict::kApplied);
  const AuxiliaryAvailable& it = player(0, 0).auxiliary;
  EXPECT_FALSE(it.health || it.abilities || it.scoreboard);
  EXPECT_EQ(player(0, 0).health, 63);
  EXPECT_EQ(server("server_aux_gone", "'nobody'").verdict, Verdict::kIgnored);
  EXPECT_EQ(server("server_aux_gone", "5").verdict, Verdict::kRefused);
  EXPECT_EQ(server("server_aux_gone", "'A'").verdict, Verdict::kIgnored) << "it has gone already";
}

TEST_F(ReducerTest, AuxiliaryClientBack) {
  add_player("A", 0);
  aux("aux_health", "A", "63");
  aux("aux_scoreboard", "A", scoreboard("A", 0));
  EXPECT_EQ(server("server_aux_back", "'A'").verdict, Verdict::kIgnored) << "it has not gone";
  server("server_aux_gone", "'A'");
  EXPECT_EQ(server("server_aux_back", "'A'").verdict, Verdict::kApplied);
  const AuxiliaryAvailable& it = player(0, 0).auxiliary;
  EXPECT_TRUE(it.health && it.scoreboard);
  EXPECT_FALSE(it.abilities) << "it never told them";
  EXPECT_EQ(server("server_aux_back", "'A'").verdict, Verdict::kIgnored);
  EXPECT_EQ(server("server_aux_back", "'nobody'").verdict, Verdict::kIgnored);
  EXPECT_EQ(server("server_aux_back", "5").verdict, Verdict::kRefused);
}

// A scoreboard is of its round, whether its client is there at the next one's start or not.
TEST_F(ReducerTest, AuxiliaryClientBackInAnotherRound) {
  add_player("A", 0);
  aux("aux_health", "A", "63");
  aux("aux_scoreboard", "A", scoreboard("A", 0));
  server("server_aux_gone", "'A'");
  round(2, "shopping");
  server("server_aux_back", "'A'");
  EXPECT_TRUE(player(0, 0).auxiliary.health);
  EXPECT_FALSE(player(0, 0).auxiliary.scoreboard);
}

// Another client that spoke for the player meanwhile is not forgotten.
TEST_F(ReducerTest, AuxiliaryClientBackBesideAnother) {
  add_player("A", 0);
  aux("aux_health", "A", "63");
  server("server_aux_gone", "'A'");
  aux("aux_abilities", "A", "{'grenade':1,'ability_1':2,'ability_2':3}");
  server("server_aux_back", "'A'");
  EXPECT_TRUE(player(0, 0).auxiliary.health && player(0, 0).auxiliary.abilities);
}

TEST_F(ReducerTest, Registered) {
  EXPECT_EQ(server("server_registered", "true").verdict, Verdict::kApplied);
  EXPECT_TRUE(state().is_registered);
  EXPECT_EQ(server("server_registered", "1").verdict, Verdict::kRefused);
  EXPECT_EQ(server("server_registered", "false").verdict, Verdict::kApplied);
  EXPECT_FALSE(state().is_registered);
}

TEST_F(ReducerTest, Ranks) {
  add_player("A", 0);
  EXPECT_EQ(server("server_ranks", "[{'puuid':'A','currentMMRTier':21,'peakMMRTier':null},{'puuid':'nobody'}]").verdict,
            Verdict::kApplied);
  EXPECT_EQ(player(0, 0).current_tier, 21);
  EXPECT_TRUE(player(0, 0).peak_tier != player(0, 0).peak_tier);
  for (const char* data : {"null", "{}", "[5]", "[{'puuid':5}]", "[{'puuid':'A','peakMMRTier':'x'}]",
                           "[{'puuid':'A','currentMMRTier':[]}]"})
    EXPECT_EQ(server("server_ranks", data).verdict, Verdict::kRefused) << data;
  EXPECT_EQ(player(0, 0).current_tier, 21);
}

TEST_F(ReducerTest, NameOverrides) {
  const auto shown = [&](std::string_view key) {
    const Parsed parsed(snapshot());
    BytesWriter out;
    json::write_value(out, parsed["tools"][key]);
    return std::string(out.view());
  };
  EXPECT_EQ(server("server_name_overrides", "{'nameOverrides':[{'a':'b'}],'enabledPlayers':['A']}").verdict,
            Verdict::kApplied);
  EXPECT_EQ(shown("nameOverrides"), R"({"overrides":"[{\"a\":\"b\"}]"})");
  EXPECT_EQ(shown("playercamsInfo"),
            test::json_of("{'enable':false,'removeTricodes':false,'identifier':'','enabledPlayers':['A']}"));
  EXPECT_EQ(server("server_name_overrides", "{'nameOverrides':'as it is'}").verdict, Verdict::kApplied);
  EXPECT_EQ(shown("nameOverrides"), R"({"overrides":"as it is"})");
  EXPECT_EQ(server("server_name_overrides", "{'nameOverrides':{'overrides':'[1]'}}").verdict, Verdict::kApplied);
  EXPECT_EQ(shown("nameOverrides"), R"({"overrides":"[1]"})");
  EXPECT_EQ(server("server_name_overrides", "[]").verdict, Verdict::kRefused);
  EXPECT_EQ(server("server_name_overrides", "{'nameOverrides':'" + std::string(40'000, 'x') + "'}").verdict,
            Verdict::kRefused);
}

TEST_F(ReducerTest, ASetClockMovesNoDeadline) {
  for (const int64_t step : {-7'200'000, 7'200'000}) {
    restart("");
    expect_applied("left_timeout", "1");
    expect_applied("toast", "{'duration':30000,'title':'','message':'','eventLogoEnabled':true,'active':false}");
    round(1, "combat");
    wait(10'500);
    now_ += step;
    EXPECT_EQ(server("server_clock", std::to_string(step)).verdict, Verdict::kApplied);
    EXPECT_EQ(state().timeout.remaining, 50);
    EXPECT_EQ(state().round_timeout, now_ + 99'000 - 10'500);
    wait(500);
    EXPECT_EQ(state().timeout.remaining, 49);
    wait(49'000);
    EXPECT_FALSE(state().timeout.left);
    EXPECT_FALSE(wait(30 * 60'000 - 60'001).effects.has(Effect::kAbandoned));
    EXPECT_TRUE(wait(1).effects.has(Effect::kAbandoned)) << "setting the clock is no activity";
  }
  EXPECT_EQ(server("server_clock", "'1'").verdict, Verdict::kRefused);
}

TEST_F(ReducerTest, WhoMayWrite) {
  EXPECT_EQ(send("nonsense", "1").verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("map", "A", "'Jam'").verdict, Verdict::kIgnored);
  EXPECT_EQ(send("server_registered", "true").verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("server_registered", "A", "true").verdict, Verdict::kIgnored);
  EXPECT_EQ(server("map", "'Jam'").verdict, Verdict::kIgnored);
  EXPECT_FALSE(state().is_registered);
  EXPECT_EQ(text(state().map), "Loading");
}

TEST_F(ReducerTest, AbandonedAfterHalfAnHourWithoutEvents) {
  now_ += 1'000'000;
  expect_applied("map", "'Jam'");
  EXPECT_EQ(reducer_.next_deadline(*match_), now_ + 1'800'000);
  EXPECT_TRUE(wait(1'799'999).effects.empty());
  // What is not accepted does not count.
  send("nonsense", "1");
  send("map", "null");
  const Effects effects = wait(1).effects;
  EXPECT_TRUE(effects.has(Effect::kAbandoned));
  EXPECT_TRUE(effects.has(Effect::kRemove));
  EXPECT_TRUE(wait(10'000'000).effects.empty());
}

TEST_F(ReducerTest, InactivityCanBeOff) {
  Reducer reducer(Names::built_in(), {0, 5'000});
  EXPECT_EQ(reducer.next_deadline(*match_), INT64_MAX);
  EXPECT_TRUE(reducer.advance(*match_, now_ + 100'000'000'000).effects.empty());
}

TEST_F(ReducerTest, TimeThatGoesBackWaits) {
  expect_applied("left_timeout", "true");
  now_ -= 10'000;
  expect_applied("map", "'Jam'");
  wait(0);
  EXPECT_EQ(state().timeout.remaining, 60);
  EXPECT_EQ(state().hidden.last_event, now_ + 10'000);
  now_ = 0;
  expect_applied(
      "roster",
      "{'name':'N','tagline':'T','startTeam':0,'agentInternal':'','playerId':'p','position':0,'locked':true}");
  EXPECT_GT(state().agent_select_start, 0);
}

}  // namespace
}  // namespace matchbus::match

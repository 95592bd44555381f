#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class RoundsTest : public MatchFixture {
 protected:
  void SetUp() override {
    add_player("A", 0);
    add_player("X", 1);
  }
  void score(int team_0, int team_1) {
    expect_applied("score", "{'team_0':" + std::to_string(team_0) + ",'team_1':" + std::to_string(team_1) + "}");
  }
  RoundRecord record(int team_index, int round_number) {
    return team(team_index).records.items[static_cast<size_t>(round_number - 1)];
  }
  void expect_records(int round_number, RoundResult left, RoundResult right) {
    EXPECT_EQ(record(0, round_number).result, left) << record_name(0, round_number);
    EXPECT_EQ(record(1, round_number).result, right) << record_name(1, round_number);
  }
  std::string record_name(int team_index, int round_number) {
    return std::to_string(static_cast<int>(record(team_index, round_number).result));
  }
};

TEST_F(RoundsTest, PhasesAndNumbers) {
  round(3, "combat");
  EXPECT_EQ(state().round_number, 3);
  EXPECT_EQ(text(state().round_phase), "combat");
  EXPECT_EQ(state().round_timeout, now_ + 99'000);
  round(3, "end");
  EXPECT_EQ(state().round_timeout, kNever);
  round(0, "something new");
  EXPECT_EQ(text(state().round_phase), "something new");
}

TEST_F(RoundsTest, NumbersOutsideAreRefused) {
  const std::string before = snapshot();
  for (const char* number : {"-1", "201", "1e9", "'-1'"}) {
    EXPECT_EQ(send("round_info", "{'roundPhase':'shopping','roundNumber':" + std::string(number) + "}").verdict,
              Verdict::kRefused)
        << number;
  }
  EXPECT_EQ(snapshot(), before);
  round(0, "shopping");
  round(200, "shopping");
}

TEST_F(RoundsTest, ShoppingResetsPlayers) {
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':2,'deaths':1,'money':1000,'isAlive':false"));
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':2,'deaths':1,'money':400,'isAlive':false"));
  expect_applied("killfeed",
                 "{'attacker':'A','victim':'X','weaponKillfeedInternal':'W','headshotKill':true,'assists':[],"
                 "'isTeamkill':false}");
  player(0, 0).auxiliary.health = true;
  round(2, "shopping");
  const Player& it = player(0, 0);
  EXPECT_EQ(it.kills_this_round + it.deaths_this_round, 0);
  EXPECT_EQ(it.killed_names.size, 0U);
  EXPECT_EQ(it.money_spent, 0);
  EXPECT_FALSE(it.spent_money);
  EXPECT_TRUE(it.is_alive);
  EXPECT_EQ(it.health, 100);
  EXPECT_FALSE(it.scoreboard_available);
  EXPECT_TRUE(it.auxiliary.health);
  EXPECT_EQ(it.kills, 2);
  EXPECT_EQ(it.money, 400);
  EXPECT_EQ(it.kills_by_weapon.size, 1U);
  EXPECT_EQ(team(0).spent_this_round, 600);
}

TEST_F(RoundsTest, SwitchRounds) {
  round(12, "shopping");
  EXPECT_TRUE(team(0).is_attacking);
  round(13, "shopping");
  EXPECT_FALSE(team(0).is_attacking);
  EXPECT_TRUE(team(1).is_attacking);
  EXPECT_EQ(player(0, 0).money, 800);
  round(24, "shopping");
  EXPECT_FALSE(team(0).is_attacking);
  round(25, "shopping");
  EXPECT_TRUE(team(0).is_attacking);
  round(26, "shopping");
  EXPECT_FALSE(team(0).is_attacking);
}

TEST_F(RoundsTest, OvertimeGrantsATimeoutOnce) {
  TimeoutCounter& counter = state().tools.timeout_counter;
  counter.left = 0;
  counter.right = 2;
  round(24, "shopping");
  EXPECT_FALSE(state().has_entered_overtime);
  round(25, "shopping");
  EXPECT_TRUE(state().has_entered_overtime);
  EXPECT_EQ(counter.left, 1);
  EXPECT_EQ(counter.right, 2);
  round(26, "shopping");
  EXPECT_EQ(counter.left, 1);
}

TEST_F(RoundsTest, SwiftHasNoOvertime) {
  expect_applied("game_mode", "'swift'");
  round(5, "shopping");
  EXPECT_FALSE(team(0).is_attacking);
  round(25, "shopping");
  EXPECT_FALSE(state().has_entered_overtime);
}

TEST_F(RoundsTest, Reasons) {
  round(1, "combat");
  score(1, 0);
  round(2, "shopping");
  expect_records(1, RoundResult::kKills, RoundResult::kLost);

  round(2, "combat");
  expect_applied("spike_planted", "true");
  expect_applied("spike_detonated", "true");
  score(2, 0);
  round(3, "shopping");
  expect_records(2, RoundResult::kDetonated, RoundResult::kLost);

  round(3, "combat");
  expect_applied("spike_planted", "true");
  expect_applied("spike_defused", "true");
  score(2, 1);
  round(4, "shopping");
  expect_records(3, RoundResult::kLost, RoundResult::kDefused);

  round(4, "combat");
  score(2, 2);
  round(5, "shopping");
  expect_records(4, RoundResult::kLost, RoundResult::kKills);

  round(5, "combat");
  now_ += 98'999;
  score(2, 3);
  EXPECT_FALSE(state().was_timeout);
  now_ += 1;
  score(2, 4);
  EXPECT_TRUE(state().was_timeout);
  round(6, "shopping");
  expect_records(5, RoundResult::kLost, RoundResult::kTimeout);

  // Attackers do not win by time.
  round(6, "combat");
  now_ += 99'000;
  score(3, 4);
  round(7, "shopping");
  expect_records(6, RoundResult::kKills, RoundResult::kLost);
}

TEST_F(RoundsTest, AfterAPlantThereIsNoTimeout) {
  round(1, "combat");
  expect_applied("spike_planted", "true");
  now_ += 120'000;
  score(0, 1);
  EXPECT_FALSE(state().was_timeout);
}

TEST_F(RoundsTest, AScoreThatDoesNotRiseTellsNoWinner) {
  round(1, "combat");
  now_ += 99'000;
  score(0, 1);
  EXPECT_TRUE(state().was_timeout);
  score(0, 1);
  EXPECT_TRUE(state().was_timeout);
  round(1, "end");
  score(0, 1);
  EXPECT_FALSE(state().was_timeout);  // of any score: there is no time that it could be after
  EXPECT_FALSE(state().attackers_won);
  score(0, 0);  // corrected
  EXPECT_EQ(team(1).rounds_won, 0);
}

TEST_F(RoundsTest, ScoresGoByStartTeam) {
  expect_applied("swap_left_right", "true");
  score(3, 1);
  EXPECT_EQ(team(0).rounds_won, 1);
  EXPECT_EQ(team(1).rounds_won, 3);
  EXPECT_TRUE(state().attackers_won);  // both rose: team 0 counts
}

TEST_F(RoundsTest, ScoreUnplantsTheSpike) {
  round(1, "combat");
  expect_applied("spike_planted", "true");
  score(1, 0);
  EXPECT_FALSE(state().spike.planted);
}

TEST_F(RoundsTest, WritingMakesFiveUpcoming) {
  round(24, "shopping");
  EXPECT_EQ(team(0).records.size, 28U);
  EXPECT_EQ(record(0, 28).result, RoundResult::kUpcoming);
  round(200, "shopping");
  EXPECT_EQ(team(0).records.size, kMaxRecords);
  EXPECT_EQ(record(0, 100).result, RoundResult::kSkipped);
  EXPECT_EQ(record(0, 199).result, RoundResult::kLost);
  EXPECT_EQ(record(0, 204).result, RoundResult::kUpcoming);
}

TEST_F(RoundsTest, PlantingOnlyInCombat) {
  expect_applied("spike_planted", "true");
  EXPECT_FALSE(state().spike.planted);
  round(1, "combat");
  now_ += 5'000;
  expect_applied("spike_planted", "null");
  EXPECT_TRUE(state().spike.planted);
  EXPECT_EQ(state().spike_detonation, now_ + 45'000);
  EXPECT_EQ(state().round_timeout, kNever);
  now_ += 5'000;
  expect_applied("spike_planted", "5");
  EXPECT_EQ(state().spike_detonation, now_ + 40'000);
  expect_applied("spike_defused", "{}");
  EXPECT_TRUE(state().spike.defused);
  EXPECT_NE(state().spike_detonation, kNever);
  expect_applied("spike_detonated", "[]");
  EXPECT_TRUE(state().spike.detonated);
  EXPECT_EQ(state().spike_detonation, kNever);
}

TEST_F(RoundsTest, PlantingByMoney) {
  expect_applied("scoreboard", scoreboard("A", 0, ",'money':500"));
  round(1, "combat");
  for (const char* money : {"799", "1100", "799", "1100"}) {
    expect_applied("scoreboard", scoreboard("A", 0, ",'money':" + std::string(money)));
    EXPECT_FALSE(state().spike.planted) << money;
  }
  expect_applied("scoreboard", scoreboard("A", 0, ",'money':1400"));
  EXPECT_TRUE(state().spike.planted);
}

TEST_F(RoundsTest, EffectsOfShopping) {
  expect_applied("match_start", "'M'");
  expect_applied("round_info", "{'roundPhase':'shopping','roundNumber':1}");
  EXPECT_TRUE(last_.effects.has(Effect::kFetchRanks));
  EXPECT_FALSE(last_.effects.has(Effect::kUpdate));
  EXPECT_EQ(server("server_registered", "true").verdict, Verdict::kApplied);
  round(1, "shopping");
  EXPECT_TRUE(last_.effects.empty());
  round(2, "shopping");
  EXPECT_TRUE(last_.effects.has(Effect::kUpdate));
  EXPECT_FALSE(last_.effects.has(Effect::kFetchRanks));
  EXPECT_FALSE(last_.effects.has(Effect::kFetchOverrides));
  restart("{'playercamsInfo':{'identifier':'i'}}");
  round(1, "shopping");
  EXPECT_FALSE(last_.effects.has(Effect::kFetchOverrides));
  restart("{'playercamsInfo':{'identifier':'i','secret':'s'}}");
  round(1, "shopping");
  EXPECT_TRUE(last_.effects.has(Effect::kFetchOverrides));
}

TEST_F(RoundsTest, GameEnd) {
  expect_applied("match_start", "'M'");
  expect_applied("toast", "{'duration':60000}");
  expect_applied("left_timeout", "true");
  round(24, "game_end");
  EXPECT_TRUE(last_.effects.has(Effect::kEnded));
  EXPECT_FALSE(state().is_running);
  EXPECT_FALSE(state().timeout.left);
  EXPECT_TRUE(state().toast.active);
  EXPECT_EQ(reducer_.next_deadline(*match_), now_ + 5'000);
  // Late events still count, but there is no second end and no going on.
  score(13, 11);
  EXPECT_EQ(team(0).rounds_won, 13);
  for (const char* type : {"match_start", "left_timeout", "tech_pause"})
    EXPECT_EQ(send(type, "'x'").verdict, Verdict::kIgnored) << type;
  EXPECT_EQ(send("round_info", "{'roundPhase':'game_end','roundNumber':24}").verdict, Verdict::kIgnored);
  EXPECT_TRUE(wait(4'999).effects.empty());
  EXPECT_TRUE(wait(1).effects.has(Effect::kRemove));
  EXPECT_TRUE(wait(60'000).effects.empty());
  EXPECT_EQ(reducer_.next_deadline(*match_), INT64_MAX);
}

}  // namespace
}  // namespace matchbus::match

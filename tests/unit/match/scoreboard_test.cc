#include <cmath>

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class ScoreboardTest : public MatchFixture {
 protected:
  void SetUp() override {
    add_player("A", 0);
    add_player("B", 0);
    add_player("X", 1);
  }
  void board(std::string_view changes, std::string_view id = "A", int start_team = 0) {
    expect_applied("scoreboard", scoreboard(id, start_team, changes));
  }
};

TEST_F(ScoreboardTest, TakesTheNumbers) {
  board(
      ",'kills':3,'deaths':2,'assists':4,'currUltPoints':5,'maxUltPoints':8,'money':1200,'hasSpike':true,"
      "'initialArmor':2");
  const Player& it = player(0, 0);
  EXPECT_EQ(it.kills, 3);
  EXPECT_EQ(it.deaths, 2);
  EXPECT_EQ(it.assists, 4);
  EXPECT_EQ(it.kd_ratio, 1.5);
  EXPECT_EQ(it.ult_points, 5);
  EXPECT_EQ(it.max_ult_points, 8);
  EXPECT_FALSE(it.ult_ready);
  EXPECT_EQ(it.money, 1200);
  EXPECT_TRUE(it.has_spike);
  EXPECT_EQ(text(it.armor_name), "Heavy");
  EXPECT_EQ(text(it.highest_weapon), "Vandal");
  EXPECT_TRUE(it.scoreboard_available);
  EXPECT_FALSE(it.auxiliary.scoreboard);
}

TEST_F(ScoreboardTest, CountsRoundsKillsOncePerMessage) {
  board(",'kills':2,'deaths':1");
  board(",'kills':5,'deaths':1");
  board(",'kills':4,'deaths':1");
  EXPECT_EQ(player(0, 0).kills_this_round, 2);
  EXPECT_EQ(player(0, 0).deaths_this_round, 1);
}

TEST_F(ScoreboardTest, RatioWithoutDeathsIsNull) {
  EXPECT_EQ(player(0, 0).kd_ratio, 0);
  board("");
  EXPECT_TRUE(std::isnan(player(0, 0).kd_ratio));
  board(",'kills':2");
  EXPECT_TRUE(std::isnan(player(0, 0).kd_ratio));
}

TEST_F(ScoreboardTest, SpendingStartsWithTheFirstDrop) {
  board(",'money':800");
  board(",'money':1000");
  EXPECT_EQ(player(0, 0).money_spent, 0);
  board(",'money':700");
  EXPECT_EQ(player(0, 0).money_spent, 300);
  EXPECT_TRUE(player(0, 0).spent_money);
  board(",'money':900");
  EXPECT_EQ(player(0, 0).money_spent, 100);
  board(",'money':300,'playerId':'B'");
  board(",'money':200,'playerId':'B'");
  EXPECT_EQ(team(0).spent_this_round, 200);
  EXPECT_EQ(team(1).spent_this_round, 0);
}

TEST_F(ScoreboardTest, DeathAndRevival) {
  board(",'isAlive':false");
  EXPECT_EQ(player(0, 0).health, 0);
  aux("aux_health", "A", "40");
  board(",'isAlive':false");
  EXPECT_EQ(player(0, 0).health, 40);
  board("");
  EXPECT_EQ(player(0, 0).health, 100);
  aux("aux_health", "A", "40");
  board("");
  EXPECT_EQ(player(0, 0).health, 40);
}

TEST_F(ScoreboardTest, Armor) {
  const auto armor = [&](const char* value) -> std::string {
    board(",'initialArmor':" + std::string(value));
    const TextId id = player(0, 0).armor_name;
    return id == kNoText ? "absent" : std::string(text(id));
  };
  EXPECT_EQ(armor("0"), "None");
  EXPECT_EQ(armor("4"), "Regen");
  EXPECT_EQ(armor("'1'"), "Light");
  EXPECT_EQ(armor("1.0"), "Light");
  for (const char* none :
       {"5", "-1", "1.5", "1e30", "'x'", "''", "'01'", "'1x'", "null", "true", "[]", "{}", "'99999999999999999999999'"})
    EXPECT_EQ(armor(none), "absent") << none;
}

TEST_F(ScoreboardTest, Weapon) {
  board(",'scoreboardWeaponInternal':'NewGun'");
  EXPECT_EQ(player(0, 0).highest_weapon, kNoText);
  board("");
  board(",'scoreboardWeaponInternal':null");
  EXPECT_EQ(player(0, 0).highest_weapon, kNoText);
}

TEST_F(ScoreboardTest, AgentMayChange) {
  board(",'agentInternal':'Pine'");
  EXPECT_EQ(text(player(0, 0).agent_internal), "Pine");
  EXPECT_EQ(text(player(0, 0).agent_proper), "Veto");
}

TEST_F(ScoreboardTest, UnknownPlayersAndTeams) {
  const std::string before = snapshot();
  EXPECT_EQ(send("scoreboard", scoreboard("nobody", 0)).verdict, Verdict::kIgnored);
  EXPECT_EQ(send("scoreboard", scoreboard("A", 1)).verdict, Verdict::kIgnored);
  EXPECT_EQ(send("scoreboard", scoreboard("A", 7)).verdict, Verdict::kRefused);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(ScoreboardTest, AuxiliaryStandsIn) {
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 0, ",'kills':1,'money':700")).verdict, Verdict::kApplied);
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 0, ",'kills':1,'money':500")).verdict, Verdict::kApplied);
  EXPECT_TRUE(player(0, 0).auxiliary.scoreboard);
  EXPECT_FALSE(player(0, 0).scoreboard_available);
  EXPECT_EQ(player(0, 0).money_spent, 200);
  EXPECT_EQ(team(0).spent_this_round, 0);
  board(",'kills':2");
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 0, ",'kills':9")).verdict, Verdict::kIgnored);
  EXPECT_EQ(player(0, 0).kills, 2);
  round(2, "shopping");
  EXPECT_FALSE(player(0, 0).auxiliary.scoreboard);
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 0, ",'kills':9")).verdict, Verdict::kApplied);
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("nobody", 0)).verdict, Verdict::kIgnored);
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 5)).verdict, Verdict::kRefused);
  EXPECT_EQ(aux("aux_scoreboard", "A", "null").verdict, Verdict::kRefused);
}

TEST_F(ScoreboardTest, MoneyOfAnAuxiliaryScoreboardTellsOfAPlant) {
  board(",'money':500");
  round(1, "combat");
  board(",'money':500");
  EXPECT_EQ(aux("aux_scoreboard", "A", scoreboard("A", 0, ",'money':800")).verdict, Verdict::kApplied);
  EXPECT_TRUE(state().spike.planted);
  EXPECT_EQ(player(0, 0).money, 500);  // the observer's counts
}

class AuxTeamTest : public ScoreboardTest {
 protected:
  // Entries as JSON with apostrophes, sent as a text.
  Outcome send_team(std::string entries) {
    BytesWriter text;
    json::write_string(text, test::json_of("[" + entries + "]"));
    return send_json("aux_scoreboard_team", std::string(text.view()), Writer::kAuxiliary, "A");
  }
};

TEST_F(AuxTeamTest, ReachesBothTeams) {
  EXPECT_EQ(send_team(scoreboard("A", 0, ",'kills':4") + "," + scoreboard("nobody", 0) + "," +
                      scoreboard("X", 1, ",'kills':5,'startTeam':'ignored'"))
                .verdict,
            Verdict::kApplied);
  EXPECT_EQ(player(0, 0).kills, 4);
  EXPECT_EQ(player(1, 0).kills, 5);
  EXPECT_TRUE(player(1, 0).auxiliary.scoreboard);
  EXPECT_FALSE(player(0, 1).auxiliary.scoreboard);
}

TEST_F(AuxTeamTest, NamesNeedNotBeThere) {
  EXPECT_EQ(send_team("{'playerId':'A','agentInternal':'Clay','isAlive':false,'initialArmor':1,"
                      "'scoreboardWeaponInternal':'knife','currUltPoints':1,'maxUltPoints':7,'hasSpike':false,"
                      "'money':5,'kills':1,'deaths':2,'assists':3}")
                .verdict,
            Verdict::kApplied);
  EXPECT_EQ(player(0, 0).assists, 3);
  EXPECT_EQ(text(player(0, 0).highest_weapon), "Knife");
}

TEST_F(AuxTeamTest, EachEntryStandsForItself) {
  EXPECT_EQ(
      send_team("5,null,{}," + scoreboard("A", 0, ",'kills':[]") + "," + scoreboard("X", 1, ",'kills':'5'")).verdict,
      Verdict::kApplied);
  EXPECT_EQ(player(0, 0).money, 800);
  EXPECT_EQ(player(0, 0).kills, 0);
  EXPECT_EQ(player(1, 0).kills, 5);
  // Not double-encoded, but clear enough.
  EXPECT_EQ(aux("aux_scoreboard_team", "A", "[" + scoreboard("A", 0, ",'kills':6") + "]").verdict, Verdict::kApplied);
  EXPECT_EQ(player(0, 0).kills, 6);
  std::string many = scoreboard("B", 0);
  for (int i = 0; i < 30; ++i) many += "," + scoreboard("nobody", 0);
  EXPECT_EQ(send_team(many + "," + scoreboard("A", 0, ",'kills':9")).verdict, Verdict::kApplied);
  EXPECT_EQ(player(0, 0).kills, 9);
}

TEST_F(AuxTeamTest, WhatIsNoListIsRefused) {
  const std::string before = snapshot();
  for (const char* data : {"null", "5", "{}", "'nonsense'", "'{}'", "'5'", "''"})
    EXPECT_EQ(aux("aux_scoreboard_team", "A", data).verdict, Verdict::kRefused) << data;
  EXPECT_EQ(snapshot(), before);
}

TEST_F(AuxTeamTest, NothingToDo) {
  EXPECT_EQ(send_team("").verdict, Verdict::kIgnored);
  EXPECT_EQ(send_team(scoreboard("nobody", 0)).verdict, Verdict::kIgnored);
  board("");
  EXPECT_EQ(send_team(scoreboard("A", 0)).verdict, Verdict::kIgnored);
}

TEST_F(AuxTeamTest, MoneyTellsOfAPlant) {
  board(",'money':500");
  round(1, "combat");
  // The observer's scoreboard counts, yet this is seen first.
  EXPECT_EQ(send_team(scoreboard("A", 0, ",'money':800")).verdict, Verdict::kApplied);
  EXPECT_TRUE(state().spike.planted);
  EXPECT_EQ(player(0, 0).money, 500);
}

TEST_F(AuxTeamTest, LeavesTheTextForTheJournal) {
  BytesWriter inner;
  json::write_string(inner, test::json_of("[" + scoreboard("A", 0) + "]"));
  const test::Parsed parsed(std::string(inner.view()));
  Envelope event;
  event.writer = Writer::kAuxiliary;
  event.type = EventType::kAuxScoreboardTeam;
  event.data = parsed.root();
  event.timestamp = now_;
  EXPECT_EQ(reducer_.apply(*match_, event).verdict, Verdict::kApplied);
  EXPECT_EQ(event.data.string(), test::json_of("[" + scoreboard("A", 0) + "]"));
}

}  // namespace
}  // namespace matchbus::match

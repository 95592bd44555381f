#include <cmath>

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class KillfeedTest : public MatchFixture {
 protected:
  void SetUp() override {
    add_player("A", 0, "Clay");
    add_player("B", 0, "Wushu");
    add_player("C", 0, "Smonk");
    add_player("X", 1, "Wushu");
    add_player("Y", 1, "Clay");
  }
  static std::string kill(std::string_view attacker, std::string_view victim, std::string_view changes = {}) {
    return "{'attacker':'" + std::string(attacker) + "','victim':'" + std::string(victim) +
           "','weaponKillfeedInternal':'TX_Hud_Volcano','headshotKill':false,'assists':[],'isTeamkill':false" +
           std::string(changes) + "}";
  }
  template <int kRoom>
  int count(const Counters<kRoom>& counters, std::string_view name) {
    for (uint32_t i = 0; i < counters.size; ++i) {
      if (text(counters.items[i].name) == name) return static_cast<int>(counters.items[i].count);
    }
    return 0;
  }
  void boards() {
    for (const char* id : {"A", "B", "C"}) expect_applied("scoreboard", scoreboard(id, 0, ",'agentInternal':'Clay'"));
    for (const char* id : {"X", "Y"}) expect_applied("scoreboard", scoreboard(id, 1));
  }
};

TEST_F(KillfeedTest, CountersCountEveryKill) {
  boards();
  for (int i = 0; i < 3; ++i) expect_applied("killfeed", kill("A", "X"));
  expect_applied("killfeed", kill("A", "Y", ",'weaponKillfeedInternal':'W'"));
  expect_applied("killfeed", kill("A", "B", ",'isTeamkill':true"));
  expect_applied("killfeed", kill("A", "B", ",'isTeamkill':true"));
  const Player& it = player(0, 0);
  EXPECT_EQ(count(it.kills_by_weapon, "TX_Hud_Volcano"), 5);
  EXPECT_EQ(count(it.kills_by_weapon, "W"), 1);
  EXPECT_EQ(count(it.kills_on_enemy, "X"), 3);
  EXPECT_EQ(count(it.kills_on_enemy, "Y"), 1);
  EXPECT_EQ(count(it.kills_on_teammate, "B"), 2);
  EXPECT_EQ(it.team_kills, 2);
  EXPECT_EQ(it.killed_names.size, 6U);
  EXPECT_EQ(text(it.killed_names.items[5]), "B");
  // With scoreboards the rest is theirs.
  EXPECT_EQ(it.kills, 0);
  EXPECT_TRUE(player(1, 0).is_alive);
}

TEST_F(KillfeedTest, HeadshotRatioIsOfTheKillsBefore) {
  expect_applied("killfeed", kill("A", "X", ",'headshotKill':true"));
  EXPECT_EQ(player(0, 0).headshot_kills, 1);
  EXPECT_TRUE(std::isnan(player(0, 0).headshot_ratio));  // 1/0
  EXPECT_EQ(player(0, 0).kills, 1);
  expect_applied("killfeed", kill("A", "X", ",'headshotKill':true"));
  EXPECT_EQ(player(0, 0).headshot_ratio, 2);
  expect_applied("killfeed", kill("A", "X"));
  EXPECT_EQ(player(0, 0).headshot_ratio, 2);
}

TEST_F(KillfeedTest, FallbackWithoutScoreboards) {
  expect_applied("killfeed", kill("A", "X", ",'assists':['TX_Killfeed_Jett','TX_Killfeed_Clove','nobody']"));
  EXPECT_EQ(player(0, 0).kills, 1);
  EXPECT_EQ(player(0, 0).kills_this_round, 1);
  EXPECT_EQ(player(0, 0).kd_ratio, 0);
  EXPECT_EQ(player(0, 1).assists, 1);
  EXPECT_EQ(player(0, 2).assists, 1);
  EXPECT_EQ(player(1, 0).assists, 0);  // X is Jett too, but of the victim's team
  EXPECT_FALSE(player(1, 0).is_alive);
  EXPECT_EQ(player(1, 0).health, 0);
  EXPECT_EQ(player(1, 0).deaths, 1);
  EXPECT_EQ(player(1, 0).deaths_this_round, 1);
}

// The table leads from the kill feed's name to one internal name; who has another one is not meant.
TEST_F(KillfeedTest, AssistersAreFoundByTheInternalNameOfTheTable) {
  add_player("D", 0, "Hunter_PC_C");
  add_player("E", 0, "Phoenix");
  expect_applied("killfeed", kill("A", "X", ",'assists':['TX_Killfeed_Sova','TX_Killfeed_Phoenix']"));
  EXPECT_EQ(player(0, 3).assists, 0);
  EXPECT_EQ(player(0, 4).assists, 1);
}

TEST_F(KillfeedTest, FallbackIsPerPlayer) {
  expect_applied("scoreboard", scoreboard("A", 0));
  EXPECT_EQ(aux("aux_scoreboard", "X", scoreboard("X", 1)).verdict, Verdict::kApplied);
  expect_applied("killfeed", kill("A", "X", ",'assists':['TX_Killfeed_Clove']"));
  EXPECT_EQ(player(0, 0).kills, 0);
  EXPECT_EQ(player(1, 0).deaths, 0);
  EXPECT_EQ(player(0, 2).assists, 1);
  round(2, "shopping");
  expect_applied("killfeed", kill("A", "X"));
  EXPECT_EQ(player(0, 0).kills, 1);
  EXPECT_EQ(player(1, 0).deaths, 1);
}

TEST_F(KillfeedTest, NoAssistsByAgentIfTwoShareOne) {
  add_player("D", 0, "Smonk");
  round(1, "combat");
  EXPECT_TRUE(team(0).has_duplicate_agents);
  expect_applied("killfeed", kill("A", "X", ",'assists':['TX_Killfeed_Jett']"));
  EXPECT_EQ(player(0, 1).assists, 0);
  // Found anew each combat.
  expect_applied("scoreboard", scoreboard("D", 0, ",'agentInternal':'Pine'"));
  round(1, "combat");
  EXPECT_FALSE(team(0).has_duplicate_agents);
}

TEST_F(KillfeedTest, TheAttackerIsNoAssister) {
  expect_applied("killfeed", kill("A", "X", ",'assists':['TX_Killfeed_Raze']"));
  EXPECT_EQ(player(0, 0).assists, 0);
}

TEST_F(KillfeedTest, UnknownOnOneSideOrBoth) {
  expect_applied("killfeed", kill("nobody", "X"));
  EXPECT_EQ(player(1, 0).deaths, 1);
  expect_applied("killfeed", kill("A", "nobody"));
  EXPECT_EQ(count(player(0, 0).kills_on_enemy, "nobody"), 1);
  EXPECT_EQ(send("killfeed", kill("nobody", "else")).verdict, Verdict::kIgnored);
}

TEST_F(KillfeedTest, ARoundsListIsBounded) {
  for (int i = 0; i < kMaxKilledNames; ++i) expect_applied("killfeed", kill("A", "X"));
  expect_applied("killfeed", kill("A", "Y"));
  EXPECT_EQ(player(0, 0).killed_names.size, static_cast<uint32_t>(kMaxKilledNames));
  EXPECT_EQ(text(player(0, 0).killed_names.items[kMaxKilledNames - 1]), "X");
  // What counts counts on.
  EXPECT_EQ(count(player(0, 0).kills_by_weapon, "TX_Hud_Volcano"), kMaxKilledNames + 1);
  EXPECT_EQ(count(player(0, 0).kills_on_enemy, "Y"), 1);
  EXPECT_EQ(player(0, 0).kills, kMaxKilledNames + 1);
  EXPECT_EQ(player(1, 1).deaths, 1);
  round(2, "shopping");
  expect_applied("killfeed", kill("A", "X"));
  EXPECT_EQ(player(0, 0).killed_names.size, 1U);
}

TEST_F(KillfeedTest, CountersAreBounded) {
  for (int i = 0; i < kMaxVictims; ++i) expect_applied("killfeed", kill("A", "v" + std::to_string(i)));
  expect_applied("killfeed", kill("A", "one more"));
  EXPECT_EQ(player(0, 0).kills_on_enemy.size, static_cast<uint32_t>(kMaxVictims));
  EXPECT_EQ(count(player(0, 0).kills_by_weapon, "TX_Hud_Volcano"), kMaxVictims + 1);
  for (int i = 0; i < kMaxWeapons - 1; ++i) {
    round(2, "shopping");
    expect_applied("killfeed", kill("A", "v0", ",'weaponKillfeedInternal':'w" + std::to_string(i) + "'"));
  }
  expect_applied("killfeed", kill("A", "v0", ",'weaponKillfeedInternal':'last'"));
  EXPECT_EQ(player(0, 0).kills_by_weapon.size, static_cast<uint32_t>(kMaxWeapons));
  EXPECT_EQ(count(player(0, 0).kills_by_weapon, "last"), 0);
  EXPECT_EQ(count(player(0, 0).kills_on_enemy, "v0"), 1 + kMaxWeapons);
  expect_applied("killfeed", kill("A", "v0", ",'weaponKillfeedInternal':'w0'"));
  EXPECT_EQ(count(player(0, 0).kills_by_weapon, "w0"), 2);
}

TEST_F(KillfeedTest, NoMoreAssistersThanAMatchHasPlayers) {
  expect_applied("killfeed", kill("A", "X", ",'assists':['','','','','','','','','','','TX_Killfeed_Clove']"));
  EXPECT_EQ(player(0, 2).assists, 0);
  expect_applied("killfeed", kill("A", "X", ",'assists':['','','','','','','','','','TX_Killfeed_Clove']"));
  EXPECT_EQ(player(0, 2).assists, 1);
}

TEST_F(KillfeedTest, SameNameInBothTeamsCountsInBoth) {
  add_player("A", 1);
  expect_applied("killfeed", kill("A", "B"));
  EXPECT_EQ(player(0, 0).kills, 1);
  EXPECT_EQ(player(1, 2).kills, 1);
}

}  // namespace
}  // namespace matchbus::match

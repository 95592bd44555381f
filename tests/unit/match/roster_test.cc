#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class RosterTest : public MatchFixture {
 protected:
  static std::string entry(std::string_view name, std::string_view id, int start_team, std::string_view more = {}) {
    return "{'name':'" + std::string(name) + "','tagline':'TAG','startTeam':" + std::to_string(start_team) +
           ",'agentInternal':'Clay','playerId':'" + std::string(id) + "','position':3,'locked':false,'rank':0" +
           std::string(more) + "}";
  }
};

TEST_F(RosterTest, NewPlayer) {
  now_ += 500;
  EXPECT_TRUE(send("roster", entry("Name", "id", 1)).effects.has(Effect::kPlayerJoined));
  EXPECT_EQ(team(0).player_count, 0U);
  ASSERT_EQ(team(1).player_count, 1U);
  const Player& it = player(1, 0);
  EXPECT_EQ(text(it.name), "Name");
  EXPECT_EQ(text(it.search_name), "Name #TAG");
  EXPECT_EQ(text(it.full_name), "Name#TAG");
  EXPECT_EQ(text(it.agent_proper), "Raze");
  EXPECT_EQ(it.position, 3);
  EXPECT_TRUE(it.is_alive);
  EXPECT_EQ(state().agent_select_start, now_);
}

TEST_F(RosterTest, KnownPlayerIsUpdatedButForWhatStaysAsFirstSeen) {
  expect_applied("roster", entry("Name", "id", 0));
  now_ += 1'000;
  expect_applied("roster",
                 entry("Other", "id", 0, ",'tagline':'NEW','agentInternal':'Smonk','position':4,'locked':true"));
  ASSERT_EQ(team(0).player_count, 1U);
  EXPECT_TRUE(last_.effects.empty());
  const Player& it = player(0, 0);
  EXPECT_EQ(text(it.name), "Other");
  EXPECT_EQ(text(it.tagline), "NEW");
  EXPECT_EQ(text(it.agent_internal), "Smonk");
  EXPECT_EQ(text(it.agent_proper), "Clove");
  EXPECT_TRUE(it.locked);
  EXPECT_EQ(text(it.search_name), "Name #TAG");
  EXPECT_EQ(text(it.full_name), "Name#TAG");
  EXPECT_EQ(it.position, 3);
  EXPECT_EQ(state().agent_select_start, now_ - 1'000);
}

TEST_F(RosterTest, UnknownAgentKeepsItsName) {
  add_player("P", 0, "Newcomer_PC_C");
  EXPECT_EQ(text(player(0, 0).agent_proper), "Newcomer_PC_C");
  add_player("Q", 0, "");
  EXPECT_EQ(text(player(0, 1).agent_proper), "No Agent selected");
}

TEST_F(RosterTest, NamelessIsIgnored) {
  for (const char* more : {",'name':''", ",'tagline':''", ",'playerId':''"})
    EXPECT_EQ(send("roster", entry("N", "id", 0, more)).verdict, Verdict::kIgnored) << more;
  EXPECT_EQ(team(0).player_count, 0U);
  EXPECT_EQ(state().agent_select_start, kNever);
}

TEST_F(RosterTest, FiveToATeam) {
  for (const char* id : {"1", "2", "3", "4", "5"}) add_player(id, 0);
  const std::string before = snapshot();
  EXPECT_EQ(send("roster", entry("Six", "6", 0)).verdict, Verdict::kRefused);
  EXPECT_EQ(snapshot(), before);
  expect_applied("roster", entry("Five", "5", 0));
  expect_applied("roster", entry("Six", "6", 1));
}

TEST_F(RosterTest, UnknownTeamIsRefused) {
  for (const char* more : {",'startTeam':2", ",'startTeam':-1"})
    EXPECT_EQ(send("roster", entry("N", "id", 0, more)).verdict, Verdict::kRefused) << more;
  EXPECT_EQ(state().agent_select_start, kNever);
}

TEST_F(RosterTest, NewPlayersTellWhoAttacksUntilSidesChange) {
  team(0).is_attacking = false;
  add_player("P", 0);
  EXPECT_TRUE(team(0).is_attacking);
  round(13, "shopping");
  EXPECT_FALSE(team(0).is_attacking);
  add_player("Late", 0);
  EXPECT_FALSE(team(0).is_attacking);
}

TEST_F(RosterTest, ManualSwapCountsAsSideChange) {
  expect_applied("swap_attacker_defender", "true");
  add_player("P", 0);
  EXPECT_FALSE(team(0).is_attacking);
}

TEST_F(RosterTest, TricodesAreRemoved) {
  restart("{'playercamsInfo':{'removeTricodes':true}}");
  const auto shown = [&](std::string_view name) {
    expect_applied("roster", entry(name, "id", 0));
    return std::string(text(player(0, 0).name));
  };
  EXPECT_EQ(shown("ALP Runner"), "Runner");
  EXPECT_EQ(shown("ALPRunner "), "Runner");  // on updates too
  EXPECT_EQ(shown("ALP"), "ALP");
  EXPECT_EQ(shown("BET Runner"), "BET Runner");
  EXPECT_EQ(shown("Runner ALP"), "Runner ALP");
  EXPECT_EQ(text(player(0, 0).search_name), "ALP Runner #TAG");
  EXPECT_EQ(text(player(0, 0).full_name), "ALP Runner#TAG");
  // The kill feed knows the in-game name.
  EXPECT_EQ(shown("ALP Runner"), "Runner");
  expect_applied("killfeed",
                 "{'attacker':'ALP Runner','victim':'x','weaponKillfeedInternal':'W','headshotKill':false,"
                 "'assists':[],'isTeamkill':false}");
  EXPECT_EQ(player(0, 0).kills, 1);
}

TEST_F(RosterTest, TricodesStayWithoutTheSetting) {
  expect_applied("roster", entry("ALP Runner", "id", 0));
  EXPECT_EQ(text(player(0, 0).name), "ALP Runner");
}

}  // namespace
}  // namespace matchbus::match

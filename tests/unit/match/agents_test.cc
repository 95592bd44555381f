#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class AgentsTest : public MatchFixture {
 protected:
  void board(std::string_view changes) {
    expect_applied("scoreboard",
                   scoreboard("P", 0, ",'agentInternal':'" + agent_ + "','maxUltPoints':8" + std::string(changes)));
  }
  void play(std::string agent) {
    agent_ = std::move(agent);
    add_player("P", 0, agent_);
  }
  std::string_view suffix() { return text(player(0, 0).icon_suffix); }

  std::string agent_;
};

TEST_F(AgentsTest, VetoEvolvesAndStaysSoWhenKilling) {
  play("Pine");
  board(",'kills':1,'currUltPoints':8");
  board(",'kills':1,'currUltPoints':0");
  EXPECT_EQ(suffix(), "Evolution");
  board(",'kills':2,'assists':1");
  EXPECT_EQ(suffix(), "Evolution");
  round(2, "shopping");
  EXPECT_EQ(suffix(), "Evolution");
  board(",'kills':2,'assists':1,'deaths':1,'isAlive':false");
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, CloveIsBackWithTheNextKillOrAssist) {
  play("Smonk");
  board(",'kills':1,'currUltPoints':8");
  board(",'kills':1");
  EXPECT_EQ(suffix(), "NotDeadYet");
  board(",'kills':1,'assists':1");
  EXPECT_EQ(suffix(), "");
  board(",'kills':1,'assists':1,'currUltPoints':8");
  board(",'kills':2,'assists':1");
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, OnlyAUsedUltCounts) {
  play("Smonk");
  board(",'kills':1,'currUltPoints':7");
  board(",'kills':1");
  EXPECT_EQ(suffix(), "");  // was not ready
  board(",'kills':1,'currUltPoints':8");
  board(",'kills':1,'currUltPoints':1");
  EXPECT_EQ(suffix(), "");  // did not fall to 0
  board(",'kills':1,'maxUltPoints':0");
  board(",'kills':1,'maxUltPoints':0");
  EXPECT_EQ(suffix(), "");  // 0 of 0 is ready, but nothing fell
}

TEST_F(AgentsTest, NotBeforeAnybodyDidAnything) {
  play("Smonk");
  board(",'currUltPoints':8");
  board("");
  EXPECT_EQ(suffix(), "");
  board(",'currUltPoints':8,'assists':1");
  board(",'assists':1");
  EXPECT_EQ(suffix(), "NotDeadYet");
}

TEST_F(AgentsTest, OtherAgentsHaveNone) {
  play("Wushu");
  board(",'kills':1,'currUltPoints':8");
  board(",'kills':1");
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, KillFeedTakesItFromCloveToo) {
  play("Smonk");
  board(",'kills':1,'currUltPoints':8");
  board(",'kills':1");
  EXPECT_EQ(suffix(), "NotDeadYet");
  round(2, "shopping");  // no scoreboard this round yet
  expect_applied("killfeed",
                 "{'attacker':'P','victim':'x','weaponKillfeedInternal':'W','headshotKill':false,'assists':[],"
                 "'isTeamkill':false}");
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, AstraAndCypherByTheirOwnEvents) {
  play("Rift_PC_C");
  EXPECT_EQ(aux("aux_astra_targeting", "P", "true").verdict, Verdict::kApplied);
  EXPECT_EQ(suffix(), "Targeting");
  EXPECT_EQ(aux("aux_cypher_cam", "P", "false").verdict, Verdict::kIgnored);
  EXPECT_EQ(suffix(), "Targeting");
  EXPECT_EQ(aux("aux_astra_targeting", "P", "false").verdict, Verdict::kApplied);
  EXPECT_EQ(suffix(), "");
  EXPECT_EQ(aux("aux_astra_targeting", "P", "true").verdict, Verdict::kApplied);
  board(",'isAlive':false");
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, CyphersCamSurvivesHisDeath) {
  play("Gumshoe");
  EXPECT_EQ(aux("aux_cypher_cam", "P", "true").verdict, Verdict::kApplied);
  board(",'isAlive':false");
  EXPECT_EQ(suffix(), "Cam");
  EXPECT_EQ(aux("aux_cypher_cam", "P", "false").verdict, Verdict::kApplied);
  EXPECT_EQ(suffix(), "");
}

TEST_F(AgentsTest, WhatIsNeitherTrueNorFalseIsIgnored) {
  play("Gumshoe");
  for (const char* data : {"1", "'true'", "null", "{}"})
    EXPECT_EQ(aux("aux_cypher_cam", "P", data).verdict, Verdict::kIgnored) << data;
  EXPECT_EQ(aux("aux_cypher_cam", "nobody", "true").verdict, Verdict::kIgnored);
  EXPECT_EQ(suffix(), "");
}

}  // namespace
}  // namespace matchbus::match

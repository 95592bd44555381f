#include "match/snapshot.h"

#include "match/key_list.h"
#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

class SnapshotTest : public MatchFixture {
 protected:
  // The escaped form, put between quotes and parsed, must be the plain form.
  void expect_both_forms_agree() {
    BytesWriter out;
    out.append('"');
    write_snapshot_escaped(out, *match_);
    out.append('"');
    const Parsed parsed{std::string(out.view())};
    EXPECT_EQ(parsed.root().string(), snapshot());
    BytesWriter twice;
    json::write_string(twice, snapshot());
    EXPECT_EQ(out.view(), twice.view());
  }
  std::string value(std::string_view key) {
    const Parsed parsed(snapshot());
    BytesWriter out;
    json::write_value(out, parsed[key]);
    return std::string(out.view());
  }
};

TEST_F(SnapshotTest, PlayerAsListed) {
  add_player("P", 1, "Smonk_PC_C");
  const Parsed parsed(snapshot());
  BytesWriter out;
  json::write_value(out, parsed["teams"].at(1)["players"].at(0));
  EXPECT_EQ(out.view(),
            json_of("{'name':'P','tagline':'TAG','riotId':'P','searchName':'P #TAG','fullName':'P#TAG','position':0,"
                    "'locked':true,'agentInternal':'Smonk_PC_C','agentProper':'Clove','isAlive':true,"
                    "'hasSpike':false,'isObserved':false,'health':100,"
                    "'abilities':{'grenade':0,'ability1':0,'ability2':0},'kills':0,'deaths':0,'assists':0,"
                    "'kdRatio':0,'killsThisRound':0,'deathsThisRound':0,'killedPlayerNames':[],'currUltPoints':0,"
                    "'maxUltPoints':0,'ultReady':false,'money':0,'moneySpent':0,'spentMoneyThisRound':false,"
                    "'armorName':'None','highestWeapon':'Unknown','currentMMRTier':null,'peakMMRTier':null,"
                    "'teamKills':0,'headshotKills':0,'headshotRatio':0,'killsByWeaponsAndAbilities':{},"
                    "'killsOnEnemyPlayer':{},'killsOnTeammatePlayer':{},'assistsFromTeammate':{},"
                    "'scoreboardAvailable':false,"
                    "'auxiliaryAvailable':{'health':false,'abilities':false,'scoreboard':false},"
                    "'iconNameSuffix':''}"));
}

TEST_F(SnapshotTest, BothFormsAgree) {
  expect_both_forms_agree();
  add_player("Plain", 0);
  expect_applied("roster", R"({'name':'q\"b\\s\nn\u0001\u00e4\ud83d\ude00','tagline':'\u2028\u007f','startTeam':1,)"
                           R"('agentInternal':'\\','playerId':'\"','position':-3,'locked':true})");
  round(1, "combat");
  expect_applied("killfeed", R"({'attacker':'Plain','victim':'\"\\','weaponKillfeedInternal':'\t','headshotKill':true,)"
                             R"('assists':[],'isTeamkill':false})");
  expect_applied("toast", R"({'title':'\"\\\u0000','message':'m','x':[{'\"':1}]})");
  round(30, "shopping");
  expect_both_forms_agree();
}

TEST_F(SnapshotTest, Numbers) {
  add_player("P", 0);
  const auto player_value = [&](std::string_view key) {
    const Parsed parsed(snapshot());
    BytesWriter out;
    json::write_value(out, parsed["teams"].at(0)["players"].at(0)[key]);
    return std::string(out.view());
  };
  Player& it = player(0, 0);
  for (const auto& [number, text] :
       std::initializer_list<std::pair<double, const char*>>{{0, "0"},
                                                             {-0.0, "0"},
                                                             {63, "63"},
                                                             {63.5, "63.5"},
                                                             {2.0 / 3, "0.6666666666666666"},
                                                             {1e21, "1e+21"},
                                                             {123456789012.0, "123456789012"},
                                                             {-5, "-5"},
                                                             {1e-7, "1e-7"},
                                                             {kNotANumber, "null"}}) {
    it.health = number;
    EXPECT_EQ(player_value("health"), text);
  }
  it.money = INT32_MIN;
  EXPECT_EQ(player_value("money"), "-2147483648");
  it.current_tier = 21;
  EXPECT_EQ(player_value("currentMMRTier"), "21");
}

TEST_F(SnapshotTest, NullAndAbsent) {
  add_player("P", 0);
  state().match_type = kNoText;
  player(0, 0).armor_name = kNoText;
  player(0, 0).highest_weapon = kNoText;
  const Parsed parsed(snapshot());
  EXPECT_TRUE(parsed["matchType"].is_null());
  const json::Value shown = parsed["teams"].at(0)["players"].at(0);
  EXPECT_FALSE(shown["armorName"].exists());
  EXPECT_FALSE(shown["highestWeapon"].exists());
}

TEST_F(SnapshotTest, SkippedRoundsAreNull) {
  round(40, "shopping");
  const Parsed parsed(snapshot());
  const json::Value records = parsed["teams"].at(0)["roundRecord"];
  EXPECT_EQ(records.size(), 44U);
  EXPECT_EQ(records.at(24)["type"].string(), "upcoming");
  EXPECT_TRUE(records.at(25).is_null());
  EXPECT_TRUE(records.at(37).is_null());
  EXPECT_EQ(records.at(38)["round"].number(), 39);
  expect_both_forms_agree();
}

TEST_F(SnapshotTest, OfAFullMatchIsGoodJson) {
  for (int p = 0; p < 10; ++p) add_player("Player number " + std::to_string(p), p / 5);
  for (int i = 0; i < 30; ++i) {
    for (int p = 0; p < 10; ++p) {
      send("killfeed", "{'attacker':'Player number " + std::to_string(p) + "','victim':'v" + std::to_string(i % 16) +
                           "','weaponKillfeedInternal':'w" + std::to_string(i) + std::string(100, 'w') +
                           "','headshotKill':true,'assists':[],'isTeamkill':" + (i % 2 ? "true" : "false") + "}");
    }
  }
  round(200, "shopping");
  EXPECT_GT(snapshot().size(), 40'000U);
  expect_both_forms_agree();
}

TEST_F(SnapshotTest, IdsOfPlayersAreHiddenFromViewersOnly) {
  add_player("the-id-of-somebody", 0);
  const std::string before = snapshot();
  ASSERT_NE(before.find(R"("riotId":"the-id-of-somebody",)"), std::string::npos);
  match_->hide_ids();
  std::string expected = before;
  expected.erase(expected.find(R"("riotId":"the-id-of-somebody",)"), 30);
  EXPECT_EQ(snapshot(), expected) << "everything else stays";
  expect_both_forms_agree();
  match_->mark_shown();
  BytesWriter shown;
  write_shown(shown, *match_);
  EXPECT_EQ(shown.view(), expected);
  BytesWriter report;
  write_report(report, *match_);
  EXPECT_EQ(report.view(), before) << "services know players by their ids";
}

TEST(KeyList, NamesEveryVisibleKey) {
  BytesWriter out;
  write_key_list(out);
  const std::string_view list = out.view();
  for (const char* line :
       {"matchId string\n", "matchType string or null\n", "roundTimeoutTime epoch milliseconds or absent\n",
        "teams[].players[].health number or null\n", "teams[].players[].abilities.grenade JSON as it came\n",
        "teams[].players[].armorName string or absent\n", "teams[].players[].assistsFromTeammate empty object\n",
        "teams[].roundRecord array of {type, wasAttack, round} or null\n", "toastInfo.* further members\n",
        "teams[].* further members\n", "teams[].players[].killsOnEnemyPlayer object of numbers\n",
        "teams[].players[].killedPlayerNames array of strings\n", "tools.seriesInfo JSON as it came\n",
        "orgIsSupporter boolean\n"})
    EXPECT_NE(list.find(line), std::string_view::npos) << line;
  EXPECT_TRUE(list.starts_with("matchId"));
  EXPECT_EQ(list.find("ecret"), std::string_view::npos);
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 105);
}

}  // namespace
}  // namespace matchbus::match

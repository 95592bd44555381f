// How fields are read (section 2 of the protocol): every field of every event, in each form that a client may send, and
// what is shown after it. A form that says nothing leaves what was known, is remembered as a fault, and costs nothing
// else of the event.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

// The forms, in the order of a row's columns.
constexpr std::array<const char*, 10> kForms{"3", "'4'", "1.5", "true", "null", "", "''", "'abc'", "[1]", "{'a':1}"};
constexpr size_t kMissing = 5;

// What a column says instead of the shown value.
constexpr std::string_view kKeeps = "=";      // as before; the field is remembered as a fault
constexpr std::string_view kIgnored = "i";    // the event is passed over
constexpr std::string_view kRefused = "x";    // the event is refused
constexpr std::string_view kUnused = "-";     // there is no such event, or nothing reads the field: nothing to see
constexpr std::string_view kAbsent = "none";  // not shown at all

struct EventCase {
  std::string_view type;
  Writer writer;
  const char* data;  // as clients send it
};

const EventCase kEvents[] = {
    {"match_start", Writer::kObserver, "'id'"},
    {"map", Writer::kObserver, "'Jam'"},
    {"game_mode", Writer::kObserver, "'bomb'"},
    {"roster", Writer::kObserver,
     "{'name':'A','tagline':'TAG','startTeam':0,'agentInternal':'Clay','playerId':'A','position':0,'locked':true,"
     "'rank':0}"},
    {"roster new", Writer::kObserver,
     "{'name':'N','tagline':'T','startTeam':0,'agentInternal':'Clay','playerId':'N','position':0,'locked':true,"
     "'rank':0}"},
    {"scoreboard", Writer::kObserver,
     "{'name':'A','tagline':'TAG','playerId':'A','startTeam':0,'agentInternal':'Clay','isAlive':true,'initialArmor':2,"
     "'scoreboardWeaponInternal':'TX_Hud_Volcano','currUltPoints':5,'maxUltPoints':7,'hasSpike':false,'money':800,"
     "'kills':7,'deaths':2,'assists':1}"},
    {"aux_scoreboard", Writer::kAuxiliary,
     "{'name':'B','tagline':'TAG','playerId':'B','startTeam':0,'agentInternal':'Clay','isAlive':true,'initialArmor':2,"
     "'scoreboardWeaponInternal':'TX_Hud_Volcano','currUltPoints':5,'maxUltPoints':7,'hasSpike':false,'money':800,"
     "'kills':7,'deaths':2,'assists':1}"},
    {"aux_scoreboard_team", Writer::kAuxiliary,
     "{'playerId':'B','agentInternal':'Clay','isAlive':true,'initialArmor':2,"
     "'scoreboardWeaponInternal':'TX_Hud_Volcano','currUltPoints':5,'maxUltPoints':7,'hasSpike':false,'money':800,"
     "'kills':7,'deaths':2,'assists':1}"},
    {"killfeed", Writer::kObserver,
     "{'attacker':'A','victim':'X','weaponKillfeedInternal':'W','headshotKill':false,'assists':[],"
     "'isTeamkill':false}"},
    {"round_info", Writer::kObserver, "{'roundPhase':'combat','roundNumber':2}"},
    {"score", Writer::kObserver, "{'team_0':1,'team_1':2}"},
    {"observing", Writer::kObserver, "'A #TAG'"},
    {"spike_planted", Writer::kObserver, "true"},
    {"spike_detonated", Writer::kObserver, "true"},
    {"spike_defused", Writer::kObserver, "true"},
    {"tech_pause", Writer::kObserver, "true"},
    {"left_timeout", Writer::kObserver, "true"},
    {"right_timeout", Writer::kObserver, "true"},
    {"switch_kda_credits", Writer::kObserver, "true"},
    {"swap_left_right", Writer::kObserver, "true"},
    {"swap_attacker_defender", Writer::kObserver, "true"},
    {"toggle_agent_select", Writer::kObserver, "true"},
    {"money_record", Writer::kObserver, "{'roundNumber':1,'team_0':5,'team_1':6}"},
    {"toast", Writer::kObserver,
     "{'duration':5,'title':'t','message':'m','eventLogoEnabled':true,'selectedTeam':'left','active':false}"},
    {"aux_abilities", Writer::kAuxiliary, "{'grenade':1,'ability_1':2,'ability_2':3}"},
    {"aux_health", Writer::kAuxiliary, "50"},
    {"aux_astra_targeting", Writer::kAuxiliary, "true"},
    {"aux_cypher_cam", Writer::kAuxiliary, "true"},
};

struct Reading {
  std::string_view event;
  std::string_view field;  // "": the event's data itself
  std::string_view path;   // in match_data
  std::array<std::string_view, kForms.size()> shown;
};

// Columns:                 3       '4'      1.5      true     null     missing  ''       'abc'    [1]      {}
using Row = std::array<std::string_view, kForms.size()>;
constexpr Row kAsText{"'3'", "'4'", "'1.5'", "=", "=", "=", "''", "'abc'", "=", "="};
constexpr Row kAsNumber{"3", "4", "1.5", "1", "=", "=", "=", "=", "=", "="};
constexpr Row kAsFlag{"true", "true", "true", "true", "=", "=", "false", "true", "true", "true"};
constexpr Row kCounted{"1", "1", "1", "1", "=", "=", "0", "1", "1", "1"};
constexpr Row kNotRead{"-", "-", "-", "-", "-", "-", "-", "-", "-", "-"};
constexpr Row kAnyData{"true", "true", "true", "true", "true", "-", "true", "true", "true", "true"};
constexpr Row kAsToastText{"3", "'4'", "1.5", "''", "''", "none", "''", "'abc'", "''", "''"};
constexpr Row kAsAbility{"3", "4", "1.5", "true", "=", "=", "=", "=", "=", "="};
constexpr Row kNoEntry{"none", "none", "none", "none", "none", "none", "none", "none", "none", "none"};
constexpr Row kAsMoney{"[3]", "['4']", "[1.5]", "[true]", "=", "=", "['']", "['abc']", "[[1]]", "[{'a':1}]"};
constexpr Row kIdOfKnown{"i", "i", "i", "x", "x", "x", "x", "i", "x", "x"};

const Reading kReadings[] = {
    {"match_start", "", "/matchId", {"=", "'4'", "=", "=", "=", "-", "''", "'abc'", "=", "="}},
    {"match_start", "", "/isRunning", kAnyData},
    {"map", "", "/map", {"'Corrode'", "'Corrode'", "'Corrode'", "i", "i", "-", "'Corrode'", "'Corrode'", "i", "i"}},
    {"game_mode", "", "/matchType", {"'3'", "'4'", "'1.5'", "i", "null", "-", "''", "'abc'", "i", "i"}},

    {"roster", "name", "/teams/0/players/0/name", {"'3'", "'4'", "'1.5'", "=", "=", "=", "i", "'abc'", "=", "="}},
    {"roster", "tagline", "/teams/0/players/0/tagline", {"'3'", "'4'", "'1.5'", "=", "=", "=", "i", "'abc'", "=", "="}},
    {"roster", "startTeam", "", {"x", "x", "x", "-", "x", "x", "x", "x", "x", "x"}},  // and see StartTeams
    {"roster", "agentInternal", "/teams/0/players/0/agentInternal", kAsText},
    {"roster", "playerId", "/teams/0/players/3/riotId", {"'3'", "'4'", "'1.5'", "x", "x", "x", "i", "'abc'", "x", "x"}},
    {"roster", "position", "/teams/0/players/0/position", kNotRead},  // stays as first seen
    {"roster", "locked", "/teams/0/players/0/locked", kAsFlag},
    {"roster", "rank", "", kNotRead},
    {"roster new",
     "name",
     "/teams/0/players/3/name",
     {"'3'", "'4'", "'1.5'", "''", "''", "''", "i", "'abc'", "''", "''"}},
    {"roster new",
     "tagline",
     "/teams/0/players/3/searchName",
     {"'N #3'", "'N #4'", "'N #1.5'", "'N'", "'N'", "'N'", "i", "'N #abc'", "'N'", "'N'"}},
    {"roster new",
     "agentInternal",
     "/teams/0/players/3/agentProper",
     {"'3'", "'4'", "'1.5'", "'No Agent selected'", "'No Agent selected'", "'No Agent selected'", "'No Agent selected'",
      "'abc'", "'No Agent selected'", "'No Agent selected'"}},
    {"roster new", "position", "/teams/0/players/3/position", {"3", "4", "1.5", "1", "0", "0", "0", "0", "0", "0"}},
    {"roster new",
     "locked",
     "/teams/0/players/3/locked",
     {"true", "true", "true", "true", "false", "false", "false", "true", "true", "true"}},
    {"roster new", "startTeam", "", {"x", "x", "x", "-", "x", "x", "x", "x", "x", "x"}},
    {"roster new", "playerId", "", {"-", "-", "-", "x", "x", "x", "i", "-", "x", "x"}},
    {"roster new", "rank", "", kNotRead},

    {"scoreboard", "name", "", kNotRead},
    {"scoreboard", "tagline", "", kNotRead},
    {"scoreboard", "playerId", "", kIdOfKnown},
    {"scoreboard", "startTeam", "", {"x", "x", "x", "i", "x", "x", "x", "x", "x", "x"}},
    {"scoreboard", "agentInternal", "/teams/0/players/0/agentInternal", kAsText},
    {"scoreboard", "isAlive", "/teams/0/players/0/isAlive", kAsFlag},
    {"scoreboard",
     "initialArmor",
     "/teams/0/players/0/armorName",
     {"'None'", "'Regen'", "none", "none", "none", "none", "none", "none", "none", "none"}},
    {"scoreboard", "scoreboardWeaponInternal", "/teams/0/players/0/highestWeapon", kNoEntry},
    {"scoreboard", "currUltPoints", "/teams/0/players/0/currUltPoints", kAsNumber},
    {"scoreboard", "maxUltPoints", "/teams/0/players/0/maxUltPoints", kAsNumber},
    {"scoreboard", "hasSpike", "/teams/0/players/0/hasSpike", kAsFlag},
    {"scoreboard", "money", "/teams/0/players/0/money", kAsNumber},
    {"scoreboard", "kills", "/teams/0/players/0/kills", kAsNumber},
    {"scoreboard", "deaths", "/teams/0/players/0/deaths", kAsNumber},
    {"scoreboard", "assists", "/teams/0/players/0/assists", kAsNumber},

    {"aux_scoreboard", "name", "", kNotRead},
    {"aux_scoreboard", "tagline", "", kNotRead},
    {"aux_scoreboard", "playerId", "", kIdOfKnown},
    {"aux_scoreboard", "startTeam", "", {"x", "x", "x", "i", "x", "x", "x", "x", "x", "x"}},
    {"aux_scoreboard", "agentInternal", "/teams/0/players/1/agentInternal", kAsText},
    {"aux_scoreboard", "isAlive", "/teams/0/players/1/isAlive", kAsFlag},
    {"aux_scoreboard",
     "initialArmor",
     "/teams/0/players/1/armorName",
     {"'None'", "'Regen'", "none", "none", "none", "none", "none", "none", "none", "none"}},
    {"aux_scoreboard", "scoreboardWeaponInternal", "/teams/0/players/1/highestWeapon", kNoEntry},
    {"aux_scoreboard", "currUltPoints", "/teams/0/players/1/currUltPoints", kAsNumber},
    {"aux_scoreboard", "maxUltPoints", "/teams/0/players/1/maxUltPoints", kAsNumber},
    {"aux_scoreboard", "hasSpike", "/teams/0/players/1/hasSpike", kAsFlag},
    {"aux_scoreboard", "money", "/teams/0/players/1/money", kAsNumber},
    {"aux_scoreboard", "kills", "/teams/0/players/1/kills", kAsNumber},
    {"aux_scoreboard", "deaths", "/teams/0/players/1/deaths", kAsNumber},
    {"aux_scoreboard", "assists", "/teams/0/players/1/assists", kAsNumber},

    {"aux_scoreboard_team", "playerId", "", {"i", "i", "i", "i", "i", "i", "i", "i", "i", "i"}},
    {"aux_scoreboard_team", "agentInternal", "/teams/0/players/1/agentInternal", kAsText},
    {"aux_scoreboard_team", "isAlive", "/teams/0/players/1/isAlive", kAsFlag},
    {"aux_scoreboard_team",
     "initialArmor",
     "/teams/0/players/1/armorName",
     {"'None'", "'Regen'", "none", "none", "none", "none", "none", "none", "none", "none"}},
    {"aux_scoreboard_team", "scoreboardWeaponInternal", "/teams/0/players/1/highestWeapon", kNoEntry},
    {"aux_scoreboard_team", "currUltPoints", "/teams/0/players/1/currUltPoints", kAsNumber},
    {"aux_scoreboard_team", "maxUltPoints", "/teams/0/players/1/maxUltPoints", kAsNumber},
    {"aux_scoreboard_team", "hasSpike", "/teams/0/players/1/hasSpike", kAsFlag},
    {"aux_scoreboard_team", "money", "/teams/0/players/1/money", kAsNumber},
    {"aux_scoreboard_team", "kills", "/teams/0/players/1/kills", kAsNumber},
    {"aux_scoreboard_team", "deaths", "/teams/0/players/1/deaths", kAsNumber},
    {"aux_scoreboard_team", "assists", "/teams/0/players/1/assists", kAsNumber},

    // The victim dies whoever the attacker is.
    {"killfeed", "attacker", "/teams/1/players/0/deaths", {"1", "1", "1", "1", "1", "1", "1", "1", "1", "1"}},
    {"killfeed",
     "victim",
     "/teams/0/players/0/killedPlayerNames",
     {"['3']", "['4']", "['1.5']", "=", "=", "=", "[]", "['abc']", "=", "="}},
    {"killfeed",
     "weaponKillfeedInternal",
     "/teams/0/players/0/killsByWeaponsAndAbilities",
     {"{'3':1}", "{'4':1}", "{'1.5':1}", "=", "=", "=", "{'':1}", "{'abc':1}", "=", "="}},
    {"killfeed", "headshotKill", "/teams/0/players/0/headshotKills", kCounted},
    {"killfeed", "isTeamkill", "/teams/0/players/0/teamKills", kCounted},
    {"killfeed",
     "assists",
     "/teams/0/players/0/killedPlayerNames",
     {"['X']", "['X']", "['X']", "['X']", "['X']", "['X']", "['X']", "['X']", "['X']", "['X']"}},

    {"round_info", "roundPhase", "/roundPhase", kAsText},
    {"round_info", "roundNumber", "/roundNumber", {"3", "4", "=", "1", "=", "=", "=", "=", "=", "="}},
    {"score", "team_0", "/teams/0/roundsWon", kAsNumber},
    {"score", "team_1", "/teams/1/roundsWon", kAsNumber},
    {"observing",
     "",
     "/teams/0/players/0/isObserved",
     {"false", "false", "false", "false", "false", "-", "false", "false", "false", "false"}},
    {"spike_planted", "", "/spikeState/planted", kAnyData},
    {"spike_detonated", "", "/spikeState/detonated", kAnyData},
    {"spike_defused", "", "/spikeState/defused", kAnyData},
    {"tech_pause", "", "/timeoutState/techPause", kAnyData},
    {"left_timeout", "", "/timeoutState/leftTeam", kAnyData},
    {"right_timeout", "", "/timeoutState/rightTeam", kAnyData},
    {"switch_kda_credits", "", "/showAliveKDA", kAnyData},
    {"swap_left_right", "", "/teams/1/isAttacking", kAnyData},
    {"swap_attacker_defender", "", "/teams/1/isAttacking", kAnyData},
    {"toggle_agent_select", "", "/agentSelectActive", kAnyData},
    {"money_record",
     "roundNumber",
     "/teams/0/moneyRecord",
     {"[null,null,5]", "[null,null,null,5]", "x", "[5]", "x", "[null,5]", "x", "x", "x", "x"}},
    {"money_record", "team_0", "/teams/0/moneyRecord", kAsMoney},
    {"money_record", "team_1", "/teams/1/moneyRecord", kAsMoney},

    {"toast", "title", "/toastInfo/title", kAsToastText},
    {"toast", "message", "/toastInfo/message", kAsToastText},
    {"toast",
     "duration",
     "/toastInfo/duration",
     {"3", "4", "1.5", "1", "null", "none", "null", "null", "null", "null"}},
    {"toast",
     "eventLogoEnabled",
     "/toastInfo/eventLogoEnabled",
     {"true", "true", "true", "true", "true", "none", "false", "true", "true", "true"}},
    {"toast",
     "selectedTeam",
     "/toastInfo/selectedTeam",
     {"3", "'4'", "1.5", "true", "null", "none", "''", "'abc'", "[1]", "{'a':1}"}},
    {"toast",
     "active",
     "/toastInfo/active",
     {"true", "true", "true", "true", "true", "true", "true", "true", "true", "true"}},

    {"aux_abilities", "grenade", "/teams/0/players/1/abilities/grenade", kAsAbility},
    {"aux_abilities", "ability_1", "/teams/0/players/1/abilities/ability1", kAsAbility},
    {"aux_abilities", "ability_2", "/teams/0/players/1/abilities/ability2", kAsAbility},
    {"aux_health", "", "/teams/0/players/1/health", {"3", "4", "1.5", "1", "i", "-", "i", "i", "i", "i"}},
    // Existing servers compare with true and false.
    {"aux_astra_targeting",
     "",
     "/teams/1/players/0/iconNameSuffix",
     {"i", "i", "i", "'Targeting'", "i", "-", "i", "i", "i", "i"}},
    {"aux_cypher_cam", "", "/teams/0/players/2/iconNameSuffix", {"i", "i", "i", "'Cam'", "i", "-", "i", "i", "i", "i"}},
};

class ReadingsTest : public MatchFixture {
 protected:
  // A match in its second round, with something known of everything.
  void begin() {
    restart("");
    add_player("A", 0);
    add_player("B", 0, "Wushu");
    add_player("C", 0, "Gumshoe");
    add_player("X", 1, "Rift");
    round(2, "shopping");
    expect_applied("match_start", "'id'");
    expect_applied("map", "'Jam'");
    expect_applied("score", "{'team_0':8,'team_1':9}");
    round(2, "combat");
  }
  static const EventCase& event_case(std::string_view type) {
    return *std::find_if(std::begin(kEvents), std::end(kEvents), [&](const EventCase& it) { return it.type == type; });
  }
  // What precedes an event, so that "leaves what was known" is seen.
  void prepare(std::string_view event) {
    if (event == "scoreboard") expect_applied("scoreboard", event_case("scoreboard").data);
    if (event.starts_with("aux_scoreboard")) {
      EXPECT_EQ(aux("aux_scoreboard", "B", event_case("aux_scoreboard").data).verdict, Verdict::kApplied);
    }
    if (event == "aux_abilities") {
      EXPECT_EQ(aux("aux_abilities", "B", "{'grenade':7,'ability_1':8,'ability_2':9}").verdict, Verdict::kApplied);
    }
  }

  // The good data without the field, and with `value` instead unless that is "".
  static std::string with(std::string_view good, std::string_view field, std::string_view value) {
    if (field.empty()) return json_of(value);
    const Parsed parsed(json_of(good));
    BytesWriter out;
    out.append('{');
    for (json::Value key = parsed.root().first(); key.exists();) {
      const json::Value member = parsed.root().after(key);
      if (key.string() != field) {
        if (out.size() > 1) out.append(',');
        json::write_value(out, key);
        out.append(':');
        json::write_value(out, member);
      }
      key = parsed.root().after(member);
    }
    if (!value.empty()) {
      if (out.size() > 1) out.append(',');
      out.append(json_of("'" + std::string(field) + "':" + std::string(value)));
    }
    out.append('}');
    return std::string(out.view());
  }

  Outcome send_with(const Reading& it, std::string_view value) {
    const EventCase& event = event_case(it.event);
    std::string data = with(event.data, it.field, value);
    if (it.event == "aux_scoreboard_team") {
      BytesWriter text;
      json::write_string(text, "[" + data + "]");
      data = text.view();
    }
    const std::string_view type = it.event.substr(0, it.event.find(' '));
    const bool of_team_one = it.event == "aux_astra_targeting";
    const bool of_cypher = it.event == "aux_cypher_cam";
    return send_json(type, std::move(data), event.writer, of_team_one ? "X" : of_cypher ? "C" : "B");
  }

  // The value at a JSON pointer as its text; kAbsent if there is none.
  std::string shown(std::string_view path) {
    const Parsed parsed(snapshot());
    json::Value value = parsed.root();
    while (!path.empty()) {
      path.remove_prefix(1);
      const std::string_view step = path.substr(0, path.find('/'));
      path.remove_prefix(step.size());
      value = value.is_array() ? value.at(static_cast<size_t>(step[0] - '0')) : value[step];
    }
    if (!value.exists()) return std::string(kAbsent);
    BytesWriter out;
    json::write_value(out, value);
    return std::string(out.view());
  }

  static bool has_fault(const Outcome& outcome, std::string_view field) {
    return std::any_of(outcome.ignored.begin(), outcome.ignored.end(),
                       [&](const FieldFault& fault) { return fault.field == (field.empty() ? kWholeData : field); });
  }

  void check(const Reading& it, size_t form) {
    const std::string_view wanted = it.shown[form];
    const std::string where = std::string(it.event) + "." + std::string(it.field) + " = " + kForms[form];
    if (form == kMissing && it.field.empty()) return;
    begin();
    prepare(it.event);
    const std::string before = it.path.empty() ? "" : shown(it.path);
    const std::string all_before = snapshot();
    const Outcome outcome = send_with(it, kForms[form]);
    const Parsed readable(snapshot());
    if (wanted == kIgnored || wanted == kRefused) {
      EXPECT_EQ(outcome.verdict, wanted == kIgnored ? Verdict::kIgnored : Verdict::kRefused) << where;
      EXPECT_EQ(snapshot(), all_before) << where;
      EXPECT_FALSE(outcome.reason.empty()) << where;
      return;
    }
    EXPECT_EQ(outcome.verdict, Verdict::kApplied) << where << ": " << outcome.reason;
    if (wanted == kUnused || it.path.empty()) return;
    if (wanted == kKeeps) {
      EXPECT_EQ(shown(it.path), before) << where;
      EXPECT_TRUE(has_fault(outcome, it.field)) << where;
      return;
    }
    EXPECT_EQ(shown(it.path), wanted == kAbsent ? std::string(kAbsent) : json_of(wanted)) << where;
  }
};

TEST_F(ReadingsTest, EveryFieldOfEveryEventInEveryForm) {
  for (const Reading& it : kReadings) {
    for (size_t form = 0; form < kForms.size(); ++form) check(it, form);
  }
}

TEST_F(ReadingsTest, NoFieldAndNoEventIsLeftOut) {
  std::set<std::string> read;
  for (const Reading& it : kReadings) read.insert(std::string(it.event) + "." + std::string(it.field));
  for (const EventCase& it : kEvents) {
    const Parsed parsed(json_of(it.data));
    if (!parsed.root().is_object()) {
      EXPECT_TRUE(read.contains(std::string(it.type) + ".")) << it.type;
    }
    for (json::Value key = parsed.root().is_object() ? parsed.root().first() : json::Value(); key.exists();
         key = parsed.root().after(parsed.root().after(key)))
      EXPECT_TRUE(read.contains(std::string(it.type) + "." + std::string(*key.string()))) << it.type << *key.string();
  }
  for (auto type = static_cast<int>(EventType::kMatchStart); type < static_cast<int>(EventType::kServerRegistered);
       ++type) {
    const std::string_view name = event_name(static_cast<EventType>(type));
    EXPECT_TRUE(std::any_of(std::begin(kEvents), std::end(kEvents), [&](const EventCase& it) {
      return it.type == name;
    })) << name;
  }
}

TEST_F(ReadingsTest, AFieldsFaultCostsNothingElse) {
  begin();
  const Outcome outcome = send("scoreboard", scoreboard("A", 0, ",'kills':'many','deaths':[],'money':'1500'"));
  EXPECT_EQ(outcome.verdict, Verdict::kApplied);
  ASSERT_EQ(outcome.ignored.size(), 2U);
  EXPECT_EQ(outcome.ignored[0].field, "kills");
  EXPECT_EQ(outcome.ignored[0].found, json::Type::kString);
  EXPECT_EQ(outcome.ignored[1].field, "deaths");
  EXPECT_EQ(player(0, 0).money, 1'500);
  EXPECT_TRUE(player(0, 0).scoreboard_available);
}

TEST_F(ReadingsTest, StartTeams) {
  const auto team_with = [&](std::string_view value) {
    restart("");
    const Outcome outcome =
        send("roster",
             "{'name':'N','tagline':'T','agentInternal':'Clay','playerId':'N','position':0,'locked':true"
             ",'rank':0,'startTeam':" +
                 std::string(value) + "}");
    if (outcome.verdict == Verdict::kRefused) {
      EXPECT_EQ(outcome.reason, "startTeam");
    }
    return team(0).player_count == 1 ? 0 : team(1).player_count == 1 ? 1 : -1;
  };
  for (const char* zero : {"0", "-0", "0.0", "'0'", "' 0 '", "'-0'", "'0x0'", "false"})
    EXPECT_EQ(team_with(zero), 0) << zero;
  for (const char* one : {"1", "1.0", "'1'", "'01'", "'1.0'", "'+1'", "'1e0'", "'0b1'", "true"})
    EXPECT_EQ(team_with(one), 1) << one;
  for (const char* none :
       {"2", "-1", "0.5", "'2'", "'one'", "''", "' '", "null", "[1]", "['1']", "{}", "'1 1'", "'Infinity'"})
    EXPECT_EQ(team_with(none), -1) << none;
}

TEST_F(ReadingsTest, BoundsHold) {
  begin();
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':1e300,'deaths':'-1e300','money':9223372036854775808"));
  EXPECT_EQ(player(0, 0).kills, kMaxNumber);
  EXPECT_EQ(player(0, 0).deaths, -kMaxNumber);
  EXPECT_EQ(player(0, 0).money, kMaxNumber);
  for (int i = 0; i < 3; ++i) {
    expect_applied("scoreboard", scoreboard("A", 0, ",'money':-1e9"));
    expect_applied("scoreboard", scoreboard("A", 0, ",'money':1e9"));
  }
  EXPECT_EQ(std::fabs(player(0, 0).money_spent), kMaxNumber);
  const std::string longest(kMaxName, 'n');
  expect_applied("roster", "{'name':'" + longest + "ü','tagline':'" + longest + "more','startTeam':1,'playerId':'" +
                               longest + "1','agentInternal':'" + longest + "2'}");
  EXPECT_EQ(text(player(1, 1).name), longest);
  EXPECT_EQ(text(player(1, 1).search_name).size(), 2 * kMaxName + 2);
  EXPECT_EQ(text(player(1, 1).riot_id), longest);
  for (const char* number : {"-1", "201", "'201'", "1e300"})
    EXPECT_EQ(send("round_info", "{'roundPhase':'shopping','roundNumber':" + std::string(number) + "}").verdict,
              Verdict::kRefused)
        << number;
}

// Which ECMAScript reads as Infinity and writes as null.
TEST_F(ReadingsTest, ANumberBeyondADoubleCostsItselfOnly) {
  begin();
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':7"));
  expect_applied("scoreboard", scoreboard("A", 0, ",'kills':1e400,'deaths':3,'money':-1e400"));
  EXPECT_EQ(player(0, 0).kills, 7);
  EXPECT_EQ(player(0, 0).deaths, 3);
}

TEST_F(ReadingsTest, DataOfAnotherShapeIsRefused) {
  for (const EventCase& it : kEvents) {
    if (it.data[0] != '{' || it.type == "roster new") continue;
    for (const char* data : {"null", "true", "5", "'x'", "[]"}) {
      begin();
      const std::string before = snapshot();
      const Outcome outcome = send(it.type, data, it.writer, "A");
      const bool is_empty_list = it.type == "aux_scoreboard_team" && data[0] == '[';
      EXPECT_EQ(outcome.verdict, is_empty_list ? Verdict::kIgnored : Verdict::kRefused) << it.type << ' ' << data;
      EXPECT_EQ(snapshot(), before);
    }
  }
}

TEST_F(ReadingsTest, AssistersThatAreNobody) {
  begin();
  round(2, "shopping");
  for (const char* assists : {"[null]", "[5,{},true]", "null", "'Clay'"}) {
    expect_applied("killfeed",
                   "{'attacker':'A','victim':'X','weaponKillfeedInternal':'','assists':" + std::string(assists) + "}");
  }
  EXPECT_EQ(player(0, 0).kills, 4);
  EXPECT_EQ(player(1, 0).deaths, 4);
  expect_applied("killfeed",
                 "{'attacker':'A','victim':'X','assists':[null,null,null,null,null,null,null,null,null,"
                 "null,null,null,'TX_Killfeed_Cypher']}");
  EXPECT_EQ(player(0, 2).assists, 1);
}

}  // namespace
}  // namespace matchbus::match

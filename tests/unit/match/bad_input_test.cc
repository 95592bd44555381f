// For every field of every event: missing, wrong types, huge, negative, very long, deep. Whatever happens, an event
// that is refused leaves the state as it was, and one that is not leaves one that can be shown.
#include <set>

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::MatchFixture;
using test::Parsed;

// How a field may be. Everything else must be refused.
enum Fits : unsigned {
  kText = 1,
  kFlag = 2,
  kCount = 4,
  kAmount = 8,
  kAny = 16,
  kOptional = 32,
  kNumber = 64,
  kTexts = 128,
  kNull = 256,
  kLong = 512,
  kSmall = 1024,
  kHalf = 2048
};

struct FieldCase {
  const char* event;
  Writer writer;
  const char* good;  // the whole data
  const char* field;
  unsigned fits;
};

constexpr const char* kRoster =
    "{'name':'A','tagline':'T','startTeam':0,'agentInternal':'Clay','playerId':'A','position':0,'locked':true,'rank':"
    "0}";
constexpr const char* kBoard =
    "{'name':'n','tagline':'t','playerId':'A','startTeam':0,'agentInternal':'Clay','isAlive':true,'initialArmor':0,"
    "'scoreboardWeaponInternal':'W','currUltPoints':0,'maxUltPoints':7,'hasSpike':false,'money':800,'kills':0,"
    "'deaths':0,'assists':0}";
constexpr const char* kKill =
    "{'attacker':'A','victim':'X','weaponKillfeedInternal':'W','headshotKill':false,'assists':[],'isTeamkill':false}";
constexpr const char* kRound = "{'roundPhase':'combat','roundNumber':3}";
constexpr const char* kScore = "{'team_0':1,'team_1':2}";
constexpr const char* kToast = "{'duration':5,'title':'t','message':'m','eventLogoEnabled':true,'active':false}";
constexpr const char* kAbilities = "{'grenade':1,'ability_1':2,'ability_2':3}";
constexpr Writer kObs = Writer::kObserver;
constexpr Writer kAux = Writer::kAuxiliary;

const FieldCase kCases[] = {
    {"roster", kObs, kRoster, "name", kText},
    {"roster", kObs, kRoster, "tagline", kText},
    {"roster", kObs, kRoster, "startTeam", 0},  // numbers: teams 0 and 1 only
    {"roster", kObs, kRoster, "agentInternal", kText},
    {"roster", kObs, kRoster, "playerId", kText},
    {"roster", kObs, kRoster, "position", kAmount},
    {"roster", kObs, kRoster, "locked", kFlag},
    {"roster", kObs, kRoster, "rank", kNumber | kOptional | kNull},
    {"scoreboard", kObs, kBoard, "name", kText | kOptional | kNull},
    {"scoreboard", kObs, kBoard, "tagline", kText | kOptional | kNull},
    {"scoreboard", kObs, kBoard, "playerId", kText},
    {"scoreboard", kObs, kBoard, "startTeam", 0},
    {"scoreboard", kObs, kBoard, "agentInternal", kText},
    {"scoreboard", kObs, kBoard, "isAlive", kFlag},
    {"scoreboard", kObs, kBoard, "initialArmor", kAny},
    {"scoreboard", kObs, kBoard, "scoreboardWeaponInternal", kText | kOptional | kNull},
    {"scoreboard", kObs, kBoard, "currUltPoints", kCount},
    {"scoreboard", kObs, kBoard, "maxUltPoints", kCount},
    {"scoreboard", kObs, kBoard, "hasSpike", kFlag},
    {"scoreboard", kObs, kBoard, "money", kAmount},
    {"scoreboard", kObs, kBoard, "kills", kCount},
    {"scoreboard", kObs, kBoard, "deaths", kCount},
    {"scoreboard", kObs, kBoard, "assists", kCount},
    {"aux_scoreboard", kAux, kBoard, "kills", kCount},
    {"aux_scoreboard", kAux, kBoard, "startTeam", 0},
    {"killfeed", kObs, kKill, "attacker", kText},
    {"killfeed", kObs, kKill, "victim", kText},
    {"killfeed", kObs, kKill, "weaponKillfeedInternal", kText},
    {"killfeed", kObs, kKill, "headshotKill", kFlag},
    {"killfeed", kObs, kKill, "assists", kTexts},
    {"killfeed", kObs, kKill, "isTeamkill", kFlag},
    {"round_info", kObs, kRound, "roundPhase", kText},
    {"round_info", kObs, kRound, "roundNumber", kSmall},
    {"score", kObs, kScore, "team_0", kCount},
    {"score", kObs, kScore, "team_1", kCount},
    {"toast", kObs, kToast, "title", kText | kLong | kOptional},
    {"toast", kObs, kToast, "message", kText | kLong | kOptional},
    {"toast", kObs, kToast, "eventLogoEnabled", kFlag | kOptional},
    {"toast", kObs, kToast, "duration", kCount | kHalf | kOptional | kNull},
    {"aux_abilities", kAux, kAbilities, "grenade", kCount},
    {"aux_abilities", kAux, kAbilities, "ability_1", kCount},
    {"aux_abilities", kAux, kAbilities, "ability_2", kCount},
};

struct BadValue {
  std::string json;
  unsigned is;  // which of Fits it is
};

std::vector<BadValue> values() {
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += '[';
  deep += std::string(50, ']');
  return {{"", kOptional},  // missing
          {"null", kNull},
          {"true", kFlag},
          {"false", kFlag},
          {"'text'", kText},
          {"''", kText},
          {"'" + std::string(kMaxName + 1, 'x') + "'", kLong},
          {"'" + std::string(100'000, 'x') + "'", 0},
          {"77", kSmall | kCount | kAmount | kNumber},
          {"-77", kAmount | kNumber},
          {"1.5", kHalf | kNumber},
          {"1e300", kNumber},
          {"-1e300", kNumber},
          {"9223372036854775808", kNumber},
          {"[]", kTexts},
          {"['x']", kTexts},
          {"[null]", 0},
          {"{}", 0},
          {"{'a':{'b':1}}", 0},
          {deep, 0}};
}

class BadInput : public MatchFixture {
 protected:
  void SetUp() override {
    add_player("A", 0);
    add_player("X", 1);
  }
  // The good data without the field, and with `value` instead unless that is "".
  static std::string with(const FieldCase& it, const std::string& value) {
    const Parsed good(json_of(it.good));
    BytesWriter out;
    out.append('{');
    for (json::Value key = good.root().first(); key.exists();) {
      const json::Value member = good.root().after(key);
      if (key.string() != it.field) {
        if (out.size() > 1) out.append(',');
        json::write_value(out, key);
        out.append(':');
        json::write_value(out, member);
      }
      key = good.root().after(member);
    }
    if (!value.empty()) {
      if (out.size() > 1) out.append(',');
      out.append(json_of("'" + std::string(it.field) + "':" + value));
    }
    out.append('}');
    return std::string(out.view());
  }
};

TEST_F(BadInput, EveryFieldOfEveryEvent) {
  for (const FieldCase& it : kCases) {
    EXPECT_NE(send(it.event, it.good, it.writer, "A").verdict, Verdict::kRefused) << it.event << last_.reason;
    for (const BadValue& value : values()) {
      state().toast.active = false;  // else the next one calls it off, unread
      const std::string before = snapshot();
      const Outcome outcome = send_json(it.event, with(it, value.json), it.writer, "A");
      const bool fits = (it.fits & (value.is | kAny)) != 0;
      EXPECT_EQ(outcome.verdict != Verdict::kRefused, fits)
          << it.event << '.' << it.field << " = " << value.json.substr(0, 60) << ": " << outcome.reason;
      EXPECT_EQ(outcome.reason.empty(), outcome.verdict == Verdict::kApplied);
      if (outcome.verdict != Verdict::kApplied) {
        EXPECT_EQ(snapshot(), before) << it.event << '.' << it.field;
      }
      const Parsed shown(snapshot());
    }
  }
}

TEST_F(BadInput, DataOfAnotherShape) {
  std::set<std::string> events;
  for (const FieldCase& it : kCases) {
    if (!events.insert(it.event).second) continue;
    for (const char* data : {"null", "true", "5", "'x'", "[]", "[{}]", "{}"}) {
      if (std::string(it.event) == "toast" && std::string(data) == "{}") continue;
      const std::string before = snapshot();
      EXPECT_EQ(send(it.event, data, it.writer, "A").verdict, Verdict::kRefused) << it.event << ' ' << data;
      EXPECT_EQ(snapshot(), before);
    }
  }
}

TEST_F(BadInput, LargeCountsAreBounded) {
  for (int i = 0; i < 5; ++i) {
    expect_applied("scoreboard", scoreboard("A", 0, ",'kills':1000000000,'money':1000000000"));
    expect_applied("scoreboard", scoreboard("A", 0, ",'kills':0,'money':-1000000000"));
  }
  EXPECT_EQ(player(0, 0).money_spent, 1'000'000'000);
  EXPECT_EQ(send("scoreboard", scoreboard("A", 0, ",'kills':1000000001")).verdict, Verdict::kRefused);
  round(2, "shopping");
  player(0, 0).kills = 1'000'000'000;
  expect_applied("killfeed", kKill);
  EXPECT_EQ(player(0, 0).kills, 1'000'000'000);
}

}  // namespace
}  // namespace matchbus::match

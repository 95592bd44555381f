// Random sequences of events with fixed seeds, as JSON: good ones, bad ones, at odd times.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

#include "match/event.h"
#include "match_fixture.h"

namespace matchbus::test {

using match::Envelope;
using match::Match;
using match::Outcome;
using match::Reducer;
using match::Writer;

struct Sent {
  int64_t at;
  Writer writer;
  std::string text;  // of the envelope
};

class Story {
 public:
  explicit Story(unsigned seed) : random_(seed) {}

  Sent next() {
    now_ += pick(20) == 0 ? pick(70'000) : pick(700);
    if (pick(200) == 0) now_ -= pick(5'000);
    const std::string type = one_of({"roster",
                                     "roster",
                                     "scoreboard",
                                     "scoreboard",
                                     "scoreboard",
                                     "killfeed",
                                     "killfeed",
                                     "round_info",
                                     "round_info",
                                     "score",
                                     "observing",
                                     "map",
                                     "game_mode",
                                     "match_start",
                                     "spike_planted",
                                     "spike_detonated",
                                     "spike_defused",
                                     "tech_pause",
                                     "left_timeout",
                                     "right_timeout",
                                     "switch_kda_credits",
                                     "toast",
                                     "swap_left_right",
                                     "swap_attacker_defender",
                                     "aux_scoreboard",
                                     "aux_scoreboard_team",
                                     "aux_abilities",
                                     "aux_health",
                                     "aux_astra_targeting",
                                     "aux_cypher_cam",
                                     "server_registered",
                                     "server_ranks",
                                     "server_name_overrides",
                                     "server_aux_gone",
                                     "server_aux_back",
                                     "nonsense"});
    const Writer writer = type.starts_with("aux")      ? Writer::kAuxiliary
                          : type.starts_with("server") ? Writer::kServer
                                                       : Writer::kObserver;
    std::string text = writer == Writer::kAuxiliary ? "{'playerId':'" + player() + "','matchId':'M',"
                       : writer == Writer::kServer  ? "{"
                                                    : "{'obsName':'O',";
    text += "'groupCode':'G','type':'" + type + "','data':";
    return {now_, writer, json_of(text) + (pick(15) == 0 ? rubbish() : data(type)) + "}"};
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  std::string one_of(std::initializer_list<const char*> list) {
    return *(list.begin() + pick(static_cast<int>(list.size())));
  }
  std::string flag() { return pick(2) == 0 ? "true" : "false"; }
  std::string number(int below) { return std::to_string(pick(below)); }
  std::string player() { return "p" + number(13); }
  std::string agent() { return one_of({"Clay", "Smonk", "Smonk_PC_C", "Pine", "Rift", "Gumshoe", "Wushu", "", "New"}); }
  std::string rubbish() {
    return json_of(one_of({"null", "5", "-1e300", "'x'", "[]", "{}", "[[1]]", "{'name':5}", "true", "''"}));
  }
  std::string board() {
    return json_of("{'name':'n','tagline':'t','playerId':'" + player() + "','startTeam':" + number(2) +
                   ",'agentInternal':'" + agent() + "','isAlive':" + flag() + ",'initialArmor':" + number(6) +
                   ",'scoreboardWeaponInternal':'" + one_of({"TX_Hud_Volcano", "knife", "?"}) + "','currUltPoints':" +
                   number(3) + ",'maxUltPoints':2,'hasSpike':" + flag() + ",'money':" + std::to_string(300 * pick(10)) +
                   ",'kills':" + number(5) + ",'deaths':" + number(4) + ",'assists':" + number(3) + "}");
  }
  std::string data(const std::string& type) {
    if (type.ends_with("scoreboard")) return board();
    if (type == "aux_scoreboard_team") {
      BytesWriter text;
      json::write_string(text, "[" + board() + "," + board() + "]");
      return std::string(text.view());
    }
    const std::string id = player();
    if (type == "roster") {
      return json_of("{'name':'" + id + "','tagline':'" + number(3) + "','startTeam':" + number(2) +
                     ",'agentInternal':'" + agent() + "','playerId':'" + id + "','position':" + number(10) +
                     ",'locked':" + flag() + "}");
    }
    if (type == "killfeed") {
      return json_of("{'attacker':'" + id + "','victim':'" + player() + "','weaponKillfeedInternal':'w" + number(90) +
                     "','headshotKill':" + flag() +
                     ",'assists':['TX_Killfeed_Clove','TX_Killfeed_Jett'],'isTeamkill':" + flag() + "}");
    }
    if (type == "round_info") {
      return json_of("{'roundPhase':'" + one_of({"shopping", "combat", "end", "shopping", "combat", "other"}) +
                     "','roundNumber':" + number(pick(10) == 0 ? 210 : 40) + "}");
    }
    if (type == "score") return json_of("{'team_0':" + number(14) + ",'team_1':" + number(14) + "}");
    if (type == "toast") return json_of("{'title':'" + number(99) + "','duration':" + number(5'000) + "}");
    if (type == "aux_abilities")
      return json_of("{'grenade':" + number(3) + ",'ability_1':" + number(3) + ",'ability_2':" + number(3) + "}");
    if (type == "aux_health") return number(150);
    if (type == "server_ranks") return json_of("[{'puuid':'" + id + "','currentMMRTier':" + number(27) + "}]");
    if (type == "server_name_overrides") return json_of("{'nameOverrides':'" + number(99) + "'}");
    if (type == "match_start") return json_of("'M'");
    if (type == "server_registered" || type == "aux_astra_targeting" || type == "aux_cypher_cam") return flag();
    return json_of(one_of({"'swift'", "'bomb'", "'p1 #1'", "'p2'", "'Jam'"}));
  }

  std::mt19937 random_;
  int64_t now_ = kStart;
};

inline Outcome apply(Reducer& reducer, Match& match, const Sent& sent) {
  const Parsed parsed(sent.text);
  Envelope event;
  if (sent.writer == Writer::kServer) {
    event.writer = Writer::kServer;
    event.type_name = *parsed["type"].string();
    event.type = match::event_type(event.type_name);
    event.data = parsed["data"];
    event.timestamp = sent.at;
  } else {
    event = *match::read_envelope(parsed.root(), sent.writer, sent.at);
  }
  return reducer.apply(match, event);
}

}  // namespace matchbus::test

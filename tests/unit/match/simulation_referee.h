// A referee for simulated matches, who knows nothing of how they are made: reads the events as a server would, minds
// the rules of the game and the shapes of one generation of clients, and counts what real games have and rehearsals
// lack.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "json/document.h"
#include "match/names.h"
#include "match/simulation.h"
#include "match/version_range.h"

namespace matchbus::test {

using match::Names;
using match::SimulatedEvent;
using match::SimulationShapes;
using match::VersionRange;

struct SeenPlayer {
  std::string name;
  std::string search_name;
  std::string agent;
  bool locked = false;
  int64_t start_team = 0;
  bool alive = true;  // by the kill feed
  bool has_spike = false;
  int64_t money = 800;
  int64_t kills = 0;  // by the kill feed, as the next two
  int64_t deaths = 0;
  int64_t assists = 0;
  int64_t seen_in = 0;  // round of the last scoreboard
};

class Referee {
 public:
  explicit Referee(SimulationShapes shapes = SimulationShapes::kText) : shapes_(shapes) {}

  void judge(const SimulatedEvent& event) {
    std::string text = event.text;
    ASSERT_TRUE(document_.parse_in_place(text).ok()) << event.text;
    SCOPED_TRACE(event.text);
    EXPECT_GE(event.at_ms, last_ms_);
    last_ms_ = event.at_ms;
    const json::Value root = document_.root();
    if (count_++ == 0) {
      EXPECT_EQ(event.name, "obs_logon");
      return logon(root);
    }
    EXPECT_EQ(event.name, "obs_data");
    EXPECT_EQ(root["groupCode"].string(), "TEST\"1");
    EXPECT_EQ(root["obsName"].string(), "Simulation");
    const std::string type(root["type"].string().value_or(""));
    ++types[type];
    const json::Value data = root["data"];
    if (type == "roster") roster(data);
    if (type == "scoreboard") scoreboard(data, event.at_ms);
    if (type == "killfeed") killfeed(data, event.text);
    if (type == "round_info") round_info(data, event.at_ms);
    if (type == "score") score(data, event.at_ms);
    if (type == "spike_planted") planted = true;
    if (type == "spike_detonated" || type == "spike_defused") spike_over(type, event.at_ms);
    if (type == "aux_abilities") abilities(root);
    if (type == "map") {
      EXPECT_NE(Names::built_in().map(*data.string()), "");
    }
    if (type == "match_start") {
      EXPECT_EQ(data.is_string(), shapes_ == SimulationShapes::kNew);
    }
    if (type == "observing") {
      EXPECT_TRUE(search_names_.count(std::string(*data.string())));
    }
    if (type == "aux_health") {
      EXPECT_TRUE(players_.count(text_of(root["playerId"])));
      EXPECT_TRUE(data.integer(1, 100).has_value());
    }
    if (type == "spike_planted") planted_at_ = event.at_ms;
  }

  std::map<std::string, int> types;
  // What real games have: how often it came about.
  std::map<std::string, int> oddities;
  std::vector<std::pair<int64_t, int64_t>> scores;
  int64_t round = 0;
  std::string phase;
  bool planted = false;
  int64_t last_ms() const { return last_ms_; }

  // Kills, deaths and assists by the kill feed, with the names.
  std::string tally() const {
    std::string text;
    for (const auto& [id, player] : players_) {
      text += player.name + ' ' + std::to_string(player.kills) + '/' + std::to_string(player.deaths) + '/' +
              std::to_string(player.assists) + '\n';
    }
    return text;
  }

 private:
  static std::string text_of(json::Value value) { return std::string(value.string().value_or("(no text)")); }
  static int64_t number(json::Value value) { return value.integer(-1'000'000, 1'000'000).value_or(-999); }
  bool is_playing() const { return !phase.empty(); }

  void logon(json::Value root) {
    EXPECT_EQ(root["type"].string(), "authenticate");
    EXPECT_EQ(root["groupCode"].string(), "TEST\"1");
    EXPECT_EQ(root["key"].string(), "secret");
    EXPECT_TRUE(VersionRange::parse(VersionRange::kDefault).value().contains(text_of(root["clientVersion"])));
    EXPECT_EQ(root["leftTeam"]["attackStart"].boolean(), true);
    EXPECT_EQ(root["rightTeam"]["attackStart"].boolean(), false);
    EXPECT_NE(text_of(root["leftTeam"]["name"]), text_of(root["rightTeam"]["name"]));
  }

  // Only old clients leave out what an event is about, and only where it has been told before.
  bool is_whole(json::Value data) {
    if (data["playerId"].exists() && data["startTeam"].exists()) return true;
    EXPECT_EQ(shapes_, SimulationShapes::kOld);
    EXPECT_EQ(players_.size(), 10U);
    ++oddities["gaps"];
    return false;
  }

  void roster(json::Value data) {
    EXPECT_EQ(data["tagline"].exists(), shapes_ != SimulationShapes::kOld);
    EXPECT_EQ(data["locked"].exists(), shapes_ != SimulationShapes::kOld);
    EXPECT_EQ(data["rank"].is_string(), shapes_ == SimulationShapes::kOld);
    EXPECT_TRUE(data["party"].is_object()) << "nobody knows this";
    if (!is_whole(data)) return;
    EXPECT_EQ(data["startTeam"].is_string(), shapes_ != SimulationShapes::kNew);
    const int64_t team =
        data["startTeam"].is_string() ? std::stoi(text_of(data["startTeam"])) : number(data["startTeam"]);
    const std::string id = text_of(data["playerId"]);
    if (number(data["position"]) == 10) return sixth(id, team);
    EXPECT_EQ(number(data["position"]) / 5, team);
    if (is_playing()) return roster_again(data, id);
    SeenPlayer& player = players_[id];
    EXPECT_FALSE(player.locked) << "nobody changes after locking";
    player.name = text_of(data["name"]);
    player.search_name = player.name;
    if (data["tagline"].exists()) player.search_name += " #" + text_of(data["tagline"]);
    search_names_.insert(player.search_name);
    player.agent = text_of(data["agentInternal"]);
    player.locked = data["locked"].boolean().value_or(false);
    player.start_team = team;
    EXPECT_TRUE(Names::built_in().agent(player.agent).has_value());
  }

  void roster_again(json::Value data, const std::string& id) {
    ASSERT_TRUE(players_.count(id));
    const SeenPlayer& player = players_[id];
    EXPECT_EQ(player.name, text_of(data["name"]));
    EXPECT_EQ(player.agent, text_of(data["agentInternal"]));
    EXPECT_EQ(phase, "shopping");
    ++oddities["rosters again"];
  }

  void sixth(const std::string& id, int64_t team) {
    EXPECT_FALSE(players_.count(id));
    EXPECT_EQ(std::count_if(players_.begin(), players_.end(),
                            [team](const auto& entry) { return entry.second.start_team == team; }),
              5)
        << "no room for one who is to play";
    ++oddities["a sixth"];
  }

  void scoreboard(json::Value data, int64_t at_ms) {
    EXPECT_EQ(data["tagline"].exists(), shapes_ != SimulationShapes::kOld);
    EXPECT_EQ(data["initialArmor"].exists(), shapes_ == SimulationShapes::kNew);
    EXPECT_EQ(data["initialShield"].exists(), shapes_ != SimulationShapes::kNew);
    EXPECT_TRUE(data["ping"].exists()) << "nobody knows this";
    if (!is_playing()) return early_scoreboard(data);
    if (!is_whole(data)) return;
    scoreboard_times_.push_back(at_ms);
    ASSERT_TRUE(players_.count(text_of(data["playerId"])));
    SeenPlayer& player = players_[text_of(data["playerId"])];
    if (player.seen_in + 1 < round) ++oddities["away"];
    player.seen_in = round;
    EXPECT_EQ(player.name, text_of(data["name"]));
    EXPECT_EQ(player.agent, text_of(data["agentInternal"]));
    EXPECT_EQ(player.start_team, number(data["startTeam"]));
    EXPECT_TRUE(Names::built_in().weapon(text_of(data["scoreboardWeaponInternal"])).has_value());
    EXPECT_TRUE(data[shapes_ == SimulationShapes::kNew ? "initialArmor" : "initialShield"].integer(0, 2).has_value());
    EXPECT_TRUE(data["maxUltPoints"].integer(6, 9).has_value());
    EXPECT_TRUE(data["currUltPoints"].integer(0, number(data["maxUltPoints"])).has_value());
    EXPECT_EQ(data["isAlive"].boolean(), player.alive);
    EXPECT_EQ(number(data["kills"]), player.kills);
    EXPECT_EQ(number(data["deaths"]), player.deaths);
    EXPECT_EQ(number(data["assists"]), player.assists);
    spike(data["hasSpike"], player);
    money(data["money"], player);
  }

  void early_scoreboard(json::Value data) {
    EXPECT_EQ(data["isAlive"].boolean(), false);
    EXPECT_EQ(number(data["money"]), 0);
    ++oddities[players_.empty() ? "scoreboards before rosters" : "scoreboards before the match"];
  }

  void spike(json::Value value, SeenPlayer& player) {
    if (!value.exists()) {
      EXPECT_EQ(shapes_, SimulationShapes::kOld);
    }
    player.has_spike = value.boolean().value_or(player.has_spike);
    if (!player.has_spike) return;
    EXPECT_FALSE(phase == "combat" && planted);
    EXPECT_EQ(player.start_team, attacking_);
    EXPECT_TRUE(player.alive);
  }

  void money(json::Value value, SeenPlayer& player) {
    const int64_t money = number(value);
    EXPECT_TRUE(money >= 0 && money <= 9'000 && money % 50 == 0);
    if (phase == "combat") {
      EXPECT_GE(money, player.money) << "nothing is for sale in combat";
      if (money - player.money == 300) {
        EXPECT_TRUE(planted) << "who planted?";
      }
    }
    player.money = money;
  }

  void killfeed(json::Value data, const std::string& text) {
    EXPECT_EQ(phase, "combat");
    SeenPlayer* attacker = by_name(text_of(data["attacker"]));
    SeenPlayer* victim = by_name(text_of(data["victim"]));
    ASSERT_TRUE(attacker != nullptr && victim != nullptr);
    if (!victim->alive && text == last_kill_) {
      ++oddities["kills twice"];
      return;
    }
    last_kill_ = text;
    EXPECT_TRUE(attacker->alive);
    EXPECT_TRUE(victim->alive);
    EXPECT_NE(attacker->start_team, victim->start_team);
    EXPECT_TRUE(data["wallbang"].exists()) << "nobody knows this";
    const std::string weapon = text_of(data["weaponKillfeedInternal"]);
    if (weapon.empty()) {
      EXPECT_NE(shapes_, SimulationShapes::kNew);
      ++oddities["kills without a weapon"];
    } else {
      EXPECT_TRUE(Names::built_in().weapon(weapon).has_value());
    }
    EXPECT_EQ(data["isTeamkill"].exists(), shapes_ != SimulationShapes::kOld);
    EXPECT_EQ(data["headshotKill"].exists(), shapes_ != SimulationShapes::kOld);
    EXPECT_NE(data["isTeamkill"].boolean(), true);
    ++attacker->kills;
    ++victim->deaths;
    victim->alive = false;
    assists(data["assists"], *attacker);
  }

  void assists(json::Value list, const SeenPlayer& attacker) {
    EXPECT_TRUE(list.is_array());
    for (json::Value assist = list.first(); assist.exists(); assist = list.after(assist)) {
      if (assist.is_null()) {
        EXPECT_EQ(shapes_, SimulationShapes::kOld);
        EXPECT_EQ(list.size(), 1U);
        ++oddities["nobody assisted"];
        return;
      }
      const auto internal = Names::built_in().agent(text_of(assist));  // kill-feed names lead to internal ones
      ASSERT_TRUE(internal.has_value());
      int found = 0;
      for (auto& [id, player] : players_) {
        if (player.start_team != attacker.start_team || player.agent != *internal) continue;
        ++player.assists;
        ++found;
        EXPECT_NE(&player, &attacker);
      }
      EXPECT_EQ(found, 1) << "no agent twice in a team";
    }
  }

  void abilities(json::Value root) {
    EXPECT_TRUE(players_.count(text_of(root["playerId"])));
    for (const char* name : {"grenade", "ability_1", "ability_2"}) {
      const json::Value value = root["data"][name];
      EXPECT_EQ(value.boolean().has_value(), shapes_ != SimulationShapes::kNew);
      EXPECT_EQ(value.integer(0, 2).has_value(), shapes_ == SimulationShapes::kNew);
    }
  }

  void round_info(json::Value data, int64_t at_ms) {
    const std::string next = text_of(data["roundPhase"]);
    const int64_t number_now = number(data["roundNumber"]);
    if (next == "game_start") {
      EXPECT_NE(shapes_, SimulationShapes::kNew);
      EXPECT_EQ(number_now, round + 1);
      EXPECT_TRUE(phase == "end" || phase.empty());
      ++oddities["game_start"];
      return;
    }
    if (next == "shopping") {
      EXPECT_TRUE(phase == "end" || phase.empty());
      EXPECT_EQ(number_now, round + 1);
      if (round > 0) judge_round();
      if (number_now == 13 || number_now >= 25) attacking_ = 1 - attacking_;
      planted = false;
      for (auto& [id, player] : players_) player.alive = true;
      scored_ = false;
    } else if (next == "combat") {
      EXPECT_EQ(phase, "shopping");
      EXPECT_GE(at_ms - phase_since_, 30'000);
      combat_since_ = at_ms;
    } else if (next == "end") {
      EXPECT_EQ(phase, "combat");
      EXPECT_LE(at_ms - phase_since_, 126'000);
      if (!scored_) ++oddities["the end before the score"];
    } else {
      EXPECT_EQ(next, "game_end");
      EXPECT_EQ(phase, "end");
      judge_round();
    }
    if (next != "shopping") {
      EXPECT_EQ(number_now, round);
    }
    phase = next;
    round = number_now;
    phase_since_ = at_ms;
  }

  void spike_over(const std::string& type, int64_t at_ms) {
    EXPECT_EQ(phase, scored_ ? "end" : "combat");
    EXPECT_TRUE(planted);
    if (type == "spike_detonated") {
      EXPECT_NEAR(static_cast<double>(at_ms - planted_at_), 45'000, 150);
    }
    if (type == "spike_defused") {
      EXPECT_LT(at_ms - planted_at_, 45'000);
    }
    how_ = type;
  }

  void score(json::Value data, int64_t at_ms) {
    scores.emplace_back(number(data["team_0"]), number(data["team_1"]));
    if (scores.size() == 1) {
      EXPECT_EQ(scores[0], (std::pair<int64_t, int64_t>(0, 0)));
      return;
    }
    const auto before = scores[scores.size() - 2];
    const int64_t won_0 = scores.back().first - before.first;
    const int64_t won_1 = scores.back().second - before.second;
    EXPECT_TRUE((won_0 == 1 && won_1 == 0) || (won_0 == 0 && won_1 == 1));
    winner_ = won_0 == 1 ? 0 : 1;
    scored_at_ = at_ms;
    scored_before_end_ = phase == "combat";
    scored_ = true;
  }

  // Once all that a round's end brings is told.
  void judge_round() {
    EXPECT_TRUE(scored_);
    int losers_alive = 0;
    int winners_alive = 0;
    for (const auto& [id, player] : players_) {
      if (player.alive) ++(player.start_team == winner_ ? winners_alive : losers_alive);
    }
    if (how_ == "spike_detonated") {
      EXPECT_EQ(winner_, attacking_);
    } else if (how_ == "spike_defused") {
      EXPECT_EQ(winner_, 1 - attacking_);
      EXPECT_GT(winners_alive, 0) << "who defused?";
    } else if (losers_alive > 0) {
      EXPECT_EQ(winner_, 1 - attacking_);
      EXPECT_FALSE(planted);
      EXPECT_GE(scored_at_ - combat_since_, 99'000) << "only time can have ended it";
      EXPECT_TRUE(scored_before_end_) << "after the end no server can tell that time had run out";
    } else {
      EXPECT_GT(winners_alive, 0);
      EXPECT_LT(scored_at_ - combat_since_, 145'000);
    }
    how_.clear();
  }

  SeenPlayer* by_name(const std::string& name) {
    for (auto& [id, player] : players_) {
      if (player.name == name) return &player;
    }
    return nullptr;
  }

 public:
  // Scoreboards between the first and the last, per second.
  double scoreboard_rate() const {
    return 1000.0 * static_cast<double>(scoreboard_times_.size()) /
           static_cast<double>(scoreboard_times_.back() - scoreboard_times_.front());
  }

 private:
  SimulationShapes shapes_;
  json::Document document_;
  std::map<std::string, SeenPlayer> players_;
  std::set<std::string> search_names_;
  std::vector<int64_t> scoreboard_times_;
  size_t count_ = 0;
  int64_t last_ms_ = 0;
  int64_t phase_since_ = 0;
  int64_t combat_since_ = 0;
  int64_t planted_at_ = 0;
  int64_t attacking_ = 0;
  int64_t scored_at_ = 0;
  int64_t winner_ = 0;
  bool scored_ = false;
  bool scored_before_end_ = false;
  std::string how_;
  std::string last_kill_;
};

}  // namespace matchbus::test

// `killfeed`: who killed whom, with what (section 3.3).
//
// Two things: counters, which count every kill, and the fallback, which stands in for a scoreboard that a player does
// not have this round. Both by in-game name, since that is all the kill feed tells.
#include <array>
#include <span>

#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxAssists = 2 * kMaxPlayers;

// What the entry does not say is "" or kNoText.
struct KillfeedData {
  std::string_view attacker;
  std::string_view victim;
  TextId victim_id = kNoText;
  TextId weapon = kNoText;
  std::array<std::string_view, kMaxAssists> assists;
  size_t assist_count = 0;
  bool headshot = false;
  bool team_kill = false;
};

// Clients write null for assisters whose agents they do not know.
void read_assists(const Rule& rule, json::Value list, KillfeedData& data) {
  if (!list.is_array()) return rule.faults.add("assists", list.type());
  for (json::Value item = list.first(); item.exists(); item = list.after(item)) {
    const auto assist = item.string();
    if (assist && data.assist_count < kMaxAssists) data.assists[data.assist_count++] = *assist;
  }
}

// Views of texts that `fields` keeps. False: no room.
bool read(const Rule& rule, FieldReader& fields, KillfeedData& data) {
  data.attacker = fields.text("attacker").value_or(std::string_view());
  data.victim = fields.text("victim").value_or(std::string_view());
  fields.take("headshotKill", data.headshot);
  fields.take("isTeamkill", data.team_kill);
  read_assists(rule, fields["assists"], data);
  const auto weapon = fields.text("weaponKillfeedInternal");
  if (weapon) data.weapon = rule.texts.intern(*weapon);
  if (!data.victim.empty()) data.victim_id = rule.texts.intern(data.victim);
  return (!weapon || data.weapon != kNoText) && (data.victim.empty() || data.victim_id != kNoText);
}

Player* player_named(Team& team, const TextPool& texts, std::string_view name) {
  if (name.empty()) return nullptr;
  for (uint32_t i = 0; i < team.player_count; ++i) {
    if (texts.view(team.players[i].ingame_name) == name) return &team.players[i];
  }
  return nullptr;
}

template <int kRoom>
Counter* counter_of(Counters<kRoom>& counters, TextId name) {
  for (uint32_t i = 0; i < counters.size; ++i) {
    if (counters.items[i].name == name) return &counters.items[i];
  }
  return counters.size < kRoom ? &counters.items[counters.size] : nullptr;
}

// A name that is not known, or for which there is no room any more, is not counted.
template <int kRoom>
void count(Counters<kRoom>& counters, TextId name) {
  if (name == kNoText) return;
  Counter* const counter = counter_of(counters, name);
  if (counter == nullptr) return;
  if (counter == counters.items.data() + counters.size) {
    ++counters.size;
    counter->name = name;
  }
  if (counter->count < static_cast<uint32_t>(kMaxNumber)) ++counter->count;
}

Counters<kMaxVictims>& victims_of(Player& attacker, bool team_kill) {
  return team_kill ? attacker.kills_on_teammate : attacker.kills_on_enemy;
}

// A full list or table keeps what it has; everything else counts on.
void count_kill(Player& attacker, const KillfeedData& data) {
  count(attacker.kills_by_weapon, data.weapon);
  TextList<kMaxKilledNames>& killed = attacker.killed_names;
  if (data.victim_id != kNoText && killed.size < kMaxKilledNames) killed.items[killed.size++] = data.victim_id;
  if (data.headshot) {
    attacker.headshot_kills = add(attacker.headshot_kills, 1);
    attacker.headshot_ratio = ratio(attacker.headshot_kills, attacker.kills);
  }
  if (data.team_kill) attacker.team_kills = add(attacker.team_kills, 1);
  count(victims_of(attacker, data.team_kill), data.victim_id);
}

bool needs_fallback(const Player& player) { return !player.scoreboard_available && !player.auxiliary.scoreboard; }

void fall_back_kill(const Rule& rule, Player& attacker) {
  if (!needs_fallback(attacker)) return;
  check_agent_scored(rule, attacker);
  attacker.kills = add(attacker.kills, 1.0);
  attacker.kills_this_round = add(attacker.kills_this_round, 1);
}

void fall_back_death(Player& victim) {
  if (!needs_fallback(victim)) return;
  victim.is_alive = false;
  victim.health = 0;
  victim.deaths = add(victim.deaths, 1.0);
  victim.deaths_this_round = add(victim.deaths_this_round, 1);
}

// Assisters are the attacker's comrades, known by their agents only: for those names the table has the internal name.
void fall_back_assists(const Rule& rule, Team& team, const Player& attacker, const KillfeedData& data) {
  if (team.has_duplicate_agents) return;
  for (const std::string_view assist : std::span(data.assists).first(data.assist_count)) {
    const auto internal = rule.names.agent(assist);
    if (!internal) continue;
    for (uint32_t i = 0; i < team.player_count; ++i) {
      Player& player = team.players[i];
      if (&player == &attacker || rule.texts.view(player.agent_internal) != *internal || !needs_fallback(player))
        continue;
      check_agent_scored(rule, player);
      player.assists = add(player.assists, 1.0);
      break;
    }
  }
}

}  // namespace

Outcome on_killfeed(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  KillfeedData data;
  if (!read(rule, fields, data)) return refused(kNoMemory);
  bool is_known = false;
  for (Team& team : rule.state.teams) {
    is_known = is_known || player_named(team, rule.texts, data.attacker) != nullptr ||
               player_named(team, rule.texts, data.victim) != nullptr;
  }
  if (!is_known) return ignored("unknown player");

  for (Team& team : rule.state.teams) {
    Player* const attacker = player_named(team, rule.texts, data.attacker);
    Player* const victim = player_named(team, rule.texts, data.victim);
    if (attacker != nullptr) {
      count_kill(*attacker, data);
      fall_back_kill(rule, *attacker);
      fall_back_assists(rule, team, *attacker, data);
    }
    if (victim != nullptr) fall_back_death(*victim);
  }
  return applied();
}

}  // namespace matchbus::match

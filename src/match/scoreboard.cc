// `scoreboard` and its auxiliary kin: the numbers of a player (section 3.2). By far the most frequent events.
#include <array>
#include <charconv>
#include <optional>

#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxEntries = 2 * kMaxPlayers;  // of an auxiliary client's team

struct ScoreboardData {
  std::string_view player_id;
  std::string_view agent;
  TextId armor = kNoText;
  TextId weapon = kNoText;
  int32_t start_team = 0;
  int32_t ult_points = 0;
  int32_t max_ult_points = 0;
  int32_t money = 0;
  int32_t kills = 0;
  int32_t deaths = 0;
  int32_t assists = 0;
  bool is_alive = false;
  bool has_spike = false;
};

// The armor's number as an index: clients also send it as text. Nothing for whatever else they send.
std::optional<size_t> armor_number(json::Value value) {
  if (const auto whole = value.integer(0, kMaxCount)) return static_cast<size_t>(*whole);
  const auto text = value.string();
  if (!text || text->empty() || (text->size() > 1 && text->front() == '0')) return std::nullopt;
  size_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [after, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || after != end) return std::nullopt;
  return number;
}

// The texts of armor and weapon are the table's, few, so that keeping them costs nothing.
bool read_equipment(const Rule& rule, Fields& fields, ScoreboardData& data) {
  if (const auto number = armor_number(fields.any("initialArmor"))) {
    if (const auto name = rule.names.armor(*number)) {
      data.armor = rule.texts.intern(*name);
      if (data.armor == kNoText) return false;
    }
  }
  const json::Value weapon = fields.any("scoreboardWeaponInternal");
  if (!weapon.exists() || weapon.is_null()) return true;
  if (const auto name = rule.names.weapon(fields.text("scoreboardWeaponInternal"))) {
    data.weapon = rule.texts.intern(*name);
    if (data.weapon == kNoText) return false;
  }
  return true;
}

// What is wrong with it; "" if nothing.
std::string_view read(const Rule& rule, json::Value value, ScoreboardData& data) {
  Fields fields(value);
  data.player_id = fields.text("playerId");
  data.agent = fields.text("agentInternal");
  data.is_alive = fields.flag("isAlive");
  data.ult_points = fields.count("currUltPoints");
  data.max_ult_points = fields.count("maxUltPoints");
  data.has_spike = fields.flag("hasSpike");
  data.money = fields.amount("money");
  data.kills = fields.count("kills");
  data.deaths = fields.count("deaths");
  data.assists = fields.count("assists");
  fields.optional_text("name");
  fields.optional_text("tagline");
  if (!fields.ok()) return fields.wrong();
  return read_equipment(rule, fields, data) ? fields.wrong() : kNoMemory;
}

std::string_view read_with_team(const Rule& rule, json::Value value, ScoreboardData& data) {
  const std::string_view wrong = read(rule, value, data);
  if (!wrong.empty()) return wrong;
  Fields fields(value);
  data.start_team = fields.amount("startTeam");
  return fields.wrong();
}

// False: no room.
bool take_agent(const Rule& rule, Player& player, std::string_view agent) {
  if (rule.texts.view(player.agent_internal) == agent) return true;
  const TextId internal = rule.texts.intern(agent);
  const TextId proper = rule.texts.intern(agent_name(rule.names, agent));
  if (internal == kNoText || proper == kNoText) return false;
  player.agent_internal = internal;
  player.agent_proper = proper;
  return true;
}

void take_money(Player& player, int32_t money) {
  const int64_t spent = int64_t{player.money} - money;
  if (spent > 0) player.spent_money = true;
  if (player.spent_money) player.money_spent = add(player.money_spent, spent);
  player.money = money;
}

// In the order of section 3.2. False: no room, nothing changed.
bool take(const Rule& rule, Player& player, const ScoreboardData& data) {
  if (!take_agent(rule, player, data.agent)) return false;
  if (data.kills > player.kills) player.kills_this_round = add(player.kills_this_round, 1);
  if (data.deaths > player.deaths) player.deaths_this_round = add(player.deaths_this_round, 1);
  check_agent(rule, player, {data.kills, data.assists, data.ult_points, data.is_alive});

  player.kills = data.kills;
  player.deaths = data.deaths;
  player.assists = data.assists;
  player.kd_ratio = ratio(data.kills, data.deaths);
  player.ult_points = data.ult_points;
  player.max_ult_points = data.max_ult_points;
  player.ult_ready = data.ult_points >= data.max_ult_points;
  take_money(player, data.money);
  player.armor_name = data.armor;
  player.highest_weapon = data.weapon;
  if (player.is_alive != data.is_alive) player.health = data.is_alive ? 100 : 0;
  player.is_alive = data.is_alive;
  player.has_spike = data.has_spike;
  return true;
}

void sum_spent(Team& team) {
  int32_t sum = 0;
  for (uint32_t i = 0; i < team.player_count; ++i) sum = add(sum, team.players[i].money_spent);
  team.spent_this_round = sum;
}

// Only as long as no observer's scoreboard came in this round.
Outcome take_auxiliary(const Rule& rule, Player& player, const ScoreboardData& data) {
  if (player.scoreboard_available) return ignored("the observer's scoreboard counts");
  if (!take(rule, player, data)) return refused(kNoMemory);
  player.auxiliary.scoreboard = true;
  return applied();
}

}  // namespace

Outcome on_scoreboard(const Rule& rule, const Envelope& event) {
  ScoreboardData data;
  if (const auto wrong = read_with_team(rule, event.data, data); !wrong.empty()) return refused(wrong);
  Team* const team = team_of(rule.state, data.start_team);
  if (team == nullptr) return refused("startTeam");
  Player* const player = player_of(*team, rule.texts, data.player_id);
  if (player == nullptr) return ignored("unknown player");
  const bool planted = earns_plant(*player, data.money);
  if (!take(rule, *player, data)) return refused(kNoMemory);
  if (planted) plant_spike(rule);
  player->scoreboard_available = true;
  sum_spent(*team);
  return applied();
}

Outcome on_aux_scoreboard(const Rule& rule, const Envelope& event) {
  ScoreboardData data;
  if (const auto wrong = read_with_team(rule, event.data, data); !wrong.empty()) return refused(wrong);
  Team* const team = team_of(rule.state, data.start_team);
  if (team == nullptr) return refused("startTeam");
  Player* const player = player_of(*team, rule.texts, data.player_id);
  if (player == nullptr) return ignored("unknown player");
  return take_auxiliary(rule, *player, data);
}

Outcome on_aux_scoreboard_team(const Rule& rule, json::Value list) {
  if (!list.is_array() || list.size() > kMaxEntries) return refused("data");
  std::array<ScoreboardData, kMaxEntries> entries;
  size_t count = 0;
  for (json::Value item = list.first(); item.exists(); item = list.after(item)) {
    if (const auto wrong = read(rule, item, entries[count++]); !wrong.empty()) return refused(wrong);
  }
  // Agents' names are the only texts that could still lack room.
  for (size_t i = 0; i < count; ++i) {
    if (rule.texts.intern(entries[i].agent) == kNoText ||
        rule.texts.intern(agent_name(rule.names, entries[i].agent)) == kNoText)
      return refused(kNoMemory);
  }
  Outcome best = ignored("unknown player");
  for (size_t i = 0; i < count; ++i) {
    Player* const player = player_of(rule.state, rule.texts, entries[i].player_id);
    if (player == nullptr) continue;
    if (earns_plant(*player, entries[i].money) && plant_spike(rule)) best = applied();
    if (take_auxiliary(rule, *player, entries[i]).verdict == Verdict::kApplied) best = applied();
  }
  return best;
}

}  // namespace matchbus::match

// `scoreboard` and its auxiliary kin: the numbers of a player (section 3.2). By far the most frequent events.
#include <charconv>
#include <optional>

#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr int64_t kMaxArmor = 1'000;

// The armor's number as an index: clients also send it as text, exactly as ECMAScript would write the index. Nothing
// for whatever else they send.
std::optional<size_t> armor_number(json::Value value) {
  if (const auto whole = value.integer(0, kMaxArmor)) return static_cast<size_t>(*whole);
  const auto text = value.string();
  if (!text || text->empty() || (text->size() > 1 && text->front() == '0')) return std::nullopt;
  size_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [after, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || after != end) return std::nullopt;
  return number;
}

// What a table has no entry for is not shown, and so is what the client does not tell (section 7.1): clients of an
// earlier generation tell of a shield instead of an armor. kNoText, unless `name` is there and has no room.
TextId table_name(const Rule& rule, std::optional<std::string_view> name) {
  return name ? rule.texts.intern(*name) : kNoText;
}

void take_equipment(const Rule& rule, FieldReader& fields, Player& player) {
  const auto number = armor_number(fields["initialArmor"]);
  player.armor_name = table_name(rule, number ? rule.names.armor(*number) : std::nullopt);
  if (!number) rule.faults.add("initialArmor", fields["initialArmor"].type());
  const auto weapon = fields.text("scoreboardWeaponInternal");
  player.highest_weapon = table_name(rule, weapon ? rule.names.weapon(*weapon) : std::nullopt);
}

// Where there is no room for another agent's names the known one stays.
void take_agent(const Rule& rule, FieldReader& fields, Player& player) {
  const auto agent = fields.text("agentInternal");
  if (!agent || rule.texts.view(player.agent_internal) == *agent) return;
  const TextId internal = rule.texts.intern(*agent);
  const TextId proper = rule.texts.intern(agent_name(rule.names, *agent));
  if (internal == kNoText || proper == kNoText) return rule.faults.add("agentInternal", fields["agentInternal"].type());
  player.agent_internal = internal;
  player.agent_proper = proper;
}

void take_money(Player& player, double money) {
  const double spent = player.money - money;
  if (spent > 0) player.spent_money = true;
  if (player.spent_money) player.money_spent = add(player.money_spent, spent);
  player.money = money;
}

// The numbers that are compared with the known ones before they take their place.
struct Next {
  double kills;
  double deaths;
  double assists;
  double ult_points;
  double money;
  bool is_alive;
};

Next read_next(FieldReader& fields, const Player& player) {
  Next next{player.kills, player.deaths, player.assists, player.ult_points, player.money, player.is_alive};
  fields.take("kills", next.kills);
  fields.take("deaths", next.deaths);
  fields.take("assists", next.assists);
  fields.take("currUltPoints", next.ult_points);
  fields.take("money", next.money);
  fields.take("isAlive", next.is_alive);
  return next;
}

// In the order of section 3.2.
void take(const Rule& rule, FieldReader& fields, Player& player, const Next& next) {
  take_agent(rule, fields, player);
  if (next.kills > player.kills) player.kills_this_round = add(player.kills_this_round, 1);
  if (next.deaths > player.deaths) player.deaths_this_round = add(player.deaths_this_round, 1);
  check_agent(rule, player, {next.kills, next.assists, next.ult_points, next.is_alive});

  player.kills = next.kills;
  player.deaths = next.deaths;
  player.assists = next.assists;
  player.kd_ratio = ratio(next.kills, next.deaths);
  player.ult_points = next.ult_points;
  fields.take("maxUltPoints", player.max_ult_points);
  player.ult_ready = player.ult_points >= player.max_ult_points;
  take_money(player, next.money);
  take_equipment(rule, fields, player);
  if (player.is_alive != next.is_alive) player.health = next.is_alive ? 100 : 0;
  player.is_alive = next.is_alive;
  fields.take("hasSpike", player.has_spike);
}

void sum_spent(Team& team) {
  double sum = 0;
  for (uint32_t i = 0; i < team.player_count; ++i) sum = add(sum, team.players[i].money_spent);
  team.spent_this_round = sum;
}

// Only as long as no observer's scoreboard came in this round; that the spike was planted shows all the same.
Outcome take_auxiliary(const Rule& rule, FieldReader& fields, Player& player) {
  const Next next = read_next(fields, player);
  const bool planted = earns_plant(player, next.money) && plant_spike(rule);
  if (player.scoreboard_available) return planted ? applied() : ignored("the observer's scoreboard counts");
  take(rule, fields, player, next);
  player.auxiliary.scoreboard = true;
  return applied();
}

// The player that a scoreboard is about, or why there is none.
struct Subject {
  Team* team = nullptr;
  Player* player = nullptr;
  Outcome outcome = {};
};

Subject subject_of(const Rule& rule, FieldReader& fields) {
  const auto player_id = fields.text("playerId");
  if (!player_id || player_id->empty()) return {.outcome = refused("playerId", fields["playerId"])};
  Team* const team = team_of(rule.state, fields["startTeam"]);
  if (team == nullptr) return {.outcome = refused("startTeam", fields["startTeam"])};
  Player* const player = player_of(*team, rule.texts, *player_id);
  if (player == nullptr) return {.outcome = ignored("unknown player")};
  return {team, player};
}

}  // namespace

Outcome on_scoreboard(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  const auto [team, player, outcome] = subject_of(rule, fields);
  if (player == nullptr) return outcome;
  const Next next = read_next(fields, *player);
  if (earns_plant(*player, next.money)) plant_spike(rule);
  take(rule, fields, *player, next);
  player->scoreboard_available = true;
  sum_spent(*team);
  return applied();
}

Outcome on_aux_scoreboard(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  const Subject subject = subject_of(rule, fields);
  return subject.player == nullptr ? subject.outcome : take_auxiliary(rule, fields, *subject.player);
}

// Each entry stands for itself.
Outcome on_aux_scoreboard_team(const Rule& rule, json::Value list) {
  if (!list.is_array()) return refused(kWholeData, list);
  Outcome best = ignored("unknown player");
  for (json::Value item = list.first(); item.exists(); item = list.after(item)) {
    FieldReader fields(item, rule.faults);
    const auto player_id = fields.text("playerId");
    Player* const player = player_id ? player_of(rule.state, rule.texts, *player_id) : nullptr;
    if (player == nullptr) continue;
    const Outcome outcome = take_auxiliary(rule, fields, *player);
    if (best.verdict != Verdict::kApplied) best = outcome;
  }
  return best;
}

}  // namespace matchbus::match

// Finding teams and players, and what changes both teams as a whole.
#include <utility>

#include "match/rules.h"

namespace matchbus::match {

Team* team_of(MatchState& state, int64_t start_team) {
  for (Team& team : state.teams) {
    if (team.ingame_id == start_team) return &team;
  }
  return nullptr;
}

Team* team_of(MatchState& state, json::Value start_team) {
  const auto number = json::to_number(start_team);
  if (number == 0 || number == 1) return team_of(state, static_cast<int64_t>(*number));
  return nullptr;
}

Player* player_of(Team& team, const TextPool& texts, std::string_view player_id) {
  for (uint32_t i = 0; i < team.player_count; ++i) {
    if (texts.view(team.players[i].riot_id) == player_id) return &team.players[i];
  }
  return nullptr;
}

Player* player_of(MatchState& state, const TextPool& texts, std::string_view player_id) {
  for (Team& team : state.teams) {
    if (Player* const player = player_of(team, texts, player_id)) return player;
  }
  return nullptr;
}

std::string_view agent_name(const Names& names, std::string_view internal) {
  return names.agent(internal).value_or(internal);
}

bool in_phase(const Rule& rule, std::string_view phase) { return rule.texts.view(rule.state.round_phase) == phase; }

// Whatever is no text observes nobody.
Outcome on_observing(const Rule& rule, const Envelope& event) {
  const auto name = event.data.string();
  each_player(rule.state, [&](Player& player) {
    player.is_observed = name.has_value() && rule.texts.view(player.search_name) == *name;
  });
  return applied();
}

Outcome on_swap_left_right(const Rule& rule) {
  MatchState& state = rule.state;
  std::swap(state.teams[0], state.teams[1]);
  std::swap(state.tools.timeout_counter.left, state.tools.timeout_counter.right);
  std::swap(state.timeout.left, state.timeout.right);
  return applied();
}

Outcome on_swap_attacker_defender(const Rule& rule) {
  auto& [left, right] = rule.state.teams;
  left.is_attacking = !left.is_attacking;
  right.is_attacking = !right.is_attacking;
  std::swap(left.rounds_won, right.rounds_won);
  std::swap(left.records, right.records);
  rule.state.hidden.sides_switched = true;
  return applied();
}

}  // namespace matchbus::match

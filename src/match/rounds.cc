// `round_info`: the phases of a round (sections 4.1 and 4.2).
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr Time kCombatMs = 99'000;
constexpr int32_t kSwitchMoney = 800;     // credits everybody starts a half with
constexpr int32_t kOvertimeTimeouts = 2;  // a team with fewer is granted one
constexpr size_t kMaxPhase = 64;          // bytes

void enter_overtime(MatchState& state) {
  if (state.has_entered_overtime || state.round_number < state.first_ot_round) return;
  state.has_entered_overtime = true;
  TimeoutCounter& counter = state.tools.timeout_counter;
  if (counter.left < kOvertimeTimeouts) ++counter.left;
  if (counter.right < kOvertimeTimeouts) ++counter.right;
}

// Whether this is a switch round.
bool switch_sides(MatchState& state) {
  if (state.round_number != state.switch_round && state.round_number < state.first_ot_round) return false;
  for (Team& team : state.teams) team.is_attacking = !team.is_attacking;
  state.hidden.sides_switched = true;
  return true;
}

void reset_player(Player& player, bool switched) {
  player.kills_this_round = 0;
  player.deaths_this_round = 0;
  player.killed_names = {};
  player.money_spent = 0;
  player.spent_money = false;
  player.is_alive = true;
  player.health = 100;
  player.scoreboard_available = false;
  player.auxiliary.scoreboard = false;
  player.auxiliary_lost.scoreboard = false;
  if (switched) player.money = kSwitchMoney;
}

Effects begin_shopping(const Rule& rule) {
  MatchState& state = rule.state;
  if (state.round_number != 1) record_round(state, state.round_number - 1);
  enter_overtime(state);
  state.spike = {};
  const bool switched = switch_sides(state);
  each_player(state, [&](Player& player) { reset_player(player, switched); });

  Effects effects;
  if (state.is_registered && state.round_number != 1) effects.add(Effect::kUpdate);
  const bool has_cams = state.hidden.cam_identifier != kEmptyText && state.hidden.cam_secret != kEmptyText;
  if (has_cams) effects.add(Effect::kFetchOverrides);
  if (!state.hidden.ranks_asked && state.match_id != kEmptyText) {
    state.hidden.ranks_asked = true;
    effects.add(Effect::kFetchRanks);
  }
  return effects;
}

// By internal name, as the kill feed's assists look for agents. "No agent selected" is none.
bool has_duplicates(const Team& team) {
  for (uint32_t i = 0; i < team.player_count; ++i) {
    if (team.players[i].agent_internal == kEmptyText) continue;
    for (uint32_t j = i + 1; j < team.player_count; ++j) {
      if (team.players[i].agent_internal == team.players[j].agent_internal) return true;
    }
  }
  return false;
}

void begin_combat(const Rule& rule) {
  for (Team& team : rule.state.teams) team.has_duplicate_agents = has_duplicates(team);
  rule.state.round_timeout = rule.now + kCombatMs;
  hide_toast(rule.state);
}

Effects end_match(const Rule& rule) {
  MatchState& state = rule.state;
  state.is_running = false;
  stop_timeout(state);
  state.hidden.toast_end = kNever;
  state.hidden.has_ended = true;
  state.hidden.removal = rule.now + rule.timing.removal_ms;
  Effects effects;
  effects.add(Effect::kEnded);
  return effects;
}

}  // namespace

// A phase without a number is one of the round that is known; a number without a phase begins nothing.
Outcome on_round_info(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  const auto number = fields.number("roundNumber");
  if (number && (*number < 0 || *number > kMaxRound)) return refused("roundNumber", fields["roundNumber"]);
  const auto phase = fields.text("roundPhase", kMaxPhase);
  const TextId id = phase ? rule.texts.intern(*phase) : rule.state.round_phase;
  if (id == kNoText) return refused(kNoMemory);

  MatchState& state = rule.state;
  state.round_phase = id;
  if (number && std::floor(*number) == *number) {
    state.round_number = static_cast<int32_t>(*number);
  } else if (number) {
    rule.faults.add("roundNumber", fields["roundNumber"].type());
  }
  if (phase == "shopping") return applied(begin_shopping(rule));
  if (phase == "game_end") return applied(end_match(rule));
  if (phase == "combat") begin_combat(rule);
  if (phase == "end") {
    state.round_timeout = kNever;
    state.spike_detonation = kNever;
  }
  return applied();
}

}  // namespace matchbus::match

// What real games have and rehearsals lack: events before their time, events once more, people who should not be there
// and people who are not.
#include <algorithm>

#include "match/simulation.h"

namespace matchbus::match {

// Whoever neither kills nor helps in this round may be away in it; without such a player somebody may in the next.
void Simulation::let_someone_leave(const RoundPlan& plan) {
  if (static_cast<size_t>(round_) >= winners_.size()) return;  // there would be no coming back
  std::array<bool, 10> needed{};
  for (const PlannedKill& kill : plan.kills) {
    needed[kill.attacker] = true;
    for (const size_t assist : kill.assists) needed[assist] = true;
  }
  if (plan.planted) needed[plan.planter] = true;
  if (plan.ending == RoundEnding::kDefusal) needed[plan.defuser] = true;
  const auto idle = std::find(needed.rbegin(), needed.rend(), false);
  if (idle == needed.rend()) {
    ++leave_round_;
    return;
  }
  cast_.players[static_cast<size_t>(needed.rend() - idle) - 1].away = true;
}

void Simulation::let_them_come_back() {
  for (SimulatedPlayer& player : cast_.players) {
    if (!player.away) continue;
    player.away = false;
    emit_roster(player, player.agent->internal, true);
    emit_scoreboard(player);
  }
}

// As when the observer's program is started again.
void Simulation::introduce_again() {
  if (shapes_.has_team_is_attacker) emit_flag("team_is_attacker");
  for (const SimulatedPlayer& player : cast_.players) {
    if (!player.away) emit_roster(player, player.agent->internal, true);
  }
  emit_roster(cast_.sixth, cast_.sixth.agent->internal, true);
}

// Some kills are told twice, some without a weapon.
void Simulation::tell_kill(const PlannedKill& kill) {
  const size_t count = kills_++;
  const SimulatedPlayer& attacker = cast_.players[kill.attacker];
  const bool is_unknown = shapes_.has_unknown_weapon && count % 20 == 5;
  const std::string_view weapon = is_unknown ? std::string_view() : kSimulatedWeapons[attacker.weapon].killfeed;
  emit_killfeed(kill, weapon);
  // Without scoreboards of the victim a server would have to believe both.
  if (count < kills_told_twice_ * 25 + 3 || cast_.players[kill.victim].away) return;
  ++kills_told_twice_;
  emit_killfeed(kill, weapon);
}

}  // namespace matchbus::match

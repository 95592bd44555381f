// Scores, and how rounds ended (section 4.3).
#include "match/rules.h"

namespace matchbus::match {
namespace {

RoundResult result_of(const MatchState& state, bool has_won) {
  if (!has_won) return RoundResult::kLost;
  if (state.attackers_won) return state.spike.detonated ? RoundResult::kDetonated : RoundResult::kKills;
  if (state.spike.defused) return RoundResult::kDefused;
  return state.was_timeout ? RoundResult::kTimeout : RoundResult::kKills;
}

}  // namespace

void record_round(MatchState& state, int32_t round) {
  if (round < 1 || round >= kMaxRound) return;
  for (Team& team : state.teams) {
    RoundRecords& records = team.records;
    const auto index = static_cast<size_t>(round - 1);
    records.items[index] = {result_of(state, team.is_attacking == state.attackers_won), team.is_attacking};
    for (size_t i = index + 1; i <= index + kUpcomingRecords; ++i)
      records.items[i] = {RoundResult::kUpcoming, team.is_attacking};
    // Entries between the old end and this one are still kSkipped.
    const size_t size = index + 1 + kUpcomingRecords;
    if (records.size < size) records.size = static_cast<uint16_t>(size);
  }
}

Outcome on_score(const Rule& rule, const Envelope& event) {
  Fields fields(event.data);
  const int32_t scores[] = {fields.count("team_0"), fields.count("team_1")};
  if (!fields.ok()) return refused(fields.wrong());
  MatchState& state = rule.state;
  // Where a score was missed and both rose, team 0 counts.
  const auto has_risen = [&](const Team* team) {
    return team != nullptr && scores[team->ingame_id] > team->rounds_won;
  };
  for (const int64_t start_team : {0, 1}) {
    const Team* const team = team_of(state, start_team);
    if (!has_risen(team)) continue;
    state.attackers_won = team->is_attacking;
    break;
  }
  state.was_timeout = state.round_timeout != kNever && rule.now >= state.round_timeout;
  for (Team& team : state.teams) team.rounds_won = scores[team.ingame_id];
  state.spike.planted = false;
  return applied();
}

}  // namespace matchbus::match

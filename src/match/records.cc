// Scores, and how rounds ended (section 4.3).
#include <array>

#include "json/writer.h"
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr size_t kMaxMoneyRecord = 128;  // bytes of JSON, of a team and round

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
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  MatchState& state = rule.state;
  constexpr std::array<std::string_view, 2> kScores{"team_0", "team_1"};
  // Where a score was missed and both rose, team 0 counts.
  const Team* winner = nullptr;
  for (size_t start_team = 0; start_team < kScores.size(); ++start_team) {
    Team* const team = team_of(state, static_cast<int64_t>(start_team));
    const auto score = fields.number(kScores[start_team]);
    if (team == nullptr || !score) continue;
    if (winner == nullptr && *score > team->rounds_won) winner = team;
    team->rounds_won = *score;
  }
  if (winner != nullptr) state.attackers_won = winner->is_attacking;
  state.was_timeout = state.round_timeout != kNever && rule.now >= state.round_timeout;
  state.spike.planted = false;
  return applied();
}

// What a round's money was for each team, in whatever form the observer tells it.
Outcome on_money_record(const Rule& rule, const Envelope& event) {
  if (!event.data.is_object()) return refused(kWholeData, event.data);
  FieldReader fields(event.data, rule.faults);
  const double round = fields["roundNumber"].exists() ? fields.number("roundNumber").value_or(0)
                                                      : static_cast<double>(rule.state.round_number);
  if (round < 1 || round > kMaxRound || std::floor(round) != round)
    return refused("roundNumber", fields["roundNumber"]);
  const auto index = static_cast<uint32_t>(round) - 1;
  constexpr std::array<std::string_view, 2> kMoney{"team_0", "team_1"};
  std::array<TextId, 2> money{kNoText, kNoText};
  for (size_t i = 0; i < kMoney.size(); ++i) {
    const json::Value value = fields[kMoney[i]];
    BytesWriter text;
    if (value.exists() && !value.is_null()) json::write_value(text, value);
    if (text.size() == 0 || text.size() > kMaxMoneyRecord) {
      rule.faults.add(kMoney[i], value.type());
      continue;
    }
    money[i] = rule.texts.intern(text.view());
    if (money[i] == kNoText) return refused(kNoMemory);
  }
  for (size_t i = 0; i < money.size(); ++i) {
    Team* const team = team_of(rule.state, static_cast<int64_t>(i));
    if (team == nullptr || money[i] == kNoText) continue;
    team->money_records.items[index] = money[i];
    team->money_records.size = std::max(team->money_records.size, index + 1);
  }
  return applied();
}

}  // namespace matchbus::match

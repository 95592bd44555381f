// What the reducer's files share: the match being changed, and one function per event.
//
// A rule first finds what the event is about, and refuses it if that is not there; then it takes over what the event
// says (field_reader.h), so that a refused event leaves no trace. (A refused event may leave texts in the pool; they
// are garbage like any other.)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "json/document.h"
#include "match/event.h"
#include "match/field_reader.h"
#include "match/match.h"
#include "match/names.h"
#include "match/reducer.h"
#include "match/state.h"

namespace matchbus::match {

struct Rule {
  MatchState& state;
  TextPool& texts;
  const Names& names;
  const Timing& timing;
  Time now;             // the event's timestamp
  FieldFaults& faults;  // of this event
};

inline Outcome applied(Effects effects = {}) { return {.effects = effects}; }
inline Outcome ignored(std::string_view reason) { return {.verdict = Verdict::kIgnored, .reason = reason}; }
inline Outcome refused(std::string_view reason) { return {.verdict = Verdict::kRefused, .reason = reason}; }
// What the event is about is not there, or makes no sense.
inline Outcome refused(std::string_view field, json::Value value) {
  return {.verdict = Verdict::kRefused, .reason = field, .found = value.type()};
}
constexpr std::string_view kNoMemory = "no room for more text";

// Sums that stop at kMaxNumber on either side.
inline double add(double a, double b) { return std::clamp(a + b, -kMaxNumber, kMaxNumber); }
inline int32_t add(int32_t a, int32_t b) {
  constexpr auto kMost = static_cast<int64_t>(kMaxNumber);
  return static_cast<int32_t>(std::clamp(int64_t{a} + b, -kMost, kMost));
}

// A quotient as the state keeps it.
inline double ratio(double dividend, double divisor) {
  const double quotient = dividend / divisor;
  return std::isfinite(quotient) ? quotient : kNotANumber;
}

// --- Teams and players (teams.cc) ---

Team* team_of(MatchState& state, int64_t start_team);  // null: unknown
// The team that an event's `startTeam` means, by ECMAScript's ==; null if neither.
Team* team_of(MatchState& state, json::Value start_team);
Player* player_of(Team& team, const TextPool& texts, std::string_view player_id);
Player* player_of(MatchState& state, const TextPool& texts, std::string_view player_id);
// Calls `visit(Player&)` for each player of both teams.
template <typename Visit>
void each_player(MatchState& state, Visit visit) {
  for (Team& team : state.teams) {
    for (uint32_t i = 0; i < team.player_count; ++i) visit(team.players[i]);
  }
}
// The display name of an agent, or the internal one if it has none.
std::string_view agent_name(const Names& names, std::string_view internal);
bool in_phase(const Rule& rule, std::string_view phase);

// --- Agents with a changing portrait (agents.cc, section 3.5) ---

struct UltCheck {
  double kills;
  double assists;
  double ult_points;
  bool is_alive;
};
// Before a scoreboard with these numbers is taken over.
void check_agent(const Rule& rule, Player& player, const UltCheck& next);
// A kill or an assist from the kill feed, before it is counted.
void check_agent_scored(const Rule& rule, Player& player);

// --- Shared steps ---

bool plant_spike(const Rule& rule);                    // spike.cc, section 3.4; false: not now
bool earns_plant(const Player& player, double money);  // whether this is what planting pays
void stop_timeout(MatchState& state);                  // timeouts.cc: without deduction
void pass_second(MatchState& state);
void hide_toast(MatchState& state);                   // toast.cc
void record_round(MatchState& state, int32_t round);  // records.cc, section 4.3

// --- Events ---

Outcome on_match_start(const Rule& rule, const Envelope& event);  // setup.cc
Outcome on_map(const Rule& rule, const Envelope& event);
Outcome on_game_mode(const Rule& rule, const Envelope& event);
Outcome on_roster(const Rule& rule, const Envelope& event);      // roster.cc
Outcome on_scoreboard(const Rule& rule, const Envelope& event);  // scoreboard.cc
Outcome on_aux_scoreboard(const Rule& rule, const Envelope& event);
Outcome on_aux_scoreboard_team(const Rule& rule, json::Value list);
Outcome on_killfeed(const Rule& rule, const Envelope& event);    // killfeed.cc
Outcome on_round_info(const Rule& rule, const Envelope& event);  // rounds.cc
Outcome on_score(const Rule& rule, const Envelope& event);       // records.cc
Outcome on_observing(const Rule& rule, const Envelope& event);   // teams.cc
Outcome on_swap_left_right(const Rule& rule);
Outcome on_swap_attacker_defender(const Rule& rule);
Outcome on_spike_planted(const Rule& rule);  // spike.cc
Outcome on_spike_detonated(const Rule& rule);
Outcome on_spike_defused(const Rule& rule);
Outcome on_toggle_agent_select(const Rule& rule);                  // setup.cc
Outcome on_money_record(const Rule& rule, const Envelope& event);  // records.cc
Outcome on_tech_pause(const Rule& rule);                           // timeouts.cc
Outcome on_timeout(const Rule& rule, bool is_left);
Outcome on_toast(const Rule& rule, const Envelope& event);          // toast.cc
Outcome on_aux_abilities(const Rule& rule, const Envelope& event);  // auxiliary.cc
Outcome on_aux_health(const Rule& rule, const Envelope& event);
Outcome on_aux_portrait(const Rule& rule, const Envelope& event, SpecialAgent agent);
Outcome on_aux_gone(const Rule& rule, const Envelope& event);
Outcome on_aux_new(const Rule& rule, const Envelope& event);
Outcome on_aux_back(const Rule& rule, const Envelope& event);
Outcome on_registered(const Rule& rule, const Envelope& event);  // server_events.cc
Outcome on_ranks(const Rule& rule, const Envelope& event);
Outcome on_name_overrides(const Rule& rule, const Envelope& event);
Outcome on_names(const Rule& rule);

}  // namespace matchbus::match

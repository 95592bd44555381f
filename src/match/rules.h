// What the reducer's files share: the match being changed, typed reading of an event's data, and one function per
// event.
//
// A rule first reads and checks everything, then changes the state, so that a refused event leaves no trace. (A refused
// event may leave texts in the pool; they are garbage like any other.)
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "json/document.h"
#include "match/event.h"
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
  Time now;  // the event's timestamp
};

inline Outcome applied(Effects effects = {}) { return {Verdict::kApplied, {}, effects}; }
inline Outcome ignored(std::string_view reason) { return {Verdict::kIgnored, reason, {}}; }
inline Outcome refused(std::string_view reason) { return {Verdict::kRefused, reason, {}}; }
constexpr std::string_view kNoMemory = "no room for more text";

constexpr int64_t kMaxCount = 1'000'000'000;  // of anything counted

// Reads members of an event's object, and remembers the first that is missing or of a wrong type.
class Fields {
 public:
  explicit Fields(json::Value object) : object_(object) {
    if (!object.is_object()) wrong_ = "data";
  }

  std::string_view text(std::string_view key, size_t limit = kMaxName) {
    const auto value = object_[key].string();
    return value && value->size() <= limit ? *value : fail(key, std::string_view());
  }
  bool flag(std::string_view key) {
    const auto value = object_[key].boolean();
    return value ? *value : fail(key, false);
  }
  // A whole number, not negative.
  int32_t count(std::string_view key) { return whole(key, 0); }
  // A whole number.
  int32_t amount(std::string_view key) { return whole(key, -kMaxCount); }
  json::Value any(std::string_view key) const { return object_[key]; }
  // Not needed, so it may be missing or null; else it must fit.
  void optional_text(std::string_view key) {
    if (is_given(key)) text(key);
  }
  void optional_number(std::string_view key) {
    if (is_given(key) && !object_[key].number()) fail(key, 0);
  }

  // Null data() if everything fitted.
  std::string_view wrong() const { return wrong_; }
  bool ok() const { return wrong_.empty(); }

 private:
  bool is_given(std::string_view key) const {
    const json::Value value = object_[key];
    return value.exists() && !value.is_null();
  }
  int32_t whole(std::string_view key, int64_t least) {
    const auto value = object_[key].integer(least, kMaxCount);
    return value ? static_cast<int32_t>(*value) : fail(key, 0);
  }
  template <typename T>
  T fail(std::string_view key, T value) {
    if (wrong_.empty()) wrong_ = key;
    return value;
  }

  json::Value object_;
  std::string_view wrong_;
};

// Sums that stop at the ends instead of wrapping.
inline int32_t add(int32_t a, int64_t b) {
  const int64_t sum = a + b;
  return sum > kMaxCount ? static_cast<int32_t>(kMaxCount) : static_cast<int32_t>(sum < -kMaxCount ? -kMaxCount : sum);
}

// A quotient as the state keeps it.
inline double ratio(double dividend, double divisor) {
  const double quotient = dividend / divisor;
  return std::isfinite(quotient) ? quotient : kNotANumber;
}

// --- Teams and players (teams.cc) ---

Team* team_of(MatchState& state, int64_t start_team);  // null: unknown
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
  int32_t kills;
  int32_t assists;
  int32_t ult_points;
  bool is_alive;
};
// Before a scoreboard with these numbers is taken over.
void check_agent(const Rule& rule, Player& player, const UltCheck& next);
// A kill or an assist from the kill feed, before it is counted.
void check_agent_scored(const Rule& rule, Player& player);

// --- Shared steps ---

bool plant_spike(const Rule& rule);                     // spike.cc, section 3.4; false: not now
bool earns_plant(const Player& player, int32_t money);  // whether this is what planting pays
void stop_timeout(MatchState& state);                   // timeouts.cc: without deduction
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
Outcome on_tech_pause(const Rule& rule);  // timeouts.cc
Outcome on_timeout(const Rule& rule, bool is_left);
Outcome on_toast(const Rule& rule, const Envelope& event);          // toast.cc
Outcome on_aux_abilities(const Rule& rule, const Envelope& event);  // auxiliary.cc
Outcome on_aux_health(const Rule& rule, const Envelope& event);
Outcome on_aux_portrait(const Rule& rule, const Envelope& event, SpecialAgent agent);
Outcome on_aux_gone(const Rule& rule, const Envelope& event);
Outcome on_registered(const Rule& rule, const Envelope& event);  // server_events.cc
Outcome on_ranks(const Rule& rule, const Envelope& event);
Outcome on_name_overrides(const Rule& rule, const Envelope& event);
Outcome on_names(const Rule& rule);

}  // namespace matchbus::match

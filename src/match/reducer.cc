// Time first, then the event: deadlines up to an event's timestamp take effect before it.
#include "match/reducer.h"

#include <algorithm>
#include <limits>

#include "match/rules.h"

namespace matchbus::match {
namespace {

// The earlier of two, where kNever is later than anything.
Time earlier(Time a, Time b) {
  if (a == kNever) return b;
  return b == kNever ? a : std::min(a, b);
}

// The countdown and the toast's end, in order, up to `now`.
void pass_time(MatchState& state, Time now) {
  for (;;) {
    const Time next = earlier(state.hidden.next_second, state.hidden.toast_end);
    if (next == kNever || next > now) return;
    if (next == state.hidden.next_second) {
      pass_second(state);
    } else {
      hide_toast(state);
    }
  }
}

// What tells nothing of the match itself does not keep it alive.
bool is_activity(EventType type) { return type != EventType::kServerNames && type != EventType::kServerClock; }

// The clock was set: what was due in so many seconds still is.
Outcome set_clock(MatchState& state, const Envelope& event) {
  constexpr int64_t kFarthest = 8'640'000'000'000'000;  // of an ECMAScript Date
  const auto step = event.data.integer(-kFarthest, kFarthest);
  if (!step) return refused("data");
  Hidden& hidden = state.hidden;
  pass_time(state, event.timestamp - *step);
  for (Time* const time : {&state.agent_select_start, &state.round_timeout, &state.spike_detonation, &hidden.last_event,
                           &hidden.next_second, &hidden.toast_end, &hidden.removal}) {
    if (*time != kNever) *time = std::max<Time>(*time + *step, 1);
  }
  return applied();
}

// Events that a match which has ended takes no more.
bool is_over(const MatchState& state, EventType type) {
  return state.hidden.has_ended && (type == EventType::kRoundInfo || type == EventType::kMatchStart);
}

}  // namespace

Outcome Reducer::apply(Match& match, const Envelope& event) {
  if (event.type == EventType::kUnknown || !may_write(event.writer, event.type)) return ignored("unknown type");
  match.tidy();
  if (event.type == EventType::kServerClock) return set_clock(match.state(), event);
  pass_time(match.state(), event.timestamp);
  faults_.clear();
  Outcome outcome = dispatch(match, event);
  outcome.ignored = faults_.all();
  if (outcome.verdict == Verdict::kApplied && is_activity(event.type))
    match.state().hidden.last_event = std::max(match.state().hidden.last_event, event.timestamp);
  return outcome;
}

Outcome Reducer::dispatch(Match& match, const Envelope& event) {
  const Rule rule{match.state(), match.texts(), names_, timing_, std::max<Time>(event.timestamp, 1), faults_};
  if (is_over(match.state(), event.type)) return ignored("the match has ended");
  switch (event.type) {
    case EventType::kScoreboard:
      return on_scoreboard(rule, event);
    case EventType::kMatchStart:
      return on_match_start(rule, event);
    case EventType::kMap:
      return on_map(rule, event);
    case EventType::kGameMode:
      return on_game_mode(rule, event);
    case EventType::kRoster:
      return on_roster(rule, event);
    case EventType::kKillfeed:
      return on_killfeed(rule, event);
    case EventType::kRoundInfo:
      return on_round_info(rule, event);
    case EventType::kScore:
      return on_score(rule, event);
    case EventType::kObserving:
      return on_observing(rule, event);
    case EventType::kSpikePlanted:
      return on_spike_planted(rule);
    case EventType::kSpikeDetonated:
      return on_spike_detonated(rule);
    case EventType::kSpikeDefused:
      return on_spike_defused(rule);
    case EventType::kTechPause:
      return on_tech_pause(rule);
    case EventType::kLeftTimeout:
      return on_timeout(rule, true);
    case EventType::kRightTimeout:
      return on_timeout(rule, false);
    case EventType::kSwitchKdaCredits:
      match.state().show_alive_kda = !match.state().show_alive_kda;
      return applied();
    case EventType::kToast:
      return on_toast(rule, event);
    case EventType::kToggleAgentSelect:
      return on_toggle_agent_select(rule);
    case EventType::kMoneyRecord:
      return on_money_record(rule, event);
    case EventType::kSwapLeftRight:
      return on_swap_left_right(rule);
    case EventType::kSwapAttackerDefender:
      return on_swap_attacker_defender(rule);
    case EventType::kAuxScoreboard:
      return on_aux_scoreboard(rule, event);
    case EventType::kAuxScoreboardTeam:
      return on_aux_scoreboard_team(rule, inner_data(event));
    case EventType::kAuxAbilities:
      return on_aux_abilities(rule, event);
    case EventType::kAuxHealth:
      return on_aux_health(rule, event);
    case EventType::kAuxAstraTargeting:
      return on_aux_portrait(rule, event, SpecialAgent::kAstra);
    case EventType::kAuxCypherCam:
      return on_aux_portrait(rule, event, SpecialAgent::kCypher);
    case EventType::kServerRegistered:
      return on_registered(rule, event);
    case EventType::kServerRanks:
      return on_ranks(rule, event);
    case EventType::kServerNameOverrides:
      return on_name_overrides(rule, event);
    case EventType::kServerAuxGone:
      return on_aux_gone(rule, event);
    case EventType::kServerAuxNew:
      return on_aux_new(rule, event);
    case EventType::kServerAuxBack:
      return on_aux_back(rule, event);
    case EventType::kServerNames:
      return on_names(rule);
    case EventType::kServerClock:  // see apply
    case EventType::kUnknown:
      break;
  }
  return ignored("unknown type");
}

// The event's own text stays as it is: a journal wants it too.
json::Value Reducer::inner_data(const Envelope& event) {
  const auto text = event.data.string();
  if (!text) return event.data;
  inner_text_.assign(*text);
  return inner_.parse_in_place(inner_text_) ? inner_.root() : event.data;
}

Outcome Reducer::advance(Match& match, int64_t now_ms) {
  MatchState& state = match.state();
  Hidden& hidden = state.hidden;
  pass_time(state, now_ms);
  Effects effects;
  if (timing_.inactivity_ms > 0 && !hidden.has_ended && !hidden.is_abandoned &&
      now_ms - hidden.last_event >= timing_.inactivity_ms) {
    hidden.is_abandoned = true;
    hidden.removal = now_ms;
    effects.add(Effect::kAbandoned);
  }
  if (hidden.removal != kNever && now_ms >= hidden.removal) {
    hidden.removal = kNever;
    effects.add(Effect::kRemove);
  }
  return {Verdict::kApplied, {}, effects};
}

int64_t Reducer::next_deadline(const Match& match) const {
  const Hidden& hidden = match.state().hidden;
  Time next = earlier(earlier(hidden.next_second, hidden.toast_end), hidden.removal);
  if (timing_.inactivity_ms > 0 && !hidden.has_ended && !hidden.is_abandoned)
    next = earlier(next, hidden.last_event + timing_.inactivity_ms);
  return next == kNever ? std::numeric_limits<int64_t>::max() : next;
}

}  // namespace matchbus::match

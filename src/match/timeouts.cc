// Timeouts of the teams, and pauses for technical reasons (section 5).
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr Time kSecondMs = 1'000;

int32_t& counter_of(MatchState& state, bool is_left) {
  TimeoutCounter& counter = state.tools.timeout_counter;
  return is_left ? counter.left : counter.right;
}

void deduct(MatchState& state, bool is_left) {
  int32_t& counter = counter_of(state, is_left);
  if (counter > 0) --counter;
}

bool in_grace(const MatchState& state) {
  return state.timeout.remaining > state.tools.timeout_duration - state.tools.timeout_grace;
}

void start(const Rule& rule, bool is_left) {
  MatchState& state = rule.state;
  state.timeout.left = is_left;
  state.timeout.right = !is_left;
  state.timeout.tech_pause = false;
  state.timeout.remaining = state.tools.timeout_duration;
  // Even without any grace it passes with the first second only.
  state.timeout_grace_passed = false;
  state.hidden.next_second = rule.now + kSecondMs;
}

}  // namespace

void stop_timeout(MatchState& state) {
  state.timeout.left = false;
  state.timeout.right = false;
  state.hidden.next_second = kNever;
}

void pass_second(MatchState& state) {
  state.hidden.next_second += kSecondMs;
  state.timeout.remaining = std::fmax(0.0, state.timeout.remaining - 1);
  state.timeout_grace_passed = !in_grace(state);
  if (state.timeout.remaining > 0) return;
  deduct(state, state.timeout.left);
  stop_timeout(state);
}

Outcome on_timeout(const Rule& rule, bool is_left) {
  MatchState& state = rule.state;
  if (state.hidden.has_ended) return ignored("the match has ended");
  if (is_left ? state.timeout.left : state.timeout.right) {
    if (!in_grace(state)) deduct(state, is_left);
    stop_timeout(state);
    return applied();
  }
  if (counter_of(state, is_left) <= 0) return ignored("no timeout left");
  start(rule, is_left);
  return applied();
}

Outcome on_tech_pause(const Rule& rule) {
  MatchState& state = rule.state;
  if (state.hidden.has_ended) return ignored("the match has ended");
  state.timeout.tech_pause = !state.timeout.tech_pause;
  if (state.timeout.tech_pause) stop_timeout(state);
  return applied();
}

}  // namespace matchbus::match

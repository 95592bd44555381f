// The spike: planted, detonated, defused (section 3.4).
#include "match/rules.h"

namespace matchbus::match {
namespace {

constexpr Time kFuseMs = 45'000;
constexpr double kPlantReward = 300;  // credits

}  // namespace

bool plant_spike(const Rule& rule) {
  MatchState& state = rule.state;
  if (state.spike.planted || !in_phase(rule, "combat")) return false;
  state.spike.planted = true;
  state.round_timeout = kNever;
  state.spike_detonation = rule.now + kFuseMs;
  return true;
}

bool earns_plant(const Player& player, double money) { return money - player.money == kPlantReward; }

Outcome on_spike_planted(const Rule& rule) {
  plant_spike(rule);
  return applied();
}

Outcome on_spike_detonated(const Rule& rule) {
  rule.state.spike.detonated = true;
  rule.state.spike_detonation = kNever;
  return applied();
}

Outcome on_spike_defused(const Rule& rule) {
  rule.state.spike.defused = true;
  return applied();
}

}  // namespace matchbus::match

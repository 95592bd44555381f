#include "match/simulation_round.h"

#include <algorithm>
#include <span>

namespace matchbus::match {
namespace {

constexpr int kRoundMs = 100'000;
constexpr int kFuseMs = 45'000;
constexpr int kFirstContactMs = 8'000;

RoundEnding choose_ending(SimulationRandom& random, bool attackers_win) {
  const size_t dice = random.below(100);
  if (attackers_win) return dice < 60 ? RoundEnding::kElimination : RoundEnding::kDetonation;
  if (dice < 60) return RoundEnding::kElimination;
  return dice < 88 ? RoundEnding::kDefusal : RoundEnding::kTimeout;
}

// Settles the spike's times and the end's.
void plan_times(SimulationRandom& random, RoundPlan& plan) {
  const bool eliminated = plan.ending == RoundEnding::kElimination;
  plan.planted = plan.ending == RoundEnding::kDetonation || plan.ending == RoundEnding::kDefusal ||
                 (eliminated && plan.attackers_win && random.chance(50));
  plan.plant_ms = random.between(28'000, 68'000);
  switch (plan.ending) {
    case RoundEnding::kElimination:
      plan.end_ms = plan.planted ? plan.plant_ms + random.between(3'000, 40'000) : random.between(22'000, 84'000);
      break;
    case RoundEnding::kDetonation:
      plan.end_ms = plan.plant_ms + kFuseMs;
      break;
    case RoundEnding::kDefusal:
      plan.end_ms = plan.plant_ms + random.between(12'000, 44'000);
      break;
    case RoundEnding::kTimeout:
      plan.end_ms = kRoundMs;
      break;
  }
}

// How many fall of the losing and of the winning team.
std::array<int, 2> choose_losses(SimulationRandom& random, const RoundPlan& plan) {
  const int winners = random.between(0, 4);
  switch (plan.ending) {
    case RoundEnding::kElimination:
      return {5, winners};
    case RoundEnding::kDetonation:
      return {random.between(1, 4), winners};
    case RoundEnding::kDefusal:
      return {random.between(3, 5), winners};
    case RoundEnding::kTimeout:
      return {random.between(0, 4), random.between(0, 3)};
  }
  return {0, 0};
}

std::vector<size_t> choose_assists(SimulationRandom& random, size_t attacker) {
  std::vector<size_t> assists;
  const size_t team = attacker / 5 * 5;
  const size_t wanted = random.chance(40) ? (random.chance(25) ? 2 : 1) : 0;
  while (assists.size() < wanted) {
    const size_t player = team + random.below(5);
    if (player != attacker && std::find(assists.begin(), assists.end(), player) == assists.end())
      assists.push_back(player);
  }
  return assists;
}

size_t any_alive(SimulationRandom& random, const std::array<bool, 10>& alive, size_t team) {
  for (;;) {
    const size_t player = team * 5 + random.below(5);
    if (alive[player]) return player;
  }
}

}  // namespace

RoundPlan plan_round(SimulationRandom& random, int attacking, bool attackers_win) {
  RoundPlan plan;
  plan.attackers_win = attackers_win;
  plan.ending = choose_ending(random, attackers_win);
  plan_times(random, plan);
  const auto attackers = static_cast<size_t>(attacking);
  const size_t winners = attackers_win ? attackers : 1 - attackers;
  const size_t losers = 1 - winners;
  const std::array<int, 2> losses = choose_losses(random, plan);

  std::vector<size_t> fallen;  // the team of each victim, in order
  fallen.insert(fallen.end(), static_cast<size_t>(losses[0]), losers);
  fallen.insert(fallen.end(), static_cast<size_t>(losses[1]), winners);
  random.shuffle(std::span(fallen));
  std::vector<int> times(fallen.size());
  for (int& time : times) time = random.between(kFirstContactMs, plan.end_ms - 500);
  std::sort(times.begin(), times.end());
  if (losses[0] == 5) {
    // The last of the losers falls last. If that ends the round, then; if attackers planted, not before they have.
    std::iter_swap(std::find(fallen.begin(), fallen.end(), losers), fallen.end() - 1);
    if (plan.ending == RoundEnding::kElimination) times.back() = plan.end_ms;
    if (plan.planted) times.back() = std::max(times.back(), plan.plant_ms + 1'000);
  }

  std::array<bool, 10> alive;
  alive.fill(true);
  bool planter_known = false;
  for (size_t i = 0; i < fallen.size(); ++i) {
    if (plan.planted && !planter_known && times[i] > plan.plant_ms) {
      plan.planter = any_alive(random, alive, attackers);
      planter_known = true;
    }
    PlannedKill kill;
    kill.at_ms = times[i];
    kill.victim = any_alive(random, alive, fallen[i]);
    kill.attacker = any_alive(random, alive, 1 - fallen[i]);
    kill.assists = choose_assists(random, kill.attacker);
    kill.headshot = random.chance(30);
    alive[kill.victim] = false;
    plan.kills.push_back(std::move(kill));
  }
  if (plan.planted && !planter_known) plan.planter = any_alive(random, alive, attackers);
  if (plan.ending == RoundEnding::kDefusal) plan.defuser = any_alive(random, alive, winners);
  return plan;
}

std::vector<int> plan_winners(SimulationRandom& random, int rounds) {
  const int winner = random.between(0, 1);
  std::vector<int> winners;
  if (rounds > 24) {
    const int pairs = (std::max(rounds, 26) - 24 + 1) / 2;
    winners.assign(12, winner);
    winners.insert(winners.end(), 12, 1 - winner);
    random.shuffle(std::span(winners));
    for (int pair = 1; pair < pairs; ++pair) {
      const int first = random.between(0, 1);
      winners.insert(winners.end(), {first, 1 - first});
    }
    winners.insert(winners.end(), {winner, winner});
    return winners;
  }
  // The winner's 13th comes last.
  const int lost = rounds < 13 ? 11 : std::min(rounds - 13, 11);
  winners.assign(12, winner);
  winners.insert(winners.end(), static_cast<size_t>(lost), 1 - winner);
  random.shuffle(std::span(winners));
  winners.push_back(winner);
  if (rounds < 13) winners.resize(static_cast<size_t>(std::max(rounds, 1)));
  return winners;
}

}  // namespace matchbus::match

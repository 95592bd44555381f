// What happens in the combat of one simulated round, planned before it begins: who falls by whom and when, the spike,
// and how it ends. Also who wins which round, so that a match is as long as wanted.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "match/simulation_random.h"

namespace matchbus::match {

enum class RoundEnding : uint8_t { kElimination, kDetonation, kDefusal, kTimeout };

// Players are 0 to 9, those of one start team 0 to 4.
struct PlannedKill {
  int at_ms = 0;  // from the start of combat, as all times here
  size_t attacker = 0;
  size_t victim = 0;
  std::vector<size_t> assists;
  bool headshot = false;
};

struct RoundPlan {
  RoundEnding ending = RoundEnding::kElimination;
  bool attackers_win = false;
  int end_ms = 0;  // also of the last kill, the detonation or the defusal if that ends it
  bool planted = false;
  int plant_ms = 0;
  size_t planter = 0;              // alive then
  size_t defuser = 0;              // kDefusal: alive at the end
  std::vector<PlannedKill> kills;  // in order
};

// `attacking`: the start team (0 or 1) that attacks now.
RoundPlan plan_round(SimulationRandom& random, int attacking, bool attackers_win);

// The start team that wins each round. Regular: first to 13 of 24 rounds; beyond that, overtime rounds in pairs until
// one team leads by two. Fewer than 13 rounds (at least 1): the match is broken off. More than 24: rounded up to even,
// at least 26.
std::vector<int> plan_winners(SimulationRandom& random, int rounds);

}  // namespace matchbus::match

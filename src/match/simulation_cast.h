// Who plays a simulated match, and with what: players, agents, weapons, teams, in the names that the game itself uses
// on the wire.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "match/simulation_random.h"

namespace matchbus::match {

struct SimulatedAgent {
  std::string_view internal;  // in rosters and scoreboards
  std::string_view killfeed;  // as an assister in the kill feed
  int max_ult = 7;
};

struct SimulatedWeapon {
  std::string_view scoreboard;
  std::string_view killfeed;
  int price = 0;
};

// Cheapest first; the first is what everybody has for nothing.
extern const std::array<SimulatedWeapon, 11> kSimulatedWeapons;
constexpr size_t kSidearm = 0;

struct SimulatedPlayer {
  std::string name;
  std::string tagline;
  std::string id;  // a UUID
  const SimulatedAgent* agent = nullptr;
  int start_team = 0;  // 0: began as attacker
  int position = 0;    // 0 to 9
  bool alive = true;
  bool away = false;  // has left the game, and is still in it
  bool has_spike = false;
  int armor = 0;  // 0 none, 1 light, 2 heavy
  size_t weapon = kSidearm;
  int ult_points = 0;
  int money = 800;
  int shown_money = 800;  // in the last scoreboard, as the next
  bool shown_spike = false;
  int kills = 0;
  int deaths = 0;
  int assists = 0;
};

struct SimulatedTeam {
  std::string_view name;
  std::string_view tricode;
};

// Everything that is drawn once per match.
struct SimulatedCast {
  std::array<SimulatedPlayer, 10> players;  // 0 to 4 began as attackers; they stand left
  SimulatedPlayer sixth;                    // beside the five of a team: never plays
  std::array<SimulatedTeam, 2> teams;       // of those who began as attackers, and of the others
  std::string_view map;
  std::string match_id;
};

SimulatedCast make_cast(SimulationRandom& random);

// Any agent, for players who have not decided yet.
const SimulatedAgent& any_agent(SimulationRandom& random);

}  // namespace matchbus::match

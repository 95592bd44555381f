// In which shapes a simulated match is told. Clients of three generations write the same events differently, and
// servers have to take them all: a match of one seed is the same match in every shape.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace matchbus::match {

enum class SimulationShapes : uint8_t {
  kNew,   // as the protocol is written down
  kText,  // as recorded from real games
  kOld,   // of still earlier clients
};

// What sets the generations apart. Whatever is not here is alike in all.
struct EventShapes {
  std::string_view name;  // on a command line
  // match_start: the match's id; otherwise true.
  bool has_match_id = false;
  // game_mode: sent; null first, as long as the client does not know it.
  bool has_game_mode = false;
  bool has_null_game_mode = false;
  // An event of the game that no server makes use of.
  bool has_team_is_attacker = false;
  // A phase `game_start` before most rounds, and the end of a round before its score.
  bool has_game_start = false;
  bool has_late_score = false;
  // roster
  bool has_text_team = false;  // startTeam as text
  bool has_text_rank = false;
  bool has_tagline = false;  // in scoreboards, too
  bool has_locked = false;
  // roster and scoreboard: now and then no startTeam or no playerId, where the next event tells the same.
  bool has_gaps = false;
  // scoreboard
  std::string_view armor;       // the member's name
  bool has_every_spike = true;  // hasSpike always; otherwise where it is true or changes
  // killfeed
  bool has_kill_flags = true;       // headshotKill and isTeamkill
  bool has_null_assist = false;     // nobody assisted: [null]
  bool has_unknown_weapon = false;  // now and then an empty one
  // aux_abilities: whether one is left, not how many.
  bool has_boolean_abilities = false;
};

// In the order of the enumeration.
constexpr std::array<EventShapes, 3> kEventShapes = {{
    {
        .name = "new",
        .has_match_id = true,
        .has_game_mode = true,
        .has_tagline = true,
        .has_locked = true,
        .armor = "initialArmor",
    },
    {
        .name = "text",
        .has_game_mode = true,
        .has_null_game_mode = true,
        .has_team_is_attacker = true,
        .has_game_start = true,
        .has_late_score = true,
        .has_text_team = true,
        .has_tagline = true,
        .has_locked = true,
        .armor = "initialShield",
        .has_unknown_weapon = true,
        .has_boolean_abilities = true,
    },
    {
        .name = "old",
        .has_team_is_attacker = true,
        .has_game_start = true,
        .has_late_score = true,
        .has_text_team = true,
        .has_text_rank = true,
        .has_gaps = true,
        .armor = "initialShield",
        .has_every_spike = false,
        .has_kill_flags = false,
        .has_null_assist = true,
        .has_unknown_weapon = true,
        .has_boolean_abilities = true,
    },
}};

constexpr const EventShapes& event_shapes(SimulationShapes shapes) { return kEventShapes[static_cast<size_t>(shapes)]; }

}  // namespace matchbus::match

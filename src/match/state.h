// The state of one match as flat memory: numbers, flags, fixed arrays, and text as ids into the match's pool.
//
// Trivially copyable: the last broadcast state is a memcpy, and "did anything change" a memcmp. So that a memcmp means
// something, the structs have no padding (fields.h checks it), unset values have one representation, and not-a-number
// is always kNotANumber. What a viewer may see and what stays inside is said in fields.h, which names every field.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "base/text_pool.h"

namespace matchbus::match {

// Bounds of one match. A list or table of kills that is full stays as it is; a text or number in an event that passes
// its bound is cut to it.
constexpr int kMaxPlayers = 5;
constexpr int kMaxRound = 200;
constexpr int kFirstRecords = 25;                              // of a new team
constexpr int kUpcomingRecords = 5;                            // made after each one written
constexpr int kMaxRecords = kMaxRound - 1 + kUpcomingRecords;  // the last one written is that of round 199
constexpr int kMaxKilledNames = 32;                            // in one round
constexpr int kMaxWeapons = 64;                                // a player's counters by weapon
constexpr int kMaxVictims = 16;                                // a player's counters by victim
constexpr size_t kMaxName = 128;                               // bytes of a name in an event
constexpr double kMaxNumber = 1e9;                             // of a number in an event, either sign
constexpr size_t kMaxToast = 8 * 1024;                         // bytes of a toast as JSON
constexpr size_t kMaxOverrides = 32 * 1024;                    // bytes of a player-cam service's answer, each part

// Epoch milliseconds; unset times are kNever.
using Time = int64_t;
constexpr Time kNever = 0;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// How a round ended for a team. kSkipped is the gap of a round that was never recorded.
enum class RoundResult : uint8_t { kSkipped, kUpcoming, kLost, kKills, kDetonated, kDefused, kTimeout };

struct RoundRecord {
  RoundResult result;
  bool was_attack;
};

// Entry `i` is about round `i + 1`.
struct RoundRecords {
  uint16_t size;
  std::array<RoundRecord, kMaxRecords> items;
};

struct Counter {
  TextId name;
  uint32_t count;
};

template <int kRoom>
struct Counters {
  uint32_t size;
  std::array<Counter, kRoom> items;
};

template <int kRoom>
struct TextList {
  uint32_t size;
  std::array<TextId, kRoom> items;
};

// JSON texts: a client tells how many are left, or only whether one is.
struct Abilities {
  TextId grenade;
  TextId ability1;
  TextId ability2;
};

struct AuxiliaryAvailable {
  bool health;
  bool abilities;
  bool scoreboard;
};

struct Player {
  double health;
  double kd_ratio;
  double headshot_ratio;
  double current_tier;  // kNotANumber: unknown
  double peak_tier;
  // Numbers as clients send them, within kMaxNumber on either side.
  double position;
  double kills;
  double deaths;
  double assists;
  double ult_points;
  double max_ult_points;
  double money;
  double money_spent;

  TextId name;  // as shown
  TextId tagline;
  TextId riot_id;
  TextId search_name;
  TextId full_name;
  TextId agent_internal;
  TextId agent_proper;
  TextId armor_name;      // kNoText: not in the table
  TextId highest_weapon;  // kNoText: not in the table
  TextId icon_suffix;
  TextId ingame_name;  // hidden: the kill feed's name

  Abilities abilities;
  int32_t kills_this_round;
  int32_t deaths_this_round;
  int32_t team_kills;
  int32_t headshot_kills;

  TextList<kMaxKilledNames> killed_names;
  Counters<kMaxWeapons> kills_by_weapon;
  Counters<kMaxVictims> kills_on_enemy;
  Counters<kMaxVictims> kills_on_teammate;

  bool locked;
  bool is_alive;
  bool has_spike;
  bool is_observed;
  bool ult_ready;
  bool spent_money;
  bool scoreboard_available;
  AuxiliaryAvailable auxiliary;
  AuxiliaryAvailable auxiliary_lost;  // hidden: what a client that has gone had told, for when it is back
  std::array<uint8_t, 3> padding;
};

struct Team {
  std::array<Player, kMaxPlayers> players;
  double rounds_won;
  double spent_this_round;

  TextId name;
  TextId tricode;
  TextId url;
  TextId others;      // JSON: members the server knows nothing of
  int32_t ingame_id;  // 0: started as attacker, 1: as defender
  uint32_t player_count;
  TextList<kMaxRound> money_records;  // JSON texts by round, kNoText for rounds left out; empty: no observer sends them
  RoundRecords records;

  bool is_attacking;
  bool has_handled;
  bool remove_tricode;
  bool has_duplicate_agents;
  std::array<uint8_t, 6> padding;
};

// A flag that is absent until somebody speaks of it.
enum class OptionalFlag : uint8_t { kAbsent, kFalse, kTrue };

struct SpikeState {
  bool planted;
  bool detonated;
  bool defused;
};

struct TimeoutState {
  double remaining;  // seconds
  bool tech_pause;
  bool left;
  bool right;
  std::array<uint8_t, 5> padding;
};

struct Toast {
  TextId members;  // JSON: the members of the toast's object other than `active`
  bool active;
  std::array<uint8_t, 3> padding;
};

struct TimeoutCounter {
  int32_t max;
  int32_t left;
  int32_t right;
  TextId others;  // JSON: members the server knows nothing of
};

struct PlayerCams {
  TextId others;           // JSON: the members that stay as they are and may be seen
  TextId enabled_players;  // JSON
};

// Settings of the overlay. TextIds are JSON, kept as it came.
struct Tools {
  double timeout_duration;  // seconds
  double timeout_grace;     // seconds
  TextId series_info;
  TextId seeding_info;
  TextId tournament_info;
  TimeoutCounter timeout_counter;
  TextId sponsor_info;
  TextId watermark_info;
  PlayerCams player_cams;
  TextId name_overrides;
  TextId round_win_box;
  TextId others;  // members the server knows nothing of
};

// What no viewer sees: deadlines and what the rules need to remember.
struct Hidden {
  Time last_event;   // when the last event was applied, or the match made
  Time next_second;  // the running timeout counts down next
  Time toast_end;    // the toast shown ends
  Time removal;      // the match leaves the registry
  TextId cam_identifier;
  TextId cam_secret;
  TextId map_internal;  // kNoText: not told yet
  bool has_ended;       // game_end came
  bool is_abandoned;    // no event for too long
  bool sides_switched;  // at least once
  bool ranks_asked;
  bool ranks_known;
  std::array<uint8_t, 7> padding;
};

struct MatchState {
  Time agent_select_start;
  Time round_timeout;
  Time spike_detonation;

  TextId match_id;
  TextId match_type;  // kNoText: null
  TextId group_code;
  TextId round_phase;
  TextId map;
  TextId organization_id;

  int32_t switch_round;
  int32_t first_ot_round;
  int32_t round_number;

  SpikeState spike;
  bool is_running;
  bool was_timeout;
  bool attackers_won;
  bool show_alive_kda;
  bool timeout_grace_passed;
  bool has_entered_overtime;
  bool is_registered;
  bool org_is_supporter;
  OptionalFlag agent_select_active;

  std::array<Team, 2> teams;  // left, right
  TimeoutState timeout;
  Toast toast;
  Tools tools;
  Hidden hidden;
};

static_assert(std::is_trivially_copyable_v<MatchState> && std::is_standard_layout_v<MatchState>);

}  // namespace matchbus::match

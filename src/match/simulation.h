// A made-up match as an observer's client would report it, for trying out a server without the game: the logon, agent
// select, every round with its buying, kills, spike and scores, scoreboards at the real rate, and the end.
//
// It has what real games have and rehearsals lack: scoreboards before anybody is known, everybody introduced again in
// the middle, a sixth on a team, a player who is away for a round and comes back, the same kill told twice, members
// that no server knows (simulation_orders.cc).
//
// Deterministic: the same options give the same events on every machine. Virtual time: each event says when it is due,
// about 40 minutes for 24 rounds; the player decides how fast that passes. Specification: sections 1.1 to 5 of the
// protocol.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "json/writer.h"
#include "match/simulation_cast.h"
#include "match/simulation_random.h"
#include "match/simulation_round.h"
#include "match/simulation_shapes.h"

namespace matchbus::match {

struct SimulationOptions {
  uint64_t seed = 1;
  std::string group_code = "SIM001";
  std::string key;  // "" sends an empty one
  std::string observer_name = "Simulation";
  std::string client_version = "0.3.24";
  int rounds = 24;  // see plan_winners: from 25 on with overtime
  SimulationShapes shapes = SimulationShapes::kText;
};

struct SimulatedEvent {
  int64_t at_ms = 0;      // since the start; never decreases
  std::string_view name;  // "obs_logon" once, then "obs_data"
  std::string_view type;  // of obs_data, such as "scoreboard"; otherwise ""
  std::string text;       // the event's argument, JSON
};

class Simulation {
 public:
  explicit Simulation(SimulationOptions options);

  // The next event; nothing after the last one (`round_info` with phase `game_end`).
  std::optional<SimulatedEvent> next();

 private:
  // What happens at a moment of the round, between the scoreboards.
  struct Action {
    int64_t at_ms;
    std::function<void()> run;
  };

  void play_agent_select();
  void plan_rosters(int64_t begin);
  void start_match();
  void play_round();
  void end_round(const RoundPlan& plan, int winner);
  void play_game_end();
  // Nobody is known yet, or nothing has begun: what the game shows then.
  void emit_early_scoreboards(std::string_view weapon);
  void introduce_again();
  void let_someone_leave(const RoundPlan& plan);
  void let_them_come_back();
  void plan_timeouts(int64_t& shopping_ends);
  void plan_shopping(int64_t start, int64_t end);
  void plan_purchase(size_t player, int64_t start, int64_t end);
  void plan_combat(const RoundPlan& plan);
  void plan_observing(int64_t start, int64_t end);
  void plan(int64_t at_ms, std::function<void()> run);
  // Runs what is planned, and scoreboards in between, until `end`.
  void run_until(int64_t end);

  void begin_round();
  void give_spike();
  void kill(const PlannedKill& kill);
  void tell_kill(const PlannedKill& kill);
  void reward_round(const RoundPlan& plan);
  void give(SimulatedPlayer& player, int money);
  void give_ult_point(SimulatedPlayer& player);
  void hand_over_spike();
  bool is_switch_round() const;

  void emit_logon();
  // `type` must be a literal; `player_id` is that of an auxiliary event.
  void emit(std::string_view type, const std::function<void(json::Writer&)>& data, std::string_view player_id = {});
  void emit_flag(std::string_view type);
  void emit_game_mode(bool is_known);
  void emit_match_start();
  void emit_roster(const SimulatedPlayer& player, std::string_view agent, bool locked);
  void emit_scoreboard(SimulatedPlayer& player);
  // One of those that come all the time: old clients' have gaps.
  void emit_next_scoreboard();
  void emit_killfeed(const PlannedKill& kill, std::string_view weapon);
  void emit_abilities(const SimulatedPlayer& player);
  void emit_health(const SimulatedPlayer& player);
  void emit_round_info(std::string_view phase);
  void emit_score();
  void emit_observing(size_t player);
  size_t someone_alive();

  SimulationOptions options_;
  EventShapes shapes_;
  SimulationRandom random_;
  SimulatedCast cast_;
  std::vector<int> winners_;  // of each round

  int64_t now_ = 0;
  int64_t next_scoreboard_ = 0;
  size_t scoreboard_player_ = 0;
  size_t scoreboards_ = 0;
  size_t kills_ = 0;
  size_t kills_told_twice_ = 0;
  int leave_round_ = 0;
  bool started_ = false;
  bool ended_ = false;
  int round_ = 0;      // 1 from the first on
  int attacking_ = 0;  // the start team that attacks
  bool planted_ = false;
  std::array<int, 2> score_{};  // by start team
  std::array<int, 2> losing_streak_{};
  std::array<int, 2> timeouts_left_ = {2, 2};
  std::vector<Action> actions_;  // in order of time
  std::deque<SimulatedEvent> events_;
};

}  // namespace matchbus::match

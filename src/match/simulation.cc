// The course of a simulated match. What an event looks like is in simulation_events.cc.
#include "match/simulation.h"

#include <algorithm>
#include <utility>

namespace matchbus::match {
namespace {

constexpr int64_t kAgentSelectMs = 80'000;
constexpr int64_t kLoadingMs = 15'000;
constexpr int64_t kShoppingMs = 30'000;
constexpr int64_t kLongShoppingMs = 45'000;  // first round, and after a side switch
constexpr int64_t kEndMs = 7'000;
constexpr int64_t kTimeoutMs = 60'000;
constexpr int64_t kScoreboardMs = 100;
constexpr int kSwitchRound = 13;
constexpr int kFirstOvertimeRound = 25;
constexpr int kMostMoney = 9'000;
constexpr int kArmorPrice[] = {0, 400, 1'000};

}  // namespace

Simulation::Simulation(SimulationOptions options)
    : options_(std::move(options)),
      shapes_(event_shapes(options_.shapes)),
      random_(options_.seed),
      cast_(make_cast(random_)),
      winners_(plan_winners(random_, options_.rounds)),
      leave_round_(random_.between(2, std::clamp(static_cast<int>(winners_.size()) - 1, 2, 8))) {}

std::optional<SimulatedEvent> Simulation::next() {
  while (events_.empty() && !ended_) {
    if (!started_) {
      play_agent_select();
    } else if (static_cast<size_t>(round_) < winners_.size()) {
      play_round();
    } else {
      play_game_end();
    }
  }
  if (events_.empty()) return std::nullopt;
  SimulatedEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Simulation::plan(int64_t at_ms, std::function<void()> run) {
  const auto place = std::upper_bound(actions_.begin(), actions_.end(), at_ms,
                                      [](int64_t at, const Action& action) { return at < action.at_ms; });
  actions_.insert(place, {at_ms, std::move(run)});
}

void Simulation::run_until(int64_t end) {
  size_t done = 0;
  for (;;) {
    const bool has_action = done < actions_.size() && actions_[done].at_ms <= end;
    const bool scoreboard_first = !has_action || next_scoreboard_ < actions_[done].at_ms;
    if (scoreboard_first && next_scoreboard_ < end) {
      now_ = std::max(now_, next_scoreboard_);
      next_scoreboard_ += kScoreboardMs;
      emit_next_scoreboard();
    } else if (has_action) {
      now_ = std::max(now_, actions_[done].at_ms);
      const std::function<void()> run = std::move(actions_[done++].run);
      run();
    } else {
      break;
    }
  }
  actions_.clear();
  now_ = end;
}

void Simulation::play_agent_select() {
  started_ = true;
  emit_logon();
  now_ += 500;
  emit("map", [this](json::Writer& out) { out.string(cast_.map); });
  emit_game_mode(!shapes_.has_null_game_mode);
  next_scoreboard_ = INT64_MAX;
  const int64_t begin = now_ + 1'000;
  const int64_t end = now_ + kAgentSelectMs;
  plan(begin - 400, [this] { emit_early_scoreboards(""); });
  if (shapes_.has_team_is_attacker) plan(begin - 1, [this] { emit_flag("team_is_attacker"); });
  plan_rosters(begin);
  run_until(end);
  now_ += kLoadingMs;
  emit_early_scoreboards("knife");
  start_match();
}

void Simulation::plan_rosters(int64_t begin) {
  for (const SimulatedPlayer& player : cast_.players) {
    plan(begin + player.position * 50, [this, &player] { emit_roster(player, "", false); });
    for (int hovers = random_.between(1, 3); hovers > 0; --hovers) {
      const std::string_view agent = any_agent(random_).internal;
      plan(begin + random_.between(2'000, 50'000), [this, &player, agent] { emit_roster(player, agent, false); });
    }
    const int64_t locked_at = begin + random_.between(51'000, 75'000);
    plan(locked_at - 700, [this, &player] { emit_roster(player, player.agent->internal, false); });
    plan(locked_at, [this, &player] { emit_roster(player, player.agent->internal, true); });
  }
  const SimulatedPlayer& sixth = cast_.sixth;
  plan(begin + sixth.position * 50, [this, &sixth] { emit_roster(sixth, sixth.agent->internal, true); });
}

void Simulation::start_match() {
  if (shapes_.has_game_start) {
    round_ = 1;
    emit_round_info("game_start");
    round_ = 0;
  }
  now_ += 1'100;
  emit_match_start();
  if (shapes_.has_null_game_mode) emit_game_mode(true);
  emit_score();
  next_scoreboard_ = now_ + 1'000;
}

void Simulation::play_round() {
  ++round_;
  const int winner = winners_[static_cast<size_t>(round_) - 1];
  begin_round();
  const RoundPlan round = plan_round(random_, attacking_, winner == attacking_);
  if (round_ == leave_round_) let_someone_leave(round);
  give_spike();
  if (shapes_.has_game_start && round_ > 1 && round_ % 4 != 3) {
    emit_round_info("game_start");
    now_ += 250;
  }
  emit_round_info("shopping");
  const bool is_long = round_ == 1 || is_switch_round();
  const int64_t shopping_starts = now_;
  int64_t shopping_ends = now_ + (is_long ? kLongShoppingMs : kShoppingMs);
  plan_timeouts(shopping_ends);
  if (round_ % 5 == 2) plan(now_ + 400, [this] { introduce_again(); });
  if (round_ == leave_round_ + 1) plan(now_ + 4'000, [this] { let_them_come_back(); });
  plan_shopping(shopping_starts, shopping_ends);
  plan_observing(shopping_starts, shopping_ends);
  run_until(shopping_ends);

  emit_round_info("combat");
  plan_combat(round);
  plan_observing(now_, now_ + round.end_ms);
  run_until(now_ + round.end_ms);
  end_round(round, winner);
}

void Simulation::end_round(const RoundPlan& round, int winner) {
  const auto tell_spike = [&] {
    if (round.ending == RoundEnding::kDetonation) emit_flag("spike_detonated");
    if (round.ending == RoundEnding::kDefusal) emit_flag("spike_defused");
  };
  ++score_[static_cast<size_t>(winner)];
  // That time had run out shows by a score before the end only.
  const bool is_late = shapes_.has_late_score && round.ending != RoundEnding::kTimeout;
  if (!is_late) tell_spike();
  now_ += 150;
  if (is_late) emit_round_info("end");
  emit_score();
  if (is_late) tell_spike();
  if (!is_late) emit_round_info("end");
  plan(now_ + 1'500, [this, round] { reward_round(round); });
  run_until(now_ + kEndMs);
}

void Simulation::play_game_end() {
  ended_ = true;
  emit_round_info("game_end");
}

bool Simulation::is_switch_round() const { return round_ == kSwitchRound || round_ >= kFirstOvertimeRound; }

void Simulation::begin_round() {
  if (is_switch_round()) {
    attacking_ = 1 - attacking_;
    losing_streak_ = {};
  }
  planted_ = false;
  for (SimulatedPlayer& player : cast_.players) {
    if (!player.alive || is_switch_round()) {
      player.weapon = kSidearm;
      player.armor = 0;
    }
    if (round_ == kSwitchRound) player.money = 800;
    if (round_ >= kFirstOvertimeRound) player.money = 5'000;
    player.alive = true;
    player.has_spike = false;
  }
}

void Simulation::give_spike() {
  SimulatedPlayer* const attackers = &cast_.players[static_cast<size_t>(attacking_) * 5];
  const size_t first = random_.below(5);
  attackers[attackers[first].away ? (first + 1) % 5 : first].has_spike = true;
}

// Every twelfth round or so a team takes a timeout, and rarely the referee pauses.
void Simulation::plan_timeouts(int64_t& shopping_ends) {
  if (round_ == 1) return;
  const size_t side = random_.below(2);
  if (random_.chance(8) && timeouts_left_[side] > 0) {
    --timeouts_left_[side];
    const std::string_view type = side == 0 ? "left_timeout" : "right_timeout";
    plan(now_ + 2'000, [this, type] { emit_flag(type); });
    shopping_ends += kTimeoutMs;
  } else if (random_.chance(2)) {
    const int64_t length = random_.between(15'000, 60'000);
    plan(now_ + 3'000, [this] { emit_flag("tech_pause"); });
    plan(now_ + 3'000 + length, [this] { emit_flag("tech_pause"); });
    shopping_ends += length;
  }
}

void Simulation::plan_shopping(int64_t start, int64_t end) {
  for (size_t i = 0; i < cast_.players.size(); ++i) plan_purchase(i, start + 1'500, end - 1'500);
  plan(end - 900, [this] {
    for (const SimulatedPlayer& player : cast_.players) emit_abilities(player);
  });
  if (round_ % 4 == 1) plan(end - 1'000, [this] { emit_flag("switch_kda_credits"); });
}

// A player buys what the money is good for: a full set, something between, or next to nothing.
void Simulation::plan_purchase(size_t index, int64_t start, int64_t end) {
  SimulatedPlayer& player = cast_.players[index];
  const auto at = [&] { return start + static_cast<int64_t>(random_.below(static_cast<size_t>(end - start))); };
  int left = player.away ? 0 : player.money;
  size_t weapon = player.weapon;
  for (size_t tries = 0; tries < 3; ++tries) {
    const size_t wanted = left >= 6'500 && random_.chance(15) ? kSimulatedWeapons.size() - 1
                          : left >= 3'900                     ? 8 + random_.below(2)
                          : left >= 2'400                     ? 4 + random_.below(4)
                                                              : random_.below(4);
    if (kSimulatedWeapons[wanted].price > left || wanted <= weapon) continue;
    weapon = wanted;
    break;
  }
  if (weapon != player.weapon) {
    left -= kSimulatedWeapons[weapon].price;
    plan(at(), [&player, weapon] {
      player.weapon = weapon;
      player.money -= kSimulatedWeapons[weapon].price;
    });
  }
  const int armor = left >= kArmorPrice[2] ? 2 : left >= kArmorPrice[1] && random_.chance(60) ? 1 : 0;
  if (armor > player.armor) {
    left -= kArmorPrice[armor];
    plan(at(), [&player, armor] {
      player.armor = armor;
      player.money -= kArmorPrice[armor];
    });
  }
  for (const int ability : {200, 150, 250}) {
    if (left < ability || random_.chance(30)) continue;
    left -= ability;
    plan(at(), [&player, ability] { player.money -= ability; });
  }
}

void Simulation::plan_combat(const RoundPlan& round) {
  const int64_t start = now_;
  for (const PlannedKill& planned : round.kills) plan(start + planned.at_ms, [this, planned] { kill(planned); });
  if (round.planted) {
    plan(start + round.plant_ms, [this, planter = round.planter] {
      planted_ = true;
      for (SimulatedPlayer& player : cast_.players) player.has_spike = false;
      give(cast_.players[planter], 300);
      give_ult_point(cast_.players[planter]);
      emit_flag("spike_planted");
    });
  }
  if (round.ending == RoundEnding::kDefusal) {
    plan(start + round.end_ms, [this, defuser = round.defuser] { give_ult_point(cast_.players[defuser]); });
  }
  for (SimulatedPlayer& player : cast_.players) {
    if (player.ult_points < player.agent->max_ult || !random_.chance(40)) continue;
    plan(start + random_.between(5'000, round.end_ms), [&player] {
      if (player.alive && !player.away && player.ult_points >= player.agent->max_ult) player.ult_points = 0;
    });
  }
}

void Simulation::plan_observing(int64_t start, int64_t end) {
  for (int64_t at = start + 800; at < end; at += random_.between(3'000, 8'000)) {
    plan(at, [this] { emit_observing(someone_alive()); });
  }
}

void Simulation::kill(const PlannedKill& kill) {
  SimulatedPlayer& attacker = cast_.players[kill.attacker];
  SimulatedPlayer& victim = cast_.players[kill.victim];
  tell_kill(kill);
  ++attacker.kills;
  give(attacker, 200);
  give_ult_point(attacker);
  for (const size_t assist : kill.assists) ++cast_.players[assist].assists;
  ++victim.deaths;
  victim.alive = false;
  give_ult_point(victim);
  if (victim.has_spike) {
    victim.has_spike = false;
    plan(now_ + random_.between(1'500, 6'000), [this] { hand_over_spike(); });
  }
  emit_scoreboard(victim);
  emit_scoreboard(attacker);
  if (attacker.alive) emit_health(attacker);
  emit_abilities(attacker);
}

// A living attacker picks the dropped spike up.
void Simulation::hand_over_spike() {
  if (planted_) return;
  for (size_t i = 0; i < 5; ++i) {
    SimulatedPlayer& player = cast_.players[static_cast<size_t>(attacking_) * 5 + i];
    if (!player.alive || player.away) continue;
    player.has_spike = true;
    return;
  }
}

void Simulation::reward_round(const RoundPlan& round) {
  const auto winner = static_cast<size_t>(round.attackers_win ? attacking_ : 1 - attacking_);
  const size_t loser = 1 - winner;
  losing_streak_[winner] = 0;
  const int bonus = 1'900 + 500 * std::min(losing_streak_[loser]++, 2);
  for (SimulatedPlayer& player : cast_.players) {
    const bool saved_for_nothing = player.alive && round.ending != RoundEnding::kElimination;
    const bool won = static_cast<size_t>(player.start_team) == winner;
    give(player, won ? 3'000 : saved_for_nothing ? 1'000 : bonus);
  }
}

void Simulation::give(SimulatedPlayer& player, int money) {
  player.money = std::min(player.money + money, kMostMoney);
  // A rise of exactly 300 means that this player has planted; at the limit it could come about by kills.
  if (money != 300 && player.money - player.shown_money == 300) player.money -= 50;
}

void Simulation::give_ult_point(SimulatedPlayer& player) {
  player.ult_points = std::min(player.ult_points + 1, player.agent->max_ult);
}

size_t Simulation::someone_alive() {
  const size_t first = random_.below(cast_.players.size());
  for (size_t i = 0; i < cast_.players.size(); ++i) {
    const size_t player = (first + i) % cast_.players.size();
    if (cast_.players[player].alive) return player;
  }
  return first;
}

}  // namespace matchbus::match

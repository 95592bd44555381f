// Simulated matches, by a referee (simulation_referee.h) and in a real match.
#include "match/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/match/match_fixture.h"
#include "unit/match/simulation_referee.h"

namespace matchbus::match {
namespace {

std::vector<SimulatedEvent> play(const SimulationOptions& options) {
  Simulation simulation(options);
  std::vector<SimulatedEvent> events;
  while (auto event = simulation.next()) {
    events.push_back(std::move(*event));
    if (events.size() > 200'000) break;  // never ends
  }
  return events;
}

using test::Referee;

SimulationOptions options_for(uint64_t seed, int rounds, SimulationShapes shapes = SimulationShapes::kText) {
  SimulationOptions options;
  options.shapes = shapes;
  options.seed = seed;
  options.rounds = rounds;
  options.group_code = "TEST\"1";
  options.key = "secret";
  return options;
}

constexpr SimulationShapes kAllShapes[] = {SimulationShapes::kNew, SimulationShapes::kText, SimulationShapes::kOld};

class SimulationInShapes : public testing::TestWithParam<SimulationShapes> {};
INSTANTIATE_TEST_SUITE_P(Shapes, SimulationInShapes, testing::ValuesIn(kAllShapes),
                         [](const auto& shapes) { return std::string(event_shapes(shapes.param).name); });

TEST_P(SimulationInShapes, FullMatchKeepsToTheRules) {
  std::map<std::string, int> types;
  const bool is_new = GetParam() == SimulationShapes::kNew;
  const bool is_old = GetParam() == SimulationShapes::kOld;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    Referee referee(GetParam());
    for (const SimulatedEvent& event : play(options_for(seed, 24, GetParam()))) {
      referee.judge(event);
      if (HasFailure()) return;
    }
    EXPECT_EQ(referee.phase, "game_end");
    EXPECT_EQ(referee.round, 24);
    EXPECT_EQ(std::max(referee.scores.back().first, referee.scores.back().second), 13);
    EXPECT_EQ(std::min(referee.scores.back().first, referee.scores.back().second), 11);
    EXPECT_NEAR(static_cast<double>(referee.last_ms()) / 60'000, 42, 9) << "minutes";
    EXPECT_NEAR(referee.scoreboard_rate(), 10.0, 0.4);
    EXPECT_EQ(referee.types["match_start"], 1);
    EXPECT_EQ(referee.types["map"], 1);
    EXPECT_EQ(referee.types["game_mode"], is_new ? 1 : is_old ? 0 : 2);
    EXPECT_GE(referee.types["roster"], 40);
    EXPECT_GT(referee.types["killfeed"], 24 * 4);
    EXPECT_GT(referee.types["observing"], 24 * 5);
    EXPECT_GT(referee.types["aux_abilities"], 24 * 2);
    EXPECT_GT(referee.types["aux_health"], 24 / 2);
    EXPECT_EQ(referee.types["round_info"] - referee.oddities["game_start"], 24 * 3 + 1);
    EXPECT_EQ(referee.types["team_is_attacker"], is_new ? 0 : 6);
    EXPECT_EQ(referee.types["tech_pause"] % 2, 0);
    EXPECT_LE(referee.types["left_timeout"], 2);
    EXPECT_LE(referee.types["right_timeout"], 2);
    for (const auto& [type, count] : referee.types) types[type] += count;
  }
  for (const char* type : {"spike_planted", "spike_detonated", "spike_defused", "tech_pause", "left_timeout",
                           "right_timeout", "switch_kda_credits"}) {
    EXPECT_GT(types[type], 0) << type << " occurs in no match";
  }
}

// However short the match and whatever its seed: what a server meets in real games, it meets in this.
TEST_P(SimulationInShapes, ThreeRoundsHaveTheOrdersOfRealGames) {
  const bool is_new = GetParam() == SimulationShapes::kNew;
  const bool is_old = GetParam() == SimulationShapes::kOld;
  int away = 0;
  int late = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Referee referee(GetParam());
    for (const SimulatedEvent& event : play(options_for(seed, 3, GetParam()))) referee.judge(event);
    std::map<std::string, int>& odd = referee.oddities;
    EXPECT_EQ(odd["scoreboards before rosters"], 10);
    EXPECT_EQ(odd["scoreboards before the match"], 10);
    EXPECT_GE(odd["rosters again"], is_old ? 3 : 9);
    EXPECT_EQ(odd["a sixth"], 2);
    EXPECT_GE(odd["kills twice"], 1);
    EXPECT_EQ(odd["kills without a weapon"] > 0, !is_new);
    EXPECT_EQ(odd["game_start"] > 0, !is_new);
    EXPECT_EQ(odd["gaps"] > 0, is_old);
    EXPECT_EQ(odd["nobody assisted"] > 0, is_old);
    away += odd["away"];
    late += odd["the end before the score"];
    if (HasFailure()) return;
  }
  EXPECT_GE(away, 18) << "hardly ever is there nobody who may be away";
  EXPECT_EQ(late > 0, !is_new);
}

TEST(Simulation, TheShapesTellTheSameMatch) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    std::vector<std::string> told;
    for (const SimulationShapes shapes : kAllShapes) {
      Referee referee(shapes);
      for (const SimulatedEvent& event : play(options_for(seed, 14, shapes))) referee.judge(event);
      const auto [left, right] = referee.scores.back();
      told.push_back(referee.tally() + std::to_string(left) + ':' + std::to_string(right));
    }
    EXPECT_EQ(told[0], told[1]);
    EXPECT_EQ(told[0], told[2]);
  }
}

TEST(Simulation, LengthIsAsWanted) {
  for (const int rounds : {1, 3, 12, 13, 17, 26, 30}) {
    SCOPED_TRACE(rounds);
    Referee referee;
    for (const SimulatedEvent& event : play(options_for(7, rounds))) referee.judge(event);
    EXPECT_EQ(referee.round, rounds);
    EXPECT_EQ(referee.phase, "game_end");
    if (rounds > 24) {
      EXPECT_EQ(std::abs(referee.scores.back().first - referee.scores.back().second), 2);
    }
  }
}

TEST(Simulation, OvertimeLengthIsRoundedUp) {
  SimulationRandom random(1);
  EXPECT_EQ(plan_winners(random, 25).size(), 26U);
  EXPECT_EQ(plan_winners(random, 27).size(), 28U);
}

TEST(Simulation, MatchesEndWhenTheyAreDecidedAndNotBefore) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    for (int rounds = 13; rounds < 34; ++rounds) {
      SimulationRandom random(seed);
      const std::vector<int> winners = plan_winners(random, rounds);
      int score[2] = {0, 0};
      for (size_t round = 1; round <= winners.size(); ++round) {
        ++score[winners[round - 1]];
        const int high = std::max(score[0], score[1]);
        const int low = std::min(score[0], score[1]);
        const bool decided = high >= 13 && (low < 12 || (high - low == 2 && round % 2 == 0));
        ASSERT_EQ(decided, round == winners.size()) << seed << ' ' << rounds;
      }
    }
  }
}

TEST(Simulation, SameSeedSameMatch) {
  const auto first = play(options_for(5, 3));
  const auto second = play(options_for(5, 3));
  const auto other = play(options_for(6, 3));
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    ASSERT_EQ(first[i].at_ms, second[i].at_ms);
    ASSERT_EQ(first[i].text, second[i].text);
  }
  EXPECT_NE(first[0].text, other[0].text);
}

// The reducer takes every event but those that are to be refused, and ends up where the kill feed and the score say.
class SimulationInMatch : public test::MatchFixture, public testing::WithParamInterface<SimulationShapes> {};
INSTANTIATE_TEST_SUITE_P(Shapes, SimulationInMatch, testing::ValuesIn(kAllShapes),
                         [](const auto& shapes) { return std::string(event_shapes(shapes.param).name); });

TEST_P(SimulationInMatch, IsTakenWholly) {
  std::map<std::string, int> kills;
  std::map<std::string, int> deaths;
  std::string last_kill;
  Simulation simulation(options_for(3, 26, GetParam()));
  int64_t last_ms = 0;
  while (const auto event = simulation.next()) {
    if (event->name == "obs_logon") continue;
    wait(event->at_ms - last_ms);
    last_ms = event->at_ms;
    const test::Parsed parsed(event->text);
    BytesWriter data;
    json::write_value(data, parsed["data"]);
    const Outcome outcome =
        send_json(event->type, std::string(data.view()), Writer::kObserver, parsed["playerId"].string().value_or(""));
    if (outcome.verdict == Verdict::kRefused) {
      const bool is_gap = GetParam() == SimulationShapes::kOld && outcome.found == json::Type::kMissing;
      ASSERT_TRUE(outcome.reason == "sixth player" || is_gap) << outcome.reason << ": " << event->text;
    }
    if (event->type == "killfeed" && event->text != std::exchange(last_kill, event->text)) {
      ++kills[std::string(*parsed["data"]["attacker"].string())];
      ++deaths[std::string(*parsed["data"]["victim"].string())];
    }
    if (event->type == "spike_planted") {
      EXPECT_TRUE(state().spike.planted);
    }
  }
  EXPECT_FALSE(state().is_running);
  EXPECT_EQ(team(0).rounds_won + team(1).rounds_won, 26);
  EXPECT_EQ(std::abs(team(0).rounds_won - team(1).rounds_won), 2);
  EXPECT_TRUE(state().has_entered_overtime);
  for (int side = 0; side < 2; ++side) {
    ASSERT_EQ(team(side).player_count, 5U);
    for (uint32_t i = 0; i < 5; ++i) {
      const Player& player = team(side).players[i];
      const std::string name(match_->text(player.name));
      EXPECT_EQ(player.kills, kills[name]) << name;
      EXPECT_EQ(player.deaths, deaths[name]) << name;
      EXPECT_EQ(text(player.tagline).empty(), GetParam() == SimulationShapes::kOld);
      EXPECT_EQ(player.armor_name == kNoText, GetParam() != SimulationShapes::kNew);
      EXPECT_NE(player.highest_weapon, kNoText);
    }
  }
}

// The generator is part of the promise that a seed means the same match everywhere.
TEST(Simulation, RandomNumbersAreThoseOfSplitMix64) {
  SimulationRandom random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
}

}  // namespace
}  // namespace matchbus::match

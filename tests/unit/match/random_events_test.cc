// Random sequences of events, with fixed seeds: good ones, bad ones, at odd times. What must hold whatever happens: no
// crash, sane counts, JSON a viewer can read; and the same events give the same state, however often time was let pass.
#include <cstring>
#include <random>

#include "match/registry.h"
#include "match_fixture.h"
#include "random_story.h"

namespace matchbus::match {
namespace {

using test::kStart;
using test::make_logon;
using test::Parsed;
using test::Sent;
using test::Story;

void expect_sane(const Match& match) {
  const MatchState& state = match.state();
  EXPECT_GE(state.round_number, 0);
  EXPECT_LE(state.round_number, kMaxRound);
  EXPECT_FALSE(state.timeout.left && state.timeout.right);
  EXPECT_FALSE(state.timeout.tech_pause && (state.timeout.left || state.timeout.right));
  EXPECT_EQ(state.hidden.next_second != kNever, state.timeout.left || state.timeout.right);
  EXPECT_GE(state.tools.timeout_counter.left, 0);
  EXPECT_GE(state.tools.timeout_counter.right, 0);
  for (const Team& team : state.teams) {
    EXPECT_GE(team.rounds_won, 0);
    EXPECT_LE(team.player_count, static_cast<uint32_t>(kMaxPlayers));
    EXPECT_GE(team.records.size, kFirstRecords);
    EXPECT_LE(team.records.size, kMaxRecords);
    for (uint32_t i = 0; i < team.player_count; ++i) {
      const Player& player = team.players[i];
      EXPECT_GE(player.kills, 0);
      EXPECT_GE(player.deaths, 0);
      EXPECT_GE(player.assists, 0);
      EXPECT_GE(player.kills_this_round, 0);
      EXPECT_LE(player.killed_names.size, static_cast<uint32_t>(kMaxKilledNames));
      EXPECT_LE(player.kills_by_weapon.size, static_cast<uint32_t>(kMaxWeapons));
    }
  }
}

std::string snapshot_of(const Match& match) {
  BytesWriter out;
  write_snapshot(out, match);
  return std::string(out.view());
}

class RandomEvents : public ::testing::TestWithParam<unsigned> {};

TEST_P(RandomEvents, StaySaneAndReplayable) {
  Reducer reducer(Names::built_in());
  const auto live = Match::create(make_logon("G"), {"o", "Org", true}, kStart);
  const auto replayed = Match::create(make_logon("G"), {"o", "Org", true}, kStart);
  std::mt19937 random(GetParam());
  Story story(GetParam());
  int64_t now = kStart;
  int applied = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Sent sent = story.next();
    // The live match sees ticks in between; the replayed one only what was applied.
    while (now < sent.at && random() % 4 != 0) {
      now = std::min<int64_t>(sent.at - 1, now + 100);
      reducer.advance(*live, now);
      if (now == sent.at - 1) break;
    }
    const std::string before = i % 50 == 0 ? snapshot_of(*live) : "";
    const MatchState state = live->state();
    const Outcome outcome = apply(reducer, *live, sent);
    EXPECT_EQ(outcome.verdict == Verdict::kApplied, outcome.reason.empty());
    if (outcome.verdict == Verdict::kApplied) {
      ++applied;
      EXPECT_EQ(apply(reducer, *replayed, sent).verdict, Verdict::kApplied);
    } else if (state.hidden.next_second == live->state().hidden.next_second &&
               state.hidden.toast_end == live->state().hidden.toast_end && !before.empty()) {
      EXPECT_EQ(snapshot_of(*live), before) << sent.text;
    }
    if (i % 100 == 0) {
      expect_sane(*live);
      const Parsed parsed(snapshot_of(*live));
      live->mark_shown();
    }
    now = std::max(now, sent.at);
  }
  EXPECT_GT(applied, 1'000);
  reducer.advance(*live, now);
  reducer.advance(*replayed, now);
  EXPECT_EQ(snapshot_of(*live), snapshot_of(*replayed));
  EXPECT_EQ(live->state().hidden.next_second, replayed->state().hidden.next_second);
  EXPECT_EQ(live->state().hidden.toast_end, replayed->state().hidden.toast_end);
  EXPECT_EQ(live->state().hidden.last_event, replayed->state().hidden.last_event);
  EXPECT_LE(live->memory(), Match::kDefaultMemory);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomEvents, ::testing::Range(1U, 13U));

}  // namespace
}  // namespace matchbus::match

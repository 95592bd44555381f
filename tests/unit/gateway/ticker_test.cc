// Broadcasts in virtual time, with a journal that takes its time.
#include "gateway/ticker.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

namespace matchbus::gateway {
namespace {

// Matches by number, each with a version and what of it was published, paced as the output door does it.
class World final : public TickHandler {
 public:
  explicit World(TickerOptions options, int64_t interval_ms = 100)
      : interval_ms_(interval_ms), ticker_(timers_, clock_, *this, options) {
    ticker_.start();
  }

  void change(int match) {
    changed_.insert(match);
    ticker_.on_change();
  }
  void pass(int64_t ms) {
    for (int64_t i = 0; i < ms; ++i) {
      clock_.advance(1);
      if (journal_ms >= 0 && recording_since_ >= 0 && now() >= recording_since_ + journal_ms) {
        recording_since_ = -1;
        ticker_.on_written();
      }
      timers_.advance(now());
    }
  }
  int64_t now() const { return clock_.monotonic_ms(); }

  void on_advance() override { ++advances; }
  int64_t on_prepare(int64_t now_ms) override {
    EXPECT_TRUE(prepared_.empty()) << "never two prepared at once";
    int64_t next = INT64_MAX;
    for (auto it = changed_.begin(); it != changed_.end();) {
      const auto due = due_.find(*it);
      if (due != due_.end() && due->second > now_ms) {
        next = std::min(next, (it++, due->second));
      } else {
        prepared_.push_back(*it);
        it = changed_.erase(it);
      }
    }
    return next;
  }
  void on_record() override {
    if (journal_ms == 0 || prepared_.empty()) return ticker_.on_written();
    if (recording_since_ < 0) recording_since_ = now();
  }
  void on_publish(int64_t now_ms) override {
    for (const int match : prepared_) {
      published[match].push_back(now_ms);
      due_[match] = now_ms + interval_ms_;
    }
    prepared_.clear();
  }

  std::map<int, std::vector<int64_t>> published;
  int advances = 0;
  int64_t journal_ms = 0;  // it takes for a write; negative: for ever

 private:
  FakeClock clock_;
  TimerWheel timers_{clock_.monotonic_ms(), 1};
  std::set<int> changed_;
  std::vector<int> prepared_;
  std::map<int, int64_t> due_;
  int64_t interval_ms_;
  int64_t recording_since_ = -1;
  Ticker ticker_;
};

TickerOptions eager(int64_t delay_ms = 5) {
  return {.mode = TickMode::kEager, .interval_ms = 100, .eager_delay_ms = delay_ms};
}

TEST(FixedTicker, PublishesOnTheGridOnly) {
  World world({}, 0);
  const int64_t start = world.now();
  world.pass(30);
  world.change(1);
  world.pass(69);
  EXPECT_TRUE(world.published[1].empty());
  world.pass(402);
  ASSERT_EQ(world.published[1].size(), 1U);
  EXPECT_NEAR(static_cast<double>(world.published[1][0] - start), 100, 2);
  EXPECT_EQ(world.advances, 5);
}

TEST(FixedTicker, WhatASlowDiskHoldsIsPublishedAfterOneTick) {
  World world({}, 0);
  world.journal_ms = -1;
  for (int i = 0; i < 20; ++i) {
    world.change(1);
    world.pass(50);
  }
  EXPECT_GE(world.published[1].size(), 8U);
}

TEST(EagerTicker, AChangeAfterQuietGoesOutAfterTheDelay) {
  World world(eager());
  world.pass(1'042);
  const int64_t changed = world.now();
  world.change(1);
  world.pass(3);
  world.change(1);  // gathered
  EXPECT_TRUE(world.published[1].empty());
  world.pass(500);
  ASSERT_EQ(world.published[1].size(), 1U);
  EXPECT_GE(world.published[1][0] - changed, 5);
  EXPECT_LE(world.published[1][0] - changed, 7);
}

TEST(EagerTicker, TheGridDoesNotCutTheGatheringShort) {
  World world(eager());
  world.pass(97);
  const int64_t changed = world.now();
  world.change(1);
  world.pass(50);
  ASSERT_EQ(world.published[1].size(), 1U);
  EXPECT_GE(world.published[1][0] - changed, 5);
}

TEST(EagerTicker, EachMatchKeepsItsInterval) {
  World world(eager());
  std::mt19937 random(3);
  for (int i = 0; i < 5'000; ++i) {
    if (random() % 3 == 0) world.change(static_cast<int>(random() % 4));
    world.pass(1);
  }
  for (const auto& [match, times] : world.published) {
    EXPECT_GT(times.size(), 40U) << "but no longer than needed";
    for (size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], 100) << match;
  }
}

TEST(EagerTicker, OneBusyMatchDoesNotDelayAnother) {
  World world(eager());
  for (int i = 0; i < 1'000; ++i) {
    world.change(1);
    if (i == 333) world.change(2);
    world.pass(1);
  }
  ASSERT_EQ(world.published[2].size(), 1U);
  EXPECT_GE(world.published[1].size(), 9U);
}

TEST(EagerTicker, TheIntervalHoldsWithAJournalToo) {
  for (const int64_t journal_ms : {1, 3, 20, 70, 99, 150}) {
    World world(eager());
    world.journal_ms = journal_ms;
    std::mt19937 random(3);
    for (int i = 0; i < 4'000; ++i) {
      if (random() % 5 == 0) world.change(static_cast<int>(random() % 3));
      world.pass(1);
    }
    for (const auto& [match, times] : world.published) {
      EXPECT_GE(times.size(), 4'000U / (100U + static_cast<size_t>(2 * journal_ms) + 30U)) << journal_ms;
      for (size_t i = 1; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], 100) << journal_ms;
    }
  }
}

TEST(EagerTicker, AJournalThatNeverAnswersHoldsNothingForLong) {
  World world(eager());
  world.journal_ms = -1;
  const int64_t changed = world.now();
  world.change(1);
  world.pass(250);
  ASSERT_EQ(world.published[1].size(), 1U);
  EXPECT_LE(world.published[1][0] - changed, 210);
}

}  // namespace
}  // namespace matchbus::gateway

#include "base/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "base/clock.h"

namespace matchbus {
namespace {

// Remembers when its timer went off, and does what the test wants then.
struct Waiter final : Timer::Handler {
  explicit Waiter(TimerWheel& of) : wheel(of), timer(*this) {}
  void on_timer(Timer& which) override {
    EXPECT_EQ(&which, &timer);
    EXPECT_FALSE(timer.is_set());
    fired.push_back(wheel.now_ms());
    if (then) then();
  }
  TimerWheel& wheel;
  Timer timer;
  std::vector<int64_t> fired;
  std::function<void()> then;
};

TEST(TimerWheel, GoesOffOnceAndNeverEarly) {
  TimerWheel wheel(1003);
  Waiter waiter(wheel);
  wheel.set(waiter.timer, 100);
  EXPECT_TRUE(waiter.timer.is_set());
  EXPECT_EQ(waiter.timer.deadline_ms(), 1103);
  for (int64_t now = 1003; now < 1103; ++now) wheel.advance(now);
  EXPECT_TRUE(waiter.fired.empty());
  wheel.advance(1103 + wheel.slot_ms());
  EXPECT_EQ(waiter.fired.size(), 1U);
  wheel.advance(100'000);
  EXPECT_EQ(waiter.fired.size(), 1U);
}

TEST(TimerWheel, IsLateByLessThanASlot) {
  for (int64_t delay = 0; delay < 60; ++delay) {
    TimerWheel wheel(1000);
    Waiter waiter(wheel);
    wheel.set(waiter.timer, delay);
    for (int64_t now = 1001; now < 1100; ++now) wheel.advance(now);
    ASSERT_EQ(waiter.fired.size(), 1U) << delay;
    EXPECT_GE(waiter.fired[0], 1000 + delay);
    EXPECT_LE(waiter.fired[0], 1000 + delay + wheel.slot_ms()) << delay;
  }
}

TEST(TimerWheel, LongDelaysAreRoundedUpToACoarserGrid) {
  const int64_t grain = TimerWheel::kLongGrain;
  TimerWheel wheel(1'000);
  std::vector<std::unique_ptr<Waiter>> waiters;
  for (int64_t i = 0; i < 2 * grain; ++i) {
    waiters.push_back(std::make_unique<Waiter>(wheel));
    wheel.set(waiters.back()->timer, TimerWheel::kLongDelayMs + i);
  }
  std::set<int64_t> times;
  for (int64_t now = 1'001; now < 2'100; ++now) wheel.advance(now);
  for (int64_t i = 0; i < 2 * grain; ++i) {
    ASSERT_EQ(waiters[static_cast<size_t>(i)]->fired.size(), 1U);
    const int64_t time = waiters[static_cast<size_t>(i)]->fired[0];
    EXPECT_GE(time, 2'000 + i);
    EXPECT_LE(time, 2'000 + i + grain * wheel.slot_ms());
    times.insert(time);
  }
  EXPECT_LE(times.size(), 3U);
}

TEST(TimerWheel, NegativeDelayCountsAsNone) {
  TimerWheel wheel(1000);
  Waiter waiter(wheel);
  wheel.set(waiter.timer, -50);
  EXPECT_EQ(waiter.timer.deadline_ms(), 1000);
  wheel.advance(1010);
  EXPECT_EQ(waiter.fired.size(), 1U);
}

TEST(TimerWheel, CancelledTimersStaySilent) {
  TimerWheel wheel(0);
  Waiter waiter(wheel);
  waiter.timer.cancel();  // not set: nothing happens
  wheel.set(waiter.timer, 10);
  waiter.timer.cancel();
  EXPECT_FALSE(waiter.timer.is_set());
  {
    Waiter gone(wheel);
    wheel.set(gone.timer, 10);
  }
  wheel.advance(1000);
  EXPECT_TRUE(waiter.fired.empty());
}

TEST(TimerWheel, SettingAgainMovesTheDeadline) {
  TimerWheel wheel(0);
  Waiter waiter(wheel);
  wheel.set(waiter.timer, 10);
  wheel.set(waiter.timer, 500);
  wheel.advance(400);
  EXPECT_TRUE(waiter.fired.empty());
  wheel.advance(600);
  EXPECT_EQ(waiter.fired.size(), 1U);
}

TEST(TimerWheel, DeadlinesATurnAheadArePassedOver) {
  TimerWheel wheel(0, 5, 16);  // a turn is 80 ms
  Waiter near(wheel);
  Waiter far(wheel);
  wheel.set(near.timer, 20);
  wheel.set(far.timer, 20 + 3 * 80);
  for (int64_t now = 0; now < 260; now += 3) wheel.advance(now);
  EXPECT_EQ(near.fired.size(), 1U);
  EXPECT_TRUE(far.fired.empty());
  for (int64_t now = 260; now < 300; now += 3) wheel.advance(now);
  EXPECT_EQ(far.fired.size(), 1U);
}

TEST(TimerWheel, LongPauseFiresEverythingDue) {
  TimerWheel wheel(0, 5, 16);
  Waiter first(wheel);
  Waiter second(wheel);
  Waiter later(wheel);
  wheel.set(first.timer, 7);
  wheel.set(second.timer, 1234);
  wheel.set(later.timer, 1'000'500);
  wheel.advance(1'000'000);
  EXPECT_EQ(first.fired.size(), 1U);
  EXPECT_EQ(second.fired.size(), 1U);
  EXPECT_TRUE(later.fired.empty());
}

TEST(TimerWheel, TimeNeverRunsBackwards) {
  TimerWheel wheel(1000);
  wheel.advance(900);
  EXPECT_EQ(wheel.now_ms(), 1000);
}

TEST(TimerWheel, HandlersMaySetTheirOwnTimerAgain) {
  TimerWheel wheel(0, 5, 16);
  Waiter waiter(wheel);
  waiter.then = [&] { wheel.set(waiter.timer, 10); };
  wheel.set(waiter.timer, 10);
  for (int64_t now = 0; now <= 1000; ++now) wheel.advance(now);
  EXPECT_GE(waiter.fired.size(), 60U);
  EXPECT_LE(waiter.fired.size(), 100U);
  waiter.timer.cancel();
}

TEST(TimerWheel, SettingNoDelayInAHandlerDoesNotSpin) {
  TimerWheel wheel(0);
  Waiter waiter(wheel);
  waiter.then = [&] { wheel.set(waiter.timer, 0); };
  wheel.set(waiter.timer, 0);
  wheel.advance(5);
  EXPECT_LE(waiter.fired.size(), 3U);
  EXPECT_TRUE(waiter.timer.is_set());
  waiter.then = nullptr;
}

TEST(TimerWheel, HandlersMayCancelAndDestroyTimersOfTheSameSlot) {
  TimerWheel wheel(0);
  Waiter first(wheel);
  auto second = std::make_unique<Waiter>(wheel);
  Waiter third(wheel);
  first.then = [&] {
    second.reset();
    third.timer.cancel();
  };
  wheel.set(first.timer, 10);
  wheel.set(second->timer, 10);
  wheel.set(third.timer, 10);
  wheel.advance(100);
  EXPECT_EQ(first.fired.size(), 1U);
  EXPECT_TRUE(third.fired.empty());
}

TEST(TimerWheel, WheelMayEndBeforeItsTimers) {
  auto wheel = std::make_unique<TimerWheel>(0);
  Waiter waiter(*wheel);
  wheel->set(waiter.timer, 10);
  wheel.reset();
  EXPECT_FALSE(waiter.timer.is_set());
  waiter.timer.cancel();
}

TEST(TimerWheel, DelaysFollowAClock) {
  FakeClock clock;
  TimerWheel wheel(clock.monotonic_ms());
  wheel.follow(clock);
  Waiter waiter(wheel);
  clock.advance(300);  // the wheel has not been turned meanwhile
  wheel.set(waiter.timer, 100);
  EXPECT_EQ(waiter.timer.deadline_ms(), clock.monotonic_ms() + 100);
}

TEST(TimerWheel, NextLookIsNeverLate) {
  TimerWheel wheel(0, 5, 70);
  EXPECT_EQ(wheel.next_look_ms(), INT64_MAX);
  Waiter waiter(wheel);
  for (int64_t start = 0; start < 1000; start += 37) {
    wheel.advance(start);
    for (const int64_t delay : {0, 1, 4, 5, 6, 50, 320, 345}) {
      wheel.set(waiter.timer, delay);
      EXPECT_LE(wheel.next_look_ms(), std::max(waiter.timer.deadline_ms() + wheel.slot_ms(), start)) << start;
    }
    waiter.timer.cancel();
  }
}

// Against a naive model: random sets, cancels and steps of time, some jumping far; each timer goes off in the first
// advance whose time reaches the slot behind its deadline.
TEST(TimerWheel, AgreesWithANaiveModel) {
  std::mt19937 random(11);
  const auto below = [&random](int64_t n) { return static_cast<int64_t>(random()) % n; };
  for (int run = 0; run < 50; ++run) {
    int64_t now = below(10'000);
    TimerWheel wheel(now, 5, 32);
    std::vector<std::unique_ptr<Waiter>> waiters;
    for (int i = 0; i < 20; ++i) waiters.push_back(std::make_unique<Waiter>(wheel));
    std::vector<int64_t> due(20, -1);
    std::vector<size_t> expected(20, 0);
    for (int step = 0; step < 400; ++step) {
      const auto at = static_cast<size_t>(below(20));
      const int64_t choice = below(10);
      if (choice < 4) {
        const int64_t delay = below(500);
        wheel.set(waiters[at]->timer, delay);
        due[at] = now + delay;
      } else if (choice < 5) {
        waiters[at]->timer.cancel();
        due[at] = -1;
      } else {
        now += choice == 9 ? below(2000) : below(20);
        wheel.advance(now);
        for (size_t i = 0; i < due.size(); ++i) {
          const bool fired = waiters[i]->fired.size() > expected[i];
          if (fired) {
            ASSERT_NE(due[i], -1);
            ASSERT_LE(due[i], now);
            ++expected[i];
            due[i] = -1;
          } else if (due[i] != -1) {
            ASSERT_GT(due[i] + wheel.slot_ms(), now) << "run " << run << " step " << step;
          }
          ASSERT_EQ(waiters[i]->fired.size(), expected[i]);
          ASSERT_EQ(waiters[i]->timer.is_set(), due[i] != -1);
        }
      }
    }
  }
}

}  // namespace
}  // namespace matchbus

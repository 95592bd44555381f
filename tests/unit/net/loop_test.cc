// The loop's turn and its sleep.
#include "net/loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "support/net_fixture.h"

namespace matchbus::net {
namespace {

using test::NetTest;

class LoopTest : public NetTest {
 protected:
  // Turns are counted by a prepare handle of our own.
  void count_turns() {
    uv_prepare_init(loop.uv(), &prepare_);
    prepare_.data = &turns;
    uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { ++*static_cast<int*>(handle->data); });
  }
  // Stops the loop from a thread, so that no timer of the loop's own wakes it.
  void run_for_undisturbed(int ms) {
    uv_async_init(loop.uv(), &async_, [](uv_async_t* handle) { static_cast<Loop*>(handle->data)->stop(); });
    async_.data = &loop;
    std::thread stopper([this, ms] {
      std::this_thread::sleep_for(std::chrono::milliseconds(ms));
      uv_async_send(&async_);
    });
    loop.run();
    stopper.join();
  }
  // Members of the fixture live as long as the loop, which closes them.
  uv_prepare_t prepare_{};
  uv_async_t async_{};
  int turns = 0;
};

struct Call final : Timer::Handler {
  explicit Call(std::function<void()> what) : action(std::move(what)), timer(*this) {}
  void on_timer(Timer&) override { action(); }
  std::function<void()> action;
  Timer timer;
};

struct Flush final : Flushable {
  explicit Flush(std::function<void()> what = {}) : action(std::move(what)) {}
  void on_flush() override {
    ++calls;
    if (action) action();
  }
  std::function<void()> action;
  int calls = 0;
};

struct Tracked final : Deferred {
  explicit Tracked(std::function<void()> what) : action(std::move(what)) {}
  ~Tracked() override { action(); }
  std::function<void()> action;
};

TEST_F(LoopTest, TurnEndsWithTasksThenFlushesThenDestruction) {
  std::string order;
  Flush flush([&] { order += "flush "; });
  loop.defer(std::make_unique<Tracked>([&] { order += "destroy "; }));
  loop.flush_later(flush);
  loop.post([&] { order += "task "; });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, "task flush destroy ");
}

TEST_F(LoopTest, TasksPostedByTasksRunInTheNextTurnWithoutSleep) {
  count_turns();
  int done_in = -1;
  loop.post([&] {
    const int now = turns;
    loop.post([&, now] {
      done_in = turns - now;
      loop.stop();
    });
  });
  const uint64_t before = uv_hrtime();
  loop.run();
  EXPECT_EQ(done_in, 1);
  EXPECT_LT(uv_hrtime() - before, 1'000'000'000u);
}

TEST_F(LoopTest, FlushIsCalledOnceAndForgottenOnRequest) {
  Flush wanted;
  Flush unwanted;
  Flush in_between;
  loop.flush_later(wanted);
  loop.flush_later(wanted);
  loop.flush_later(in_between);
  loop.flush_later(unwanted);
  loop.forget_flush(unwanted);
  loop.forget_flush(in_between);
  loop.forget_flush(in_between);
  loop.flush_later(in_between);
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(wanted.calls, 1);
  EXPECT_EQ(unwanted.calls, 0);
  EXPECT_EQ(in_between.calls, 1);
}

TEST_F(LoopTest, FlushesAskedForByFlushesRunInTheSameTurn) {
  Flush second;
  Flush first([&] { loop.flush_later(second); });
  Flush victim;
  Flush killer([&] { loop.forget_flush(victim); });
  loop.flush_later(first);
  loop.flush_later(killer);
  loop.flush_later(victim);
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(second.calls, 1);
  EXPECT_EQ(victim.calls, 0);
}

TEST_F(LoopTest, FlushThatAsksForItselfDoesNotHoldTheTurn) {
  count_turns();
  Flush again;
  again.action = [&] {
    if (again.calls < 50) loop.flush_later(again);
    if (again.calls == 50) loop.stop();
  };
  Flush forgotten;
  loop.flush_later(again);
  loop.run();
  EXPECT_EQ(again.calls, 50);
  EXPECT_GT(turns, 10);
  loop.flush_later(forgotten);
  loop.forget_flush(forgotten);
}

TEST_F(LoopTest, ObjectsDeferredByDestructorsAreDestroyedInTheSameTurn) {
  bool gone = false;
  loop.defer(std::make_unique<Tracked>([&] { loop.defer(std::make_unique<Tracked>([&] { gone = true; })); }));
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(gone);
}

TEST_F(LoopTest, StopBeforeTheTurnEndsStillEndsTheTurn) {
  bool gone = false;
  Call call([&] {
    loop.stop();
    loop.defer(std::make_unique<Tracked>([&] { gone = true; }));
  });
  loop.timers().set(call.timer, 1);
  loop.run();
  EXPECT_TRUE(gone);
}

TEST_F(LoopTest, EndsWithWorkLeft) {
  int gone = 0;
  uv_timer_t foreign{};
  {
    Loop other(clock, log);
    uv_timer_init(other.uv(), &foreign);
    uv_timer_start(
        &foreign, [](uv_timer_t*) {}, 1'000'000, 0);
    other.defer(std::make_unique<Tracked>([&] { ++gone; }));
    auto held = std::make_shared<Tracked>([&] { ++gone; });
    other.post([held] {});
    other.shared("thing") = std::make_shared<Tracked>([&] { ++gone; });
  }
  EXPECT_EQ(gone, 3);
  EXPECT_NE(uv_is_closing(reinterpret_cast<uv_handle_t*>(&foreign)), 0);
}

TEST_F(LoopTest, TimerGoesOffNotBeforeAndNotMuchAfterItsDelay) {
  for (const int delay : {0, 1, 7, 30, 200}) {
    const int64_t set = clock.monotonic_ms();
    int64_t off = 0;
    Call call([&] {
      off = clock.monotonic_ms();
      loop.stop();
    });
    loop.timers().set(call.timer, delay);
    loop.run();
    EXPECT_GE(off - set, delay);
    EXPECT_LE(off - set, delay + 100) << "the machine may be busy, but not that busy";
  }
}

// The wheel's own time stands still while the loop sleeps; a delay must count from the callback nevertheless.
TEST_F(LoopTest, DelaySetAfterALongSleepCountsFromNow) {
  struct Context {
    const Clock& clock;
    TimerWheel& timers;
    int64_t set = 0;
    int64_t off = 0;
    Call call;
  } context{clock, loop.timers(), 0, 0, Call([] {})};
  context.call.action = [&] {
    context.off = clock.monotonic_ms();
    loop.stop();
  };
  uv_async_t async;
  async.data = &context;
  uv_async_init(loop.uv(), &async, [](uv_async_t* handle) {
    Context& c = *static_cast<Context*>(handle->data);
    c.set = c.clock.monotonic_ms();
    c.timers.set(c.call.timer, 40);
  });
  std::thread waker([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    uv_async_send(&async);
  });
  loop.run();
  waker.join();
  EXPECT_GE(context.off - context.set, 40);
  uv_close(reinterpret_cast<uv_handle_t*>(&async), nullptr);
  run_for(1);
}

TEST_F(LoopTest, IdleLoopSleeps) {
  count_turns();
  run_for_undisturbed(150);
  EXPECT_LE(turns, 5);
}

TEST_F(LoopTest, FarAndCancelledTimersDoNotWakeTheLoop) {
  Call far([] {});
  Call cancelled([] {});
  loop.timers().set(far.timer, 10'000);
  loop.timers().set(cancelled.timer, 50);
  cancelled.timer.cancel();
  count_turns();
  run_for_undisturbed(200);
  EXPECT_LE(turns, 6);
}

TEST_F(LoopTest, NearerTimerSetLaterWakesTheLoop) {
  Call far([] {});
  loop.timers().set(far.timer, 5'000);
  run_for(5);
  Call near([&] { loop.stop(); });
  loop.timers().set(near.timer, 20);
  const int64_t before = clock.monotonic_ms();
  loop.run();
  EXPECT_LT(clock.monotonic_ms() - before, 1'000);
}

TEST_F(LoopTest, FakeClockDrivesTheTimers) {
  FakeClock fake;
  Loop other(fake, log);
  bool off = false;
  Call call([&] {
    off = true;
    other.stop();
  });
  other.timers().set(call.timer, 60'000);
  other.post([&] { other.stop(); });
  other.run();
  EXPECT_FALSE(off);
  fake.advance(59'000);
  other.post([&] { other.stop(); });
  other.run();
  EXPECT_FALSE(off);
  fake.advance(1'010);
  const uint64_t before = uv_hrtime();
  other.run();
  EXPECT_TRUE(off);
  EXPECT_LT(uv_hrtime() - before, 1'000'000'000u);
}

TEST_F(LoopTest, LongestTurnCountsCallbacksButNotSleep) {
  Call slow([&] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); });
  Call stop([&] { loop.stop(); });
  // The sleep before is longer than any machine is likely to keep a turn waiting.
  loop.timers().set(slow.timer, 600);
  loop.timers().set(stop.timer, 650);
  loop.run();
  const LongestTurn longest = loop.take_longest_turn();
  EXPECT_GE(longest.us, 30'000);
  EXPECT_LT(longest.us, 550'000);
  EXPECT_LT(longest.cpu_us, 30'000);
  EXPECT_EQ(loop.take_longest_turn().us, 0);
}

// Whoever advances the wheel exactly when it asks for it misses no deadline, whatever is set and cancelled.
TEST(TimerWheelSleep, NextLookNeverComesTooLate) {
  std::mt19937 random(42);
  const auto upto = [&](int limit) { return static_cast<int64_t>(random() % static_cast<unsigned>(limit)); };
  for (const size_t slots : {7u, 64u, 100u, 4096u}) {
    FakeClock clock;
    TimerWheel wheel(clock.monotonic_ms(), 5, slots);
    wheel.follow(clock);
    EXPECT_EQ(wheel.next_look_ms(), INT64_MAX);
    std::vector<std::unique_ptr<Call>> calls;
    std::vector<int64_t> slack(40);  // how late the timer may be
    int late = 0;
    int early = 0;
    int fired = 0;
    for (int i = 0; i < 40; ++i) {
      calls.push_back(std::make_unique<Call>([] {}));
      Call& call = *calls.back();
      call.action = [&, i] {
        ++fired;
        if (clock.monotonic_ms() < call.timer.deadline_ms()) ++early;
        if (clock.monotonic_ms() > call.timer.deadline_ms() + slack[static_cast<size_t>(i)]) ++late;
      };
    }
    for (int step = 0; step < 3'000; ++step) {
      const auto chosen = static_cast<size_t>(upto(40));
      Call& call = *calls[chosen];
      if (upto(4) == 0) {
        call.timer.cancel();
      } else {
        const int64_t delay = upto(2) == 0 ? upto(100) : upto(30'000);
        slack[chosen] = wheel.slot_ms() * (delay >= TimerWheel::kLongDelayMs ? TimerWheel::kLongGrain : 1);
        wheel.set(call.timer, delay);
      }
      // Some time passes, on which the wheel is not advanced unless it wants to be.
      const int64_t end = clock.monotonic_ms() + upto(60);
      while (wheel.next_look_ms() <= end) {
        if (wheel.next_look_ms() > clock.monotonic_ms()) clock.advance(wheel.next_look_ms() - clock.monotonic_ms());
        wheel.advance(clock.monotonic_ms());
        ASSERT_GT(wheel.next_look_ms(), clock.monotonic_ms());
      }
      if (end > clock.monotonic_ms()) clock.advance(end - clock.monotonic_ms());
    }
    EXPECT_EQ(early, 0);
    EXPECT_EQ(late, 0);
    EXPECT_GT(fired, 1'000);
  }
}

}  // namespace
}  // namespace matchbus::net

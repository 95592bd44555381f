// Deadlines for many connections at the cost of two pointer writes each: a hashed timing wheel.
//
// A timer lies in the slot of its deadline, modulo the wheel's span; a slot's timers whose deadline lies a turn or more
// ahead are passed over when the hand comes by. With the default 8,192 slots of 1 ms a turn is 8 s, so that a
// 25 s heartbeat is passed over three times. Setting and cancelling are O(1); time passing costs one look per slot, and
// a bit per slot tells the owner how long it may sleep. Long delays are rounded up to a coarser grid, so that thousands
// of heartbeats do not wake the owner a thousand times a second. Pure: whoever owns the wheel calls `advance` with the
// time. An owner that sleeps between calls gives the wheel a clock, or delays would count from before the sleep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.h"

namespace matchbus {

class TimerWheel;

// A place in a slot's list.
class TimerLink {
  friend class Timer;
  friend class TimerWheel;
  TimerLink* previous_ = nullptr;
  TimerLink* next_ = nullptr;
};

// One deadline. Belongs to the object that waits; being destroyed cancels it. Neither copied nor moved while set.
class Timer : private TimerLink {
 public:
  // Called once at or shortly after the deadline (never before); the timer is unset by then and may be set again.
  class Handler {
   public:
    virtual void on_timer(Timer& timer) = 0;

   protected:
    ~Handler() = default;
  };

  explicit Timer(Handler& handler) : handler_(&handler) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void cancel();
  bool is_set() const { return next_ != nullptr; }
  // Meaningful while set.
  int64_t deadline_ms() const { return deadline_; }

 private:
  friend class TimerWheel;
  Handler* handler_;
  int64_t deadline_ = 0;
};

class TimerWheel {
 public:
  // `now_ms`: the monotonic time to start from.
  explicit TimerWheel(int64_t now_ms, int64_t slot_ms = 1, size_t slots = 8192);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Delays from this on are rounded up to a multiple of so many slots.
  static constexpr int64_t kLongDelayMs = 1'000;
  static constexpr int64_t kLongGrain = 16;

  // Sets (or moves) `timer` to go off `delay_ms` after the wheel's time; negative counts as 0.
  void set(Timer& timer, int64_t delay_ms);
  // Turns the wheel to `now_ms` and calls what is due. Handlers may set and cancel any timer.
  void advance(int64_t now_ms);
  // Time that delays count from: the clock's, if there is one, otherwise that of the last `advance`.
  int64_t now_ms() const;
  int64_t slot_ms() const { return slot_ms_; }

  // From now on delays count from this clock's monotonic time. Borrowed for the wheel's life.
  void follow(const Clock& clock) { clock_ = &clock; }
  // No timer goes off before this time: when `advance` is worth calling next. INT64_MAX if no timer is set. May be too
  // early (cancelled timers, deadlines a turn ahead), never too late.
  int64_t next_look_ms() const;

 private:
  // A slot is a circular list around a link that is no timer itself.
  void run_slot(size_t index);
  void mark(size_t index) { occupied_[index / 64] |= uint64_t{1} << (index % 64); }
  static void insert(TimerLink& head, Timer& timer);

  int64_t slot_ms_;
  int64_t now_;
  int64_t hand_;  // the next slot number (time / slot_ms) to look at
  std::vector<TimerLink> slots_;
  std::vector<uint64_t> occupied_;  // a bit per slot; set for every slot with timers, stale after a cancel
  const Clock* clock_ = nullptr;
};

}  // namespace matchbus

// Answers that wait until what they promise is on record.
//
// A client that has been told its match's secret must be able to come back with it, also to the server that is started
// after a crash in the same moment. So the yes to a logon leaves when the journal has the match. A disk that does not
// answer holds it for a second and no longer: a caster who is kept out is worse off than one whose match a crash within
// these seconds would lose, and states are shown the same way (ticker.h).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>

#include "base/clock.h"
#include "base/log.h"
#include "base/timer_wheel.h"
#include "gateway/record_gate.h"

namespace matchbus::gateway {

class HeldAnswers final : private Timer::Handler {
 public:
  static constexpr int64_t kPatienceMs = 1'000;

  // Borrows everything for its life.
  HeldAnswers(const Clock& clock, TimerWheel& timers, Log& log) : clock_(clock), timers_(timers), log_(log) {}

  // Null at first: nothing is recorded, and nothing waits for it. Borrowed until it is taken away again.
  void set_gate(RecordGate* gate) { gate_ = gate; }
  // Calls `answer` when everything that has happened until now is recorded; in this call, if it is.
  void hold(std::function<void()> answer);
  // Batches up to this number have been written, or could not be.
  void on_recorded(uint64_t batch);
  size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    uint64_t batch;
    int64_t until_ms;  // monotonic
    std::function<void()> answer;
  };
  void on_timer(Timer& timer) override;
  // Answers the oldest.
  void release();
  void watch();

  const Clock& clock_;
  TimerWheel& timers_;
  Log& log_;
  RecordGate* gate_ = nullptr;
  std::deque<Waiting> waiting_;  // the oldest first: batches and times only grow
  Timer patience_{*this};
};

}  // namespace matchbus::gateway

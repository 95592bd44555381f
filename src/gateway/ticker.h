// When the states of matches are broadcast.
//
// Fixed: every 100 ms, on a grid. Eager: time is let pass on the same grid, but a change is broadcast as soon as a few
// milliseconds have gathered what comes with it; that each match has its interval between two broadcasts is seen to by
// whoever prepares them (Output), who says when the next one is due. In both modes what is prepared may have to wait
// for a journal; eager prepares nothing more meanwhile, fixed nor eager lets it wait longer than an interval.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/timer_wheel.h"

namespace matchbus::gateway {

enum class TickMode : uint8_t { kFixed, kEager };

struct TickerOptions {
  TickMode mode = TickMode::kFixed;
  int64_t interval_ms = 100;
  int64_t eager_delay_ms = 5;  // from a change to its broadcast
};

// The work; times are monotonic.
class TickHandler {
 public:
  // Lets time pass for the matches.
  virtual void on_advance() = 0;
  // Prepares the broadcasts that are due, to be published after on_written. Returns when the next is due, INT64_MAX if
  // none is.
  virtual int64_t on_prepare(int64_t now_ms) = 0;
  // Has what led to the prepared states recorded; Ticker::on_written follows, in this call or later.
  virtual void on_record() = 0;
  // Sends what is prepared.
  virtual void on_publish(int64_t now_ms) = 0;

 protected:
  ~TickHandler() = default;
};

class Ticker final : private Timer::Handler {
 public:
  // Borrows everything for its life.
  Ticker(TimerWheel& timers, const Clock& clock, TickHandler& handler, TickerOptions options);
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void start();
  // A match has news.
  void on_change();
  // What was prepared is recorded.
  void on_written();

 private:
  void on_timer(Timer& timer) override;
  void next_on_grid();
  void broadcast();
  // Broadcasts at `at_ms` at the latest.
  void wake_at(int64_t at_ms);

  TimerWheel& timers_;
  const Clock& clock_;
  TickHandler& handler_;
  TickerOptions options_;
  Timer grid_{*this};
  int64_t next_grid_ms_ = 0;
  Timer wake_{*this};
  bool is_held_ = false;  // something is prepared and not published
  int64_t held_since_ms_ = 0;
};

}  // namespace matchbus::gateway

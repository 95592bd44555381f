#include "gateway/ticker.h"

#include <algorithm>

namespace matchbus::gateway {

Ticker::Ticker(TimerWheel& timers, const Clock& clock, TickHandler& handler, TickerOptions options)
    : timers_(timers), clock_(clock), handler_(handler), options_(options) {}

void Ticker::start() {
  next_grid_ms_ = clock_.monotonic_ms();
  next_on_grid();
}

void Ticker::next_on_grid() {
  // From the time it was due, not from now, so that lateness does not add up.
  const int64_t now = clock_.monotonic_ms();
  if (next_grid_ms_ + options_.interval_ms < now) next_grid_ms_ = now;
  next_grid_ms_ += options_.interval_ms;
  timers_.set(grid_, next_grid_ms_ - now);
}

void Ticker::on_timer(Timer& timer) {
  if (&timer == &wake_) return broadcast();
  if (options_.mode == TickMode::kFixed) {
    // What a slow disk has held back for a whole tick does not wait any longer.
    if (is_held_) on_written();
    handler_.on_advance();
    broadcast();
  } else {
    handler_.on_advance();
    // What a change needs is gathered already, or looked at now, whoever asked for it.
    if (!wake_.is_set()) broadcast();
  }
  next_on_grid();
}

void Ticker::broadcast() {
  const int64_t now = clock_.monotonic_ms();
  if (is_held_) {
    const int64_t limit = held_since_ms_ + options_.interval_ms;
    if (now < limit) return wake_at(limit);
    on_written();
  }
  const int64_t next = handler_.on_prepare(now);
  is_held_ = true;
  held_since_ms_ = now;
  if (next != INT64_MAX) wake_at(next);
  handler_.on_record();
}

void Ticker::on_change() {
  if (options_.mode == TickMode::kEager) wake_at(clock_.monotonic_ms() + options_.eager_delay_ms);
}

void Ticker::on_written() {
  if (!is_held_) return;
  is_held_ = false;
  const int64_t now = clock_.monotonic_ms();
  handler_.on_publish(now);
  // What came meanwhile has waited for this.
  if (options_.mode == TickMode::kEager && wake_.is_set()) wake_at(now + options_.eager_delay_ms);
}

void Ticker::wake_at(int64_t at_ms) {
  const int64_t delay = std::max<int64_t>(0, at_ms - clock_.monotonic_ms());
  if (wake_.is_set() && wake_.deadline_ms() <= timers_.now_ms() + delay) return;
  timers_.set(wake_, delay);
}

}  // namespace matchbus::gateway

#include "base/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace matchbus {

void Timer::cancel() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(int64_t now_ms, int64_t slot_ms, size_t slots)
    : slot_ms_(slot_ms), now_(now_ms), hand_(now_ms / slot_ms), slots_(slots), occupied_((slots + 63) / 64) {
  for (TimerLink& head : slots_) head.next_ = head.previous_ = &head;
}

TimerWheel::~TimerWheel() {
  for (TimerLink& head : slots_) {
    while (head.next_ != &head) static_cast<Timer*>(head.next_)->cancel();
  }
}

void TimerWheel::insert(TimerLink& head, Timer& timer) {
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void TimerWheel::set(Timer& timer, int64_t delay_ms) {
  timer.cancel();
  timer.deadline_ = now_ms() + (delay_ms > 0 ? delay_ms : 0);
  // Rounded up, so that a slot holds only timers that are due when the hand has reached it.
  const int64_t grain = delay_ms >= kLongDelayMs ? kLongGrain : 1;
  int64_t slot = (timer.deadline_ + grain * slot_ms_ - 1) / (grain * slot_ms_) * grain;
  if (slot < hand_) slot = hand_;
  const size_t index = static_cast<size_t>(slot) % slots_.size();
  insert(slots_[index], timer);
  mark(index);
}

int64_t TimerWheel::now_ms() const { return clock_ == nullptr ? now_ : std::max(now_, clock_->monotonic_ms()); }

int64_t TimerWheel::next_look_ms() const {
  const size_t start = static_cast<size_t>(hand_) % slots_.size();
  const size_t words = occupied_.size();
  // The word of the hand is looked at twice: first from the hand on, at the end up to it.
  for (size_t i = 0; i <= words; ++i) {
    const size_t word = (start / 64 + i) % words;
    uint64_t bits = occupied_[word];
    if (i == 0) bits &= ~uint64_t{0} << (start % 64);
    if (i == words) bits &= ~(~uint64_t{0} << (start % 64));
    if (bits == 0) continue;
    const size_t index = word * 64 + static_cast<size_t>(std::countr_zero(bits));
    const size_t ahead = index >= start ? index - start : index + slots_.size() - start;
    return (hand_ + static_cast<int64_t>(ahead)) * slot_ms_;
  }
  return INT64_MAX;
}

void TimerWheel::advance(int64_t now_ms) {
  if (now_ms <= now_) return;
  now_ = now_ms;
  const int64_t last = now_ms / slot_ms_;
  // After a long pause one turn visits every slot; more turns would find nothing new.
  if (last - hand_ >= static_cast<int64_t>(slots_.size())) hand_ = last - static_cast<int64_t>(slots_.size()) + 1;
  while (hand_ <= last) {
    const size_t index = static_cast<size_t>(hand_) % slots_.size();
    ++hand_;
    run_slot(index);
  }
}

void TimerWheel::run_slot(size_t index) {
  TimerLink& head = slots_[index];
  occupied_[index / 64] &= ~(uint64_t{1} << (index % 64));
  if (head.next_ == &head) return;
  // The due ones move to a list of their own first: a handler may set timers into this very slot.
  TimerLink due;
  due.next_ = due.previous_ = &due;
  for (TimerLink* link = head.next_; link != &head;) {
    Timer& timer = static_cast<Timer&>(*link);
    link = link->next_;
    if (timer.deadline_ > now_) continue;
    timer.cancel();
    insert(due, timer);
  }
  if (head.next_ != &head) mark(index);
  while (due.next_ != &due) {
    Timer& timer = static_cast<Timer&>(*due.next_);
    timer.cancel();
    timer.handler_->on_timer(timer);
  }
}

}  // namespace matchbus

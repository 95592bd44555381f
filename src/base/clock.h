// Time as the server sees it, behind an interface so that tests can turn the clock by hand.
#pragma once

#include <cstdint>

namespace matchbus {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since some fixed moment; never runs backwards. For deadlines.
  virtual int64_t monotonic_ms() const = 0;
  // Milliseconds since 1970. For timestamps that leave the process.
  virtual int64_t wall_ms() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  int64_t monotonic_ms() const override;
  int64_t wall_ms() const override;
};

// A wall clock that nobody sets: `base`'s wall clock as it was when this one was made, and from there its monotonic
// one. Whoever owns it looks now and then whether the wall clock has been set, and follows when all that counts on it
// can.
class SteadyClock final : public Clock {
 public:
  // Borrows `base`.
  explicit SteadyClock(const Clock& base) : base_(base), offset_(base.wall_ms() - base.monotonic_ms()) {}
  int64_t monotonic_ms() const override { return base_.monotonic_ms(); }
  int64_t wall_ms() const override { return base_.monotonic_ms() + offset_; }
  // How far the wall clock is ahead of this one; negative: behind.
  int64_t step_ms() const { return base_.wall_ms() - wall_ms(); }
  void follow() { offset_ += step_ms(); }

 private:
  const Clock& base_;
  int64_t offset_;
};

// A clock that stands until a test moves it.
class FakeClock final : public Clock {
 public:
  int64_t monotonic_ms() const override { return monotonic_; }
  int64_t wall_ms() const override { return wall_; }
  void advance(int64_t ms) {
    monotonic_ += ms;
    wall_ += ms;
  }
  // Somebody sets the wall clock.
  void step_wall(int64_t ms) { wall_ += ms; }

 private:
  int64_t monotonic_ = 1'000;
  int64_t wall_ = 1'700'000'000'000;
};

}  // namespace matchbus

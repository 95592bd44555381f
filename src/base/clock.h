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

// A clock that stands until a test moves it.
class FakeClock final : public Clock {
 public:
  int64_t monotonic_ms() const override { return monotonic_; }
  int64_t wall_ms() const override { return wall_; }
  void advance(int64_t ms) {
    monotonic_ += ms;
    wall_ += ms;
  }

 private:
  int64_t monotonic_ = 1'000;
  int64_t wall_ = 1'700'000'000'000;
};

}  // namespace matchbus

// How long to wait before the next attempt to connect: twice as long each time, up to a limit, and spread at random so
// that clients that lost their server together do not come back together.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/random.h"

namespace matchbus::socketio {

class Backoff {
 public:
  // Milliseconds. Each wait lies within `jitter` (0 to 1) of the doubled one, and never beyond `max_ms`.
  Backoff(int first_ms, int max_ms, double jitter) : first_ms_(first_ms), max_ms_(max_ms), jitter_(jitter) {}

  int next_ms() {
    const double doubled = std::min<double>(max_ms_, first_ms_ * static_cast<double>(uint64_t{1} << attempts_));
    attempts_ = std::min(attempts_ + 1, 30U);
    std::array<char, sizeof(uint32_t)> bytes;
    random_bytes(bytes);
    uint32_t dice = 0;
    std::memcpy(&dice, bytes.data(), sizeof dice);
    const double spread = (2.0 * dice / UINT32_MAX - 1.0) * jitter_;
    return static_cast<int>(std::clamp<double>(doubled * (1.0 + spread), 0, max_ms_));
  }
  // After a success.
  void reset() { attempts_ = 0; }

 private:
  int first_ms_;
  int max_ms_;
  double jitter_;
  unsigned attempts_ = 0;
};

}  // namespace matchbus::socketio

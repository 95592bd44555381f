// How many messages a client may send (realtime-bus section 3): so many per second, and not three seconds of more
// within ten.
#pragma once

#include <cstdint>

namespace matchbus::bus {

class RateLimit {
 public:
  enum class Verdict : uint8_t { kPass, kDrop, kClose };

  // A message came. `now_ms`: monotonic, not 0.
  Verdict count(int64_t now_ms, int per_second) {
    if (second_ == 0 || now_ms - second_ >= 1'000) {
      second_ = now_ms;
      count_ = 0;
    }
    if (++count_ <= per_second) return Verdict::kPass;
    if (count_ > per_second + 1) return Verdict::kDrop;
    const bool is_third = before_last_ != 0 && now_ms - before_last_ <= kPatienceMs;
    before_last_ = last_;
    last_ = now_ms;
    return is_third ? Verdict::kClose : Verdict::kDrop;
  }

 private:
  static constexpr int64_t kPatienceMs = 10'000;

  int64_t second_ = 0;       // when the present second began; 0: no message yet
  int64_t last_ = 0;         // when the limit was passed last
  int64_t before_last_ = 0;  // and the time before
  int count_ = 0;
};

}  // namespace matchbus::bus

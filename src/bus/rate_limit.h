// How many messages a client may send (realtime-bus section 3): so many per second, and not three seconds of more
// within ten.
#pragma once

#include <cstdint>

namespace matchbus::bus {

// Every socket has one, so its times are kept in 32 bits: only differences count, and a socket that was silent for 49
// days to the second may be taken for one that was not.
class RateLimit {
 public:
  enum class Verdict : uint8_t { kPass, kDrop, kClose };

  // A message came. `now_ms`: monotonic.
  Verdict count(int64_t now_ms, int per_second) {
    auto now = static_cast<uint32_t>(now_ms);
    if (now == 0) now = 1;  // 0 is: never
    if (second_ == 0 || now - second_ >= 1'000) {
      second_ = now;
      count_ = 0;
    }
    if (++count_ <= per_second) return Verdict::kPass;
    if (count_ > per_second + 1) return Verdict::kDrop;
    const bool is_third = before_last_ != 0 && now - before_last_ <= kPatienceMs;
    before_last_ = last_;
    last_ = now;
    return is_third ? Verdict::kClose : Verdict::kDrop;
  }

 private:
  static constexpr uint32_t kPatienceMs = 10'000;

  uint32_t second_ = 0;       // when the present second began; 0: no message yet
  uint32_t last_ = 0;         // when the limit was passed last
  uint32_t before_last_ = 0;  // and the time before
  int32_t count_ = 0;
};

}  // namespace matchbus::bus

// So many a second over time, and so many at once after a silence.
#pragma once

#include <cstdint>

namespace matchbus::bus {

// It counts what is missing, not what is there: a new one is full whatever its size. Rate and size come with each call,
// since all buckets of a kind have the same; both are 1 or more. Times are monotonic.
class TokenBucket {
 public:
  // Takes so many tokens if they are there.
  bool take(int64_t now_ms, int64_t per_second, int64_t size, int64_t tokens = 1) {
    missing_ = missing(now_ms, per_second);
    filled_ms_ = now_ms;
    if (missing_ + tokens * kToken > size * kToken) return false;
    missing_ += tokens * kToken;
    return true;
  }
  // Puts so many back that were taken and not used.
  void give_back(int64_t tokens) { missing_ = missing_ > tokens * kToken ? missing_ - tokens * kToken : 0; }
  bool is_full(int64_t now_ms, int64_t per_second) const { return missing(now_ms, per_second) == 0; }

 private:
  // Thousandths of a token: as many come in a millisecond as tokens in a second.
  static constexpr int64_t kToken = 1'000;

  int64_t missing(int64_t now_ms, int64_t per_second) const {
    const int64_t passed_ms = now_ms - filled_ms_;
    // Compared first, so that no product overflows.
    if (passed_ms > missing_ / per_second) return 0;
    return missing_ - passed_ms * per_second;
  }

  int64_t missing_ = 0;    // in thousandths, at `filled_ms_`
  int64_t filled_ms_ = 0;  // when it was filled last
};

}  // namespace matchbus::bus

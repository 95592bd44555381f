// Durations counted in log-linear buckets: 64 per power of two, so that a percentile is right to about 1.5%.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace matchbus::load {

class Histogram {
 public:
  Histogram() : counts_(kBuckets) {}

  // `us`: microseconds; negative counts as 0.
  void add(int64_t us) {
    const uint64_t value = us > 0 ? static_cast<uint64_t>(us) : 0;
    ++counts_[bucket(value)];
    ++count_;
    if (value > max_) max_ = value;
  }
  uint64_t count() const { return count_; }
  uint64_t max_us() const { return max_; }
  // The value that `fraction` (0 to 1) of all stay at or below.
  uint64_t percentile_us(double fraction) const {
    const auto wanted = static_cast<uint64_t>(fraction * static_cast<double>(count_));
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return upper(i) < max_ ? upper(i) : max_;
    }
    return max_;
  }

 private:
  static constexpr unsigned kBits = 6;  // 64 buckets per power of two
  static constexpr size_t kBuckets = 64 * 40;
  static size_t bucket(uint64_t value) {
    if (value < (1U << kBits)) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    const size_t index = ((size_t{shift} + 1) << kBits) + (value >> shift) - (1U << kBits);
    return index < kBuckets ? index : kBuckets - 1;
  }
  static uint64_t upper(size_t index) {
    if (index < (1U << kBits)) return index;
    const size_t shift = (index >> kBits) - 1;
    return (((index & ((1U << kBits) - 1)) + (1U << kBits) + 1) << shift) - 1;
  }

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

}  // namespace matchbus::load

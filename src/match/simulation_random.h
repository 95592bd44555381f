// Random numbers for simulated matches: the same on every machine and compiler, which the standard library's
// distributions are not. SplitMix64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace matchbus::match {

class SimulationRandom {
 public:
  explicit SimulationRandom(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }
  // 0 to `count` - 1; `count` is small against 2^64, so that the modulo favours nothing noticeably.
  size_t below(size_t count) { return static_cast<size_t>(next() % count); }
  // `low` to `high`, both included.
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<size_t>(high - low) + 1)); }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }

  template <typename T>
  void shuffle(std::span<T> items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  uint64_t state_;
};

}  // namespace matchbus::match

#include "bus/event_ids.h"

#include <algorithm>

namespace matchbus::bus {
namespace {

constexpr int64_t k2020Ms = 1'577'836'800'000;

}  // namespace

EventIds::EventIds(const Clock& clock)
    : clock_(clock), offset_ms_(std::max<int64_t>(clock.wall_ms() - k2020Ms, 1) - clock.monotonic_ms()) {
  last_ = before_first_ = now() - kStep;
}

int64_t EventIds::next() { return last_ = std::max(last_ + kStep, now()); }

}  // namespace matchbus::bus

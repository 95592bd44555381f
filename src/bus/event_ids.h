// Event ids: one counter for everything that is sent to clients (realtime-bus section 4).
//
// An id is a number of milliseconds since the beginning of 2020 times 4096, or 16 more than the id before it if that is
// larger. So ids grow strictly, a restarted process goes on above those that it gave before, the age of an id can be
// read from it, and all are multiples of 16: the 15 numbers between two of them are for a `connected` that must stand
// before events that are sent again. Below 2^53 until the year 2089, so they are numbers to JavaScript too.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace matchbus::bus {

class EventIds {
 public:
  static constexpr int64_t kStep = 16;
  static constexpr int64_t kPerMs = 4096;

  // Borrows `clock`. The wall clock is asked once: setting it later changes nothing.
  explicit EventIds(const Clock& clock);

  int64_t next();
  // The largest id given so far; before the first, one that is smaller than all.
  int64_t last() const { return last_; }
  // Ids up to this one were not given by this process.
  int64_t before_first() const { return before_first_; }
  // How long ago the id was given, milliseconds; negative if it lies in the future.
  int64_t age_ms(int64_t id) const { return (now() - id) / kPerMs; }

 private:
  int64_t now() const { return (clock_.monotonic_ms() + offset_ms_) * kPerMs; }

  const Clock& clock_;
  int64_t offset_ms_;  // from monotonic time to time since 2020
  int64_t last_;
  int64_t before_first_;
};

}  // namespace matchbus::bus

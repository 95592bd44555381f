#include "bus/event_ids.h"

#include <gtest/gtest.h>

namespace matchbus::bus {
namespace {

TEST(EventIds, GrowByMultiplesOfSixteen) {
  FakeClock clock;
  EventIds ids(clock);
  int64_t last = ids.before_first();
  EXPECT_EQ(ids.last(), last);
  for (int i = 0; i < 1'000; ++i) {
    const int64_t id = ids.next();
    EXPECT_GT(id, last);
    EXPECT_EQ(id % EventIds::kStep, 0);
    EXPECT_EQ(ids.last(), id);
    last = id;
    if (i % 300 == 0) clock.advance(1);
  }
}

TEST(EventIds, TellTheirAge) {
  FakeClock clock;
  EventIds ids(clock);
  const int64_t id = ids.next();
  EXPECT_EQ(ids.age_ms(id), 0);
  clock.advance(12'345);
  EXPECT_EQ(ids.age_ms(id), 12'345);
  EXPECT_EQ(ids.age_ms(id + 20'000 * EventIds::kPerMs), -7'655);
}

TEST(EventIds, GoOnAboveThoseOfTheProcessBefore) {
  FakeClock clock;
  EventIds before(clock);
  clock.advance(5'000);
  const int64_t last = before.next();
  clock.advance(1);
  EventIds after(clock);
  EXPECT_GT(after.before_first(), last);
  EXPECT_GT(after.next(), after.before_first());
}

// A wall clock that stands, beside a monotonic one that may be anywhere.
class OddClock final : public Clock {
 public:
  explicit OddClock(int64_t wall_ms) : wall_(wall_ms) {}
  int64_t monotonic_ms() const override { return 987'654'321; }
  int64_t wall_ms() const override { return wall_; }

 private:
  int64_t wall_;
};

TEST(EventIds, AreNumbersToJavaScriptUntil2089) {
  const OddClock late(3'755'000'000'000);  // in December 2088
  EXPECT_LT(EventIds(late).next(), int64_t{1} << 53);
  const OddClock unset(0);
  EXPECT_GT(EventIds(unset).next(), 0);
}

}  // namespace
}  // namespace matchbus::bus

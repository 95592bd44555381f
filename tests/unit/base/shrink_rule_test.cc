#include "base/shrink_rule.h"

#include <gtest/gtest.h>

namespace matchbus {
namespace {

constexpr size_t kLarge = 1'000'000;

TEST(ShrinkRule, GivesBackWhatManyUsesInARowDidNotNeed) {
  ShrinkRule rule;
  for (int round = 0; round < 2; ++round) {
    int uses = 1;
    while (!rule.is_unneeded(100, kLarge)) ASSERT_LT(++uses, 1'000);
    EXPECT_GT(uses, 10);
  }
}

TEST(ShrinkRule, KeepsWhatIsNeededNowAndThen) {
  ShrinkRule rule;
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(rule.is_unneeded(i % 10 == 0 ? kLarge / 2 : 100, kLarge));
}

TEST(ShrinkRule, KeepsLittle) {
  ShrinkRule rule;
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(rule.is_unneeded(0, 64 * 1024));
}

}  // namespace
}  // namespace matchbus

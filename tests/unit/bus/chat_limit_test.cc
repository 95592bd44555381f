#include "bus/chat_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace matchbus::bus {
namespace {

TEST(ChatLimit, CountsEachUser) {
  ChatLimit limit(10, 3);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limit.take("a", 0));
  EXPECT_FALSE(limit.take("a", 0));
  EXPECT_TRUE(limit.take("b", 0));
  EXPECT_TRUE(limit.take("a", 100));
  EXPECT_FALSE(limit.take("a", 100));
  EXPECT_EQ(limit.size(), 2u);
}

TEST(ChatLimit, NoLimitRemembersNobody) {
  ChatLimit limit(0, 1);
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(limit.take("a", 0));
  EXPECT_EQ(limit.size(), 0u);
}

// A hundred users a second, whose buckets are full again after one: never many more than a second's.
TEST(ChatLimit, ForgetsWhoIsSilent) {
  ChatLimit limit(1, 5);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_TRUE(limit.take("user " + std::to_string(i), int64_t{i} * 10));
    ASSERT_LE(limit.size(), 1'024u);
  }
}

TEST(ChatLimit, ForgetsNobodyWhoHasSpokenTooMuch) {
  ChatLimit limit(1, 5);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limit.take("loud", 0));
  for (int i = 0; i < 5'000; ++i) limit.take("user " + std::to_string(i), i % 1'000);
  EXPECT_FALSE(limit.take("loud", 999));
  EXPECT_EQ(limit.size(), 5'001u);
  for (int i = 0; i < 5'000; ++i) limit.take("other " + std::to_string(i), 10'000);
  EXPECT_LT(limit.size(), 8'200u);
}

}  // namespace
}  // namespace matchbus::bus

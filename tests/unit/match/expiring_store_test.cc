#include "match/expiring_store.h"

#include <gtest/gtest.h>

namespace matchbus::match {
namespace {

TEST(ExpiringStore, KeepsForAWhile) {
  ExpiringStore store(1'000, 10);
  store.put("a", "text", 0);
  ASSERT_NE(store.find("a", 999), nullptr);
  EXPECT_EQ(*store.find("a", 999), "text");
  EXPECT_EQ(store.find("a", 1'000), nullptr);
  EXPECT_EQ(store.find("b", 0), nullptr);
  EXPECT_EQ(store.size(), 1U);
  store.expire(1'000);
  EXPECT_EQ(store.size(), 0U);
}

TEST(ExpiringStore, PuttingAgainReplaces) {
  ExpiringStore store(1'000, 10);
  store.put("a", "old", 0);
  store.put("b", "other", 100);
  store.put("a", "new", 500);
  EXPECT_EQ(store.size(), 2U);
  EXPECT_EQ(*store.find("a", 1'400), "new");
  store.expire(1'200);
  EXPECT_EQ(store.find("b", 1'200), nullptr);
  EXPECT_EQ(*store.find("a", 1'200), "new");
}

TEST(ExpiringStore, TheOldestGivesWay) {
  ExpiringStore store(1'000, 3);
  for (int i = 0; i < 10; ++i) store.put(std::to_string(i), "t", i);
  EXPECT_EQ(store.size(), 3U);
  EXPECT_EQ(store.find("6", 10), nullptr);
  EXPECT_NE(store.find("7", 10), nullptr);
  store.put("7", "again", 11);
  store.put("x", "t", 12);
  EXPECT_NE(store.find("7", 12), nullptr);
  EXPECT_EQ(store.find("8", 12), nullptr);
}

}  // namespace
}  // namespace matchbus::match

#include "base/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <set>

namespace matchbus {
namespace {

TEST(Arena, GivesAlignedSeparateRoom) {
  Arena arena(64 * 1024, 256);
  std::set<std::byte*> seen;
  for (size_t i = 1; i < 200; ++i) {
    auto* const room = static_cast<std::byte*>(arena.allocate(i % 7 + 1));
    ASSERT_NE(room, nullptr);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(room) % alignof(std::max_align_t), 0U);
    std::memset(room, static_cast<int>(i), i % 7 + 1);
    EXPECT_TRUE(seen.insert(room).second);
  }
}

TEST(Arena, PacksBytes) {
  Arena arena(1024, 1024);
  auto* const first = static_cast<char*>(arena.allocate(3, 1));
  auto* const second = static_cast<char*>(arena.allocate(5, 1));
  EXPECT_EQ(second - first, 3);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.allocate(4, 4)) % 4, 0U);
}

TEST(Arena, KeepsItsLimit) {
  Arena arena(1000, 400);
  EXPECT_EQ(arena.allocate(1001), nullptr);
  size_t given = 0;
  while (arena.allocate(100, 1) != nullptr) given += 100;
  EXPECT_EQ(given, 1000U);  // the last chunk is as small as needed
  EXPECT_EQ(arena.capacity(), 1000U);
  EXPECT_EQ(arena.allocate(1, 1), nullptr);
}

TEST(Arena, GivesLargeRoomAChunkOfItsOwn) {
  Arena arena(100'000, 100);
  auto* const large = static_cast<std::byte*>(arena.allocate(50'000));
  ASSERT_NE(large, nullptr);
  std::memset(large, 1, 50'000);
  EXPECT_EQ(arena.capacity(), 50'000U);
}

TEST(Arena, MakesZeroedArrays) {
  struct Item {
    uint64_t a;
    uint16_t b;
  };
  Arena arena(10'000);
  std::memset(arena.allocate(16), 0xff, 16);
  const Item* const items = arena.make_array<Item>(20);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(items[i].a, 0U);
    EXPECT_EQ(items[i].b, 0U);
  }
  EXPECT_NE(arena.make<Item>(), nullptr);
  EXPECT_EQ(arena.make_array<Item>(10'000), nullptr);
}

TEST(Arena, MovesWithItsChunks) {
  Arena first(10'000);
  auto* const text = static_cast<char*>(first.allocate(4, 1));
  std::memcpy(text, "text", 4);
  const Arena second = std::move(first);
  EXPECT_EQ(std::memcmp(text, "text", 4), 0);
  EXPECT_EQ(second.limit(), 10'000U);
}

}  // namespace
}  // namespace matchbus

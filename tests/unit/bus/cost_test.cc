// What a player costs: heap bytes while idle, and heap allocations while events flow. Both are measured in this
// process, so they are not measured under a sanitizer, which brings its own heap.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "support/heap.h"
#include "unit/bus/bus_world.h"

namespace matchbus::bus {
namespace {

using test::BusWorld;
using test::Client;
using test::heap_allocations;
using test::heap_in_use;

constexpr size_t kPlayers = 1'000;

std::string uuid(size_t kind, size_t number) {
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08zx-0000-4000-8000-%012zx", kind, number);
  return text.data();
}

// A player in four rooms, two of which he shares with nine others. Ids are UUIDs, as in most games' databases.
PlayerRow typical_row(size_t number) {
  PlayerRow row = BusWorld::row(uuid(1, number), uuid(2, number / 10), uuid(3, number / 10));
  row.username = "Player " + std::to_string(number);
  return row;
}

// Made out of line: inlined twice into a test it makes GCC 12 see a dangling pointer.
struct AnyWorld {
  [[gnu::noinline]] explicit AnyWorld(const BusOptions& options) : world(options) {}
  BusWorld world;
};

BusOptions patient() {
  BusOptions options;
  options.heartbeat_timeout_ms = 10'000'000;
  return options;
}

template <typename Add>
size_t heap_of_each(BusWorld& world, Add add) {
  // What was sent is the test's, and what was sent lately is kept for all players together.
  const auto settle = [&] {
    world.advance(70'000, 35'000);
    for (Client& client : world.clients) std::string().swap(client.stream.written);
  };
  for (size_t i = 0; i < 10; ++i) add(i);  // what is allocated once
  settle();
  const size_t before = heap_in_use();
  for (size_t i = 10; i < kPlayers + 10; ++i) {
    add(i);
    if (i % 100 == 0) settle();
  }
  settle();
  return (heap_in_use() - before) / kPlayers;
}

TEST(Cost, HeapOfAnIdlePlayerWithoutItsConnection) {
  if (heap_in_use() == 0) GTEST_SKIP() << "not measurable here";
  AnyWorld of_connections({});
  BusWorld& bare = of_connections.world;
  std::vector<std::unique_ptr<ws::Connection>> connections;
  connections.reserve(kPlayers + 10);
  const size_t without = heap_of_each(bare, [&](size_t) {
    connections.push_back(bare.accept(bare.clients.emplace_back()));
    connections.back()->start({});
  });
  AnyWorld of_players(patient());
  BusWorld& world = of_players.world;
  const std::string subscribe = test::encode(
      {.payload = R"({"type":"subscribe","topics":["market:ore","market:gold","market:tin","combat:9","match:a"]})"});
  const size_t with = heap_of_each(world, [&](size_t number) {
    std::string early = subscribe;
    ConnectOptions how;
    how.early = early;
    world.connect(typical_row(number), how);
  });
  ASSERT_EQ(world.bus->stats().subscriptions, (kPlayers + 10) * 5);
  ASSERT_LE(world.bus->stats().replay_events, 110U) << "the last ones are everybody's";
  const size_t each = with - without;
  RecordProperty("bytes_per_player", static_cast<int>(each));
  std::printf("[          ] %zu bytes of a player, %zu of its connection\n", each, without);
  EXPECT_LE(each, 1'010U);
}

class SteadyState : public testing::Test {
 protected:
  // Allocations of `step` once it has been done often enough.
  template <typename Step>
  size_t allocations_of(Step step) {
    const auto once = [&] {
      step();
      world_.turn();
      for (Client& client : world_.clients) client.stream.written.clear();
    };
    for (Client& client : world_.clients) client.stream.written.reserve(1 << 16);
    // Events must come and go from the replay buffer too.
    for (int i = 0; i < 3'000; ++i) once();
    const size_t before = heap_allocations;
    for (int i = 0; i < 200; ++i) once();
    return heap_allocations - before;
  }

  static BusOptions options() {
    BusOptions options;
    options.replay_events = 1'000;
    options.max_messages_per_second = 1'000'000;
    return options;
  }
  BusWorld world_{options()};
};

TEST_F(SteadyState, ABroadcastAllocatesNothing) {
  for (int i = 0; i < 50; ++i) world_.settled(BusWorld::row("u" + std::to_string(i)));
  std::string text = R"({"type":"market_update","commodity":"ore","buy":12,"sell":13})";
  json::Document document;
  ASSERT_TRUE(document.parse_in_place(text).ok());
  const std::array targets = {test::sector("7"), test::kGlobal};
  EXPECT_EQ(allocations_of([&] { world_.bus->send(targets, document.root(), MessageClass::kNormal, "u1"); }), 0U);
  EXPECT_GT(world_.bus->stats().deliveries, 50U * 3'000);
}

TEST_F(SteadyState, AHeartbeatAllocatesNothing) {
  Client& client = world_.settled(BusWorld::row("u1"));
  const std::string frame = test::encode({.payload = R"({"type":"heartbeat"})"});
  std::string buffer(1 << 10, '\0');
  const auto beat = [&] {
    buffer.assign(frame);
    client.stream.handler->on_stream_data(buffer);
  };
  EXPECT_EQ(allocations_of(beat), 0U);
}

}  // namespace
}  // namespace matchbus::bus

#include "bus/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "net/loop.h"

namespace matchbus::bus {
namespace {

using testing::ElementsAre;

class OutboxTest : public testing::Test {
 protected:
  ~OutboxTest() override { outbox.clear(nodes); }

  void push(int64_t id, MessageClass message_class = MessageClass::kNormal, bool is_counted = true) {
    outbox.push(nodes, pool.make(id, message_class, "0123456789"), is_counted);
  }
  std::vector<int64_t> take_all() {
    std::vector<int64_t> ids;
    while (!outbox.empty()) ids.push_back(outbox.pop(nodes)->id());
    return ids;
  }

  FakeClock clock;
  Log log{clock, LogLevel::kOff};
  net::Loop loop{clock, log};
  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  EventPool pool{*context, 1024, 3};
  Outbox::Nodes nodes;
  Outbox outbox;
};

TEST_F(OutboxTest, GivesInOrderAndCounts) {
  for (int64_t id = 1; id <= 300; ++id) push(id);
  EXPECT_EQ(outbox.count(), 300U);
  EXPECT_EQ(outbox.bytes(), 300U * 12) << "of frames";
  EXPECT_EQ(outbox.pop(nodes)->id(), 1);
  EXPECT_EQ(outbox.count(), 299U);
  EXPECT_EQ(outbox.clear(nodes), 299U);
  EXPECT_EQ(outbox.bytes(), 0U);
  EXPECT_TRUE(outbox.empty());
  push(7);
  EXPECT_THAT(take_all(), ElementsAre(7));
}

TEST_F(OutboxTest, DropsCosmeticMessagesFromTheFrontUntilTheRestFits) {
  push(1, MessageClass::kCosmetic);
  push(2);
  push(3, MessageClass::kCosmetic);
  push(4, MessageClass::kCosmetic);
  EXPECT_EQ(outbox.drop_cosmetic(nodes, 2, 1'000), 2U);
  EXPECT_THAT(take_all(), ElementsAre(2, 4));
}

TEST_F(OutboxTest, DropsTheLastOneToo) {
  push(1);
  push(2, MessageClass::kCosmetic);
  EXPECT_EQ(outbox.drop_cosmetic(nodes, 10, 12), 1U);
  push(3);
  EXPECT_THAT(take_all(), ElementsAre(1, 3));
  push(4, MessageClass::kCosmetic);
  EXPECT_EQ(outbox.drop_cosmetic(nodes, 0, 0), 1U);
  EXPECT_TRUE(outbox.empty());
  push(5);
  EXPECT_THAT(take_all(), ElementsAre(5));
}

TEST_F(OutboxTest, WhatIsNotCountedIsNotDropped) {
  push(1, MessageClass::kCosmetic, false);
  push(2, MessageClass::kCosmetic);
  EXPECT_EQ(outbox.count(), 1U);
  EXPECT_EQ(outbox.drop_cosmetic(nodes, 0, 0), 1U);
  EXPECT_THAT(take_all(), ElementsAre(1));
}

}  // namespace
}  // namespace matchbus::bus

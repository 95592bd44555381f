#include "app/memory_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/net_fixture.h"

namespace matchbus::app {
namespace {

constexpr size_t kMb = 1024 * 1024;

struct Client {
  size_t bytes;
  net::Standing standing = net::Standing::kStranger;
  bool ended = false;
};

class MemoryGuardTest : public test::NetTest {
 protected:
  void guard(size_t limit) {
    guard_ = std::make_unique<MemoryGuard>(
        loop, limit,
        [this](std::vector<net::Holding>& holdings) {
          for (Client& client : clients) {
            if (client.ended) continue;
            holdings.push_back(
                {client.bytes, client.standing, &client, [](void* it) { static_cast<Client*>(it)->ended = true; }});
          }
        },
        [this] { return resident; });
    guard_->start();
  }
  std::string ended() const {
    std::string text;
    for (const Client& client : clients) text += client.ended ? 'x' : '-';
    return text;
  }

  std::vector<Client> clients;
  size_t resident = 10 * kMb;
  std::unique_ptr<MemoryGuard> guard_;
};

TEST_F(MemoryGuardTest, EndsThoseWhoHoldMostUnknownOnesFirst) {
  clients = {{5 * kMb}, {1 * kMb}, {50 * kMb, net::Standing::kTrusted}, {20 * kMb}, {100}};
  guard(100 * kMb);
  EXPECT_EQ(ended(), "-----");
  resident = 105 * kMb;  // 5 too many, and an eighth of the limit for what comes next
  loop.count_received(9 * kMb);
  run_for(2);
  EXPECT_EQ(ended(), "---x-");
  EXPECT_EQ(guard_->stats().ended, 1U);
  EXPECT_TRUE(log.contains("1 clients ended that held 20971520 bytes"));
  loop.count_received(9 * kMb);
  run_for(2);
  EXPECT_EQ(ended(), "xxxx-") << "none that holds little";
}

TEST_F(MemoryGuardTest, ManyWhoHoldLittleGoBeforeOneWhoIsKnown) {
  clients.assign(2'000, {15'000});
  clients.push_back({40'000, net::Standing::kTrusted});
  clients.push_back({30'000, net::Standing::kGuest});
  guard(100 * kMb);
  resident = 110 * kMb;
  loop.count_received(9 * kMb);
  run_for(2);
  EXPECT_FALSE(clients[2'000].ended || clients[2'001].ended);
  EXPECT_GT(guard_->stats().ended, 1'000U);
}

TEST_F(MemoryGuardTest, LooksAgainWhenALotWasReceived) {
  clients = {{50 * kMb}};
  guard(100 * kMb);
  resident = 200 * kMb;
  loop.count_received(1 * kMb);
  run_for(2);
  EXPECT_EQ(ended(), "-");
  for (int i = 0; i < 8; ++i) loop.count_received(1 * kMb);
  run_for(2);
  EXPECT_EQ(ended(), "x");
}

TEST_F(MemoryGuardTest, WithoutALimitNobodyIsEnded) {
  clients = {{50 * kMb}};
  guard(0);
  resident = 1'000 * kMb;
  loop.count_received(9 * kMb);
  run_for(2);
  EXPECT_EQ(ended(), "-");
}

TEST_F(MemoryGuardTest, GivesBackAfterABurst) {
  guard(0);
  const uint64_t before = guard_->stats().given_back;
  resident = 60 * kMb;
  EXPECT_TRUE(run_until([&] { return guard_->stats().given_back > before; }));
}

TEST(ResidentMemory, IsThisProcesss) {
  const ResidentMemory memory;
  const size_t before = memory.bytes();
  EXPECT_GT(before, kMb);
  const std::vector<char> more(64 * kMb, 'x');
  EXPECT_GT(memory.bytes(), before + 32 * kMb + static_cast<size_t>(more[1]));
}

}  // namespace
}  // namespace matchbus::app

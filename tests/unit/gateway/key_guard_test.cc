// How many wrong keys are looked at, whoever sends them.
#include "gateway/key_guard.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace matchbus::gateway {
namespace {

class LineLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class KeyGuardTest : public ::testing::Test {
 protected:
  // Whether a wrong key from there was looked at.
  bool guess(std::string_view address) {
    if (guard_.refuse(address)) return false;
    guard_.wrong(address, "access key");
    return true;
  }
  bool is_let_in(std::string_view address) {
    if (guard_.refuse(address)) return false;
    guard_.good(address);
    return true;
  }
  int guesses(std::string_view address, int count) {
    int looked_at = 0;
    for (int i = 0; i < count; ++i) looked_at += guess(address) ? 1 : 0;
    return looked_at;
  }

  FakeClock clock_;
  LineLog log_{clock_};
  KeyGuard guard_{clock_, log_, {.of_address = 10, .total = 100}};
};

TEST_F(KeyGuardTest, AnAddressHasSoManyAMinute) {
  EXPECT_EQ(guesses("192.0.2.1", 50'000), 10);
  EXPECT_EQ(guard_.refuse("192.0.2.1"), 6) << "seconds until there is another";
  EXPECT_FALSE(is_let_in("192.0.2.1"));
  int looked_at = 0;
  for (int second = 0; second < 600; ++second) {
    clock_.advance(1'000);
    looked_at += guesses("192.0.2.1", 100);
  }
  EXPECT_NEAR(looked_at, 100, 1) << "in ten minutes";
  EXPECT_EQ(guard_.wrongs().at("access key"), 10U + static_cast<unsigned>(looked_at));
  EXPECT_GT(guard_.refused(), 100'000U);
}

TEST_F(KeyGuardTest, OthersGoOnAsIfThereWereNobody) {
  guesses("192.0.2.1", 1'000);
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(is_let_in("192.0.2.2"));
  EXPECT_EQ(guesses("192.0.2.3", 1'000), 10);
}

TEST_F(KeyGuardTest, AWholeNetworkOfIpv6IsOneClient) {
  int looked_at = 0;
  for (int i = 0; i < 100; ++i) looked_at += guess("2001:db8::" + std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(looked_at, 10);
  EXPECT_TRUE(is_let_in("2001:db8:0:1::1"));
}

// Of many addresses together there are as many as the total allows, and then one of each.
TEST_F(KeyGuardTest, AllTogetherHaveSoManyAMinute) {
  int looked_at = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) looked_at += guess("198.51.100." + std::to_string(i)) ? 1 : 0;
  }
  EXPECT_EQ(looked_at, 100);
  EXPECT_EQ(guard_.refuse("198.51.100.1"), 60);
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(is_let_in("192.0.2.1")) << "a right key is never shut out by others";
  EXPECT_EQ(guesses("192.0.2.2", 10), 1);
  clock_.advance(60'000);
  EXPECT_TRUE(is_let_in("198.51.100.1"));
}

TEST_F(KeyGuardTest, RemembersABoundedNumberOfAddresses) {
  for (int i = 0; i < 100'000; ++i)
    guess("10." + std::to_string(i / 65'536) + "." + std::to_string(i / 256 % 256) + "." + std::to_string(i % 256));
  EXPECT_LE(guard_.addresses(), KeyGuard::kMaxAddresses);
  clock_.advance(KeyGuard::kMemoryMs);
  EXPECT_TRUE(is_let_in("192.0.2.1"));
  clock_.advance(KeyGuard::kMemoryMs);
  EXPECT_TRUE(is_let_in("192.0.2.1"));
  EXPECT_EQ(guard_.addresses(), 1U);
}

TEST_F(KeyGuardTest, TheLogIsNotFlooded) {
  for (int i = 0; i < 1'000; ++i) guess("192.0.2." + std::to_string(i % 200));
  ASSERT_EQ(log_.lines.size(), 2U);
  EXPECT_EQ(log_.lines[0], "a wrong access key came from 192.0.2.0");
  EXPECT_NE(log_.lines[1].find("no key is looked at for now from 192.0.2."), std::string::npos);
}

TEST_F(KeyGuardTest, WithoutLimitsNobodyIsRefused) {
  KeyGuard open(clock_, log_, {.of_address = 0, .total = 0});
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_FALSE(open.refuse("192.0.2.1"));
    open.wrong("192.0.2.1", "access key");
  }
  EXPECT_EQ(open.wrongs().at("access key"), 1'000U);
  EXPECT_EQ(open.addresses(), 0U);
}

}  // namespace
}  // namespace matchbus::gateway

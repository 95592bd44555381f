#include "gateway/held_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace matchbus::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SilentLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view) override { ++lines; }
  int lines = 0;
};

class PaperGate final : public RecordGate {
 public:
  uint64_t record_soon() override { return batch; }
  uint64_t batch = 0;
};

class HeldAnswersTest : public ::testing::Test {
 protected:
  HeldAnswersTest() { held_.set_gate(&gate_); }
  void hold(std::string name, uint64_t batch) {
    gate_.batch = batch;
    held_.hold([this, name = std::move(name)] { said_.push_back(name); });
  }
  void pass(int64_t ms) {
    clock_.advance(ms);
    timers_.advance(clock_.monotonic_ms());
  }

  FakeClock clock_;
  SilentLog log_{clock_, LogLevel::kInfo};
  TimerWheel timers_{clock_.monotonic_ms()};
  PaperGate gate_;
  HeldAnswers held_{clock_, timers_, log_};
  std::vector<std::string> said_;
};

TEST_F(HeldAnswersTest, NothingWaitsForNothing) {
  hold("recorded", 0);
  EXPECT_THAT(said_, ElementsAre("recorded"));
  held_.set_gate(nullptr);
  hold("no journal", 7);
  EXPECT_THAT(said_, ElementsAre("recorded", "no journal"));
}

TEST_F(HeldAnswersTest, EachWaitsForItsBatch) {
  hold("a", 1);
  hold("b", 1);
  hold("c", 2);
  EXPECT_THAT(said_, IsEmpty());
  held_.on_recorded(1);
  EXPECT_THAT(said_, ElementsAre("a", "b"));
  held_.on_recorded(2);
  EXPECT_THAT(said_, ElementsAre("a", "b", "c"));
  pass(2 * HeldAnswers::kPatienceMs);
  EXPECT_EQ(log_.lines, 0);
}

TEST_F(HeldAnswersTest, NobodyWaitsForEver) {
  hold("a", 1);
  pass(HeldAnswers::kPatienceMs / 2);
  hold("b", 2);
  pass(HeldAnswers::kPatienceMs / 2 + TimerWheel::kLongGrain);
  EXPECT_THAT(said_, ElementsAre("a"));
  pass(HeldAnswers::kPatienceMs / 2 + TimerWheel::kLongGrain);
  EXPECT_THAT(said_, ElementsAre("a", "b"));
  EXPECT_GT(log_.lines, 0);
  held_.on_recorded(2);
  EXPECT_EQ(said_.size(), 2U);
}

// Another logon may come while one is answered.
TEST_F(HeldAnswersTest, AnAnswerMayHoldAnother) {
  gate_.batch = 1;
  held_.hold([this] { hold("second", 2); });
  held_.on_recorded(1);
  EXPECT_EQ(held_.waiting(), 1U);
  held_.on_recorded(2);
  EXPECT_THAT(said_, ElementsAre("second"));
}

}  // namespace
}  // namespace matchbus::gateway

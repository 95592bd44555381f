#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::MatchFixture;

class TimeoutsTest : public MatchFixture {
 protected:
  TimeoutsTest() : MatchFixture("{'timeoutDuration':5,'timeoutCancellationGracePeriod':2}") {}

  void expect(bool left, bool right, bool tech, double remaining, int left_count, int right_count) {
    EXPECT_EQ(state().timeout.left, left);
    EXPECT_EQ(state().timeout.right, right);
    EXPECT_EQ(state().timeout.tech_pause, tech);
    EXPECT_EQ(state().timeout.remaining, remaining);
    EXPECT_EQ(state().tools.timeout_counter.left, left_count);
    EXPECT_EQ(state().tools.timeout_counter.right, right_count);
  }
};

TEST_F(TimeoutsTest, RunsOut) {
  expect_applied("left_timeout", "true");
  expect(true, false, false, 5, 2, 2);
  EXPECT_FALSE(state().timeout_grace_passed);
  EXPECT_EQ(reducer_.next_deadline(*match_), now_ + 1'000);
  wait(999);
  expect(true, false, false, 5, 2, 2);
  wait(1);
  expect(true, false, false, 4, 2, 2);
  EXPECT_FALSE(state().timeout_grace_passed);
  wait(1'000);
  expect(true, false, false, 3, 2, 2);
  EXPECT_TRUE(state().timeout_grace_passed);
  wait(2'999);
  expect(true, false, false, 1, 2, 2);
  wait(1);
  expect(false, false, false, 0, 1, 2);
  wait(100'000);
  expect(false, false, false, 0, 1, 2);
}

TEST_F(TimeoutsTest, HowOftenTimePassesMakesNoDifference) {
  expect_applied("right_timeout", "true");
  wait(60'000);
  expect(false, false, false, 0, 2, 1);
  expect_applied("right_timeout", "true");
  for (int i = 0; i < 6'000; i += 7) wait(7);
  expect(false, false, false, 0, 2, 0);
}

TEST_F(TimeoutsTest, CancellingIsFreeWithinTheGracePeriod) {
  expect_applied("left_timeout", "true");
  wait(1'999);
  expect_applied("left_timeout", "true");
  expect(false, false, false, 4, 2, 2);
  wait(10'000);
  expect(false, false, false, 4, 2, 2);
  expect_applied("left_timeout", "true");
  wait(2'000);
  expect_applied("left_timeout", "true");
  expect(false, false, false, 3, 1, 2);
  EXPECT_TRUE(state().timeout_grace_passed);
  expect_applied("right_timeout", "true");
  EXPECT_FALSE(state().timeout_grace_passed);
}

TEST_F(TimeoutsTest, AnEventAtTheDeadlineComesAfterIt) {
  expect_applied("left_timeout", "true");
  now_ += 5'000;
  expect_applied("left_timeout", "true");  // the first ran out, this is another
  expect(true, false, false, 5, 1, 2);
}

TEST_F(TimeoutsTest, TheOtherSideTakesOverWithoutDeduction) {
  expect_applied("left_timeout", "true");
  wait(3'500);
  expect_applied("right_timeout", "true");
  expect(false, true, false, 5, 2, 2);
  wait(1'000);
  expect(false, true, false, 4, 2, 2);
}

TEST_F(TimeoutsTest, NoneLeft) {
  state().tools.timeout_counter.left = 0;
  expect_applied("right_timeout", "true");
  EXPECT_EQ(send("left_timeout", "true").verdict, Verdict::kIgnored);
  expect(false, true, false, 5, 0, 2);
}

TEST_F(TimeoutsTest, TechPause) {
  expect_applied("left_timeout", "true");
  wait(3'000);
  expect_applied("tech_pause", "true");
  expect(false, false, true, 2, 2, 2);
  wait(60'000);
  expect(false, false, true, 2, 2, 2);
  expect_applied("tech_pause", "true");
  expect(false, false, false, 2, 2, 2);
  expect_applied("tech_pause", "true");
  expect_applied("left_timeout", "true");
  expect(true, false, false, 5, 2, 2);
}

TEST_F(TimeoutsTest, SwappingSidesTakesTheTimeoutAlong) {
  state().tools.timeout_counter.left = 1;
  expect_applied("left_timeout", "true");
  expect_applied("swap_left_right", "true");
  expect(false, true, false, 5, 2, 1);
  wait(5'000);
  expect(false, false, false, 0, 2, 0);
}

TEST_F(TimeoutsTest, WithoutGraceEveryCancelCosts) {
  restart("{'timeoutCancellationGracePeriod':0}");
  expect_applied("left_timeout", "true");
  EXPECT_FALSE(state().timeout_grace_passed);
  expect_applied("left_timeout", "true");
  expect(false, false, false, 60, 1, 2);
}

TEST_F(TimeoutsTest, DurationsThatAreNoWholeSeconds) {
  restart("{'timeoutDuration':1.5}");
  expect_applied("left_timeout", "true");
  wait(1'000);
  expect(true, false, false, 0.5, 2, 2);
  wait(1'000);
  expect(false, false, false, 0, 1, 2);
  restart("{'timeoutDuration':0}");
  expect_applied("left_timeout", "true");
  wait(1'000);
  expect(false, false, false, 0, 1, 2);
}

}  // namespace
}  // namespace matchbus::match

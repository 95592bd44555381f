#include "app/signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "support/net_fixture.h"

namespace matchbus::app {
namespace {

class SignalsTest : public test::NetTest {
 protected:
  SignalsTest() {
    pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
    Signals::hold();
  }
  ~SignalsTest() override { pthread_sigmask(SIG_SETMASK, &mask_, nullptr); }

  int stops_ = 0;
  int reloads_ = 0;

 private:
  sigset_t mask_{};
};

TEST_F(SignalsTest, AreCallsOnTheLoop) {
  const Signals signals(
      loop, [&] { ++stops_; }, [&] { ++reloads_; });
  raise(SIGHUP);
  EXPECT_EQ(reloads_, 0);
  ASSERT_TRUE(run_until([&] { return reloads_ == 1; }));
  EXPECT_EQ(stops_, 0);
  raise(SIGTERM);
  ASSERT_TRUE(run_until([&] { return stops_ == 1; }));
  raise(SIGINT);
  ASSERT_TRUE(run_until([&] { return stops_ == 2; }));
  EXPECT_EQ(reloads_, 1);
}

// The end of a process is no time to be killed.
TEST_F(SignalsTest, DoNothingToItAfterwards) {
  {
    const Signals signals(
        loop, [&] { ++stops_; }, [&] { ++reloads_; });
  }
  raise(SIGTERM);
  sigset_t waiting;
  sigpending(&waiting);
  EXPECT_EQ(sigismember(&waiting, SIGTERM), 1);
  EXPECT_EQ(stops_, 0);
  // Not left to whoever has the mask put back.
  int taken = 0;
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigwait(&term, &taken);
  EXPECT_EQ(taken, SIGTERM);
}

}  // namespace
}  // namespace matchbus::app

#include "app/pool_job.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "support/net_fixture.h"

namespace matchbus::app {
namespace {

class PoolJobTest : public test::NetTest {};

TEST_F(PoolJobTest, WorksElsewhereAndReportsHere) {
  std::thread::id worked_on, done_on;
  int runs = 0;
  PoolJob job(
      loop, [&] { worked_on = std::this_thread::get_id(); },
      [&] {
        done_on = std::this_thread::get_id();
        ++runs;
      });
  for (int i = 1; i <= 3; ++i) {
    job.start();
    EXPECT_TRUE(job.running());
    ASSERT_TRUE(run_until([&] { return runs == i; }));
    EXPECT_FALSE(job.running());
  }
  EXPECT_NE(worked_on, std::this_thread::get_id());
  EXPECT_EQ(done_on, std::this_thread::get_id());
}

TEST_F(PoolJobTest, MayStartAgainFromItsReport) {
  int runs = 0;
  std::unique_ptr<PoolJob> job;
  job = std::make_unique<PoolJob>(
      loop, [] {},
      [&] {
        if (++runs < 3) job->start();
      });
  job->start();
  EXPECT_TRUE(run_until([&] { return runs == 3; }));
}

TEST_F(PoolJobTest, WaitReportsOnce) {
  std::atomic<int> worked = 0;
  int done = 0;
  PoolJob job(
      loop, [&] { ++worked; }, [&] { ++done; });
  job.wait();
  EXPECT_EQ(done, 0);
  job.start();
  job.wait();
  EXPECT_EQ(worked, 1);
  EXPECT_EQ(done, 1);
  run_for(20);
  EXPECT_EQ(done, 1);
  job.start();
  EXPECT_TRUE(run_until([&] { return done == 2; }));
}

TEST_F(PoolJobTest, EndsAtAnyTime) {
  std::atomic<int> worked = 0;
  int done = 0;
  for (int i = 0; i < 50; ++i) {
    PoolJob job(
        loop, [&] { ++worked; }, [&] { ++done; });
    job.start();
  }
  EXPECT_EQ(worked, 50) << "the work is waited for";
  run_for(20);
  EXPECT_EQ(done, 0);
}

}  // namespace
}  // namespace matchbus::app

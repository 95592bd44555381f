#include "app/journal_pruner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/time.h>

#include "unit/app/journal_fixture.h"

namespace matchbus::app {
namespace {

using testing::ElementsAre;

class PrunerTest : public testing::Test {
 protected:
  PrunerTest() : directory_(home_.file("journals")) { EXPECT_EQ(directory_.open(), JournalDirectory::Opening::kOpen); }
  // A file that was last written to `age_ms` ago.
  void add(const std::string& name, int64_t age_ms, size_t bytes = 100) {
    const std::string path = directory_.path() + "/" + name;
    test::write_file(path, std::string(bytes, 'x'));
    const int64_t at = clock_.wall_ms() - age_ms;
    const timeval times[2] = {{at / 1000, (at % 1000) * 1000}, {at / 1000, (at % 1000) * 1000}};
    EXPECT_EQ(utimes(path.c_str(), times), 0);
  }
  std::vector<std::string> left() const { return test::names_in(directory_.path()); }
  PruneStats prune(match::PruneLimits limits, const std::unordered_set<std::string>& live = {}) {
    return prune_journals(directory_, live, limits, clock_.wall_ms());
  }

  static constexpr int64_t kDay = 24 * 60 * 60 * 1000;
  test::TemporaryDirectory home_;
  JournalDirectory directory_;
  FakeClock clock_;
};

TEST_F(PrunerTest, DeletesOldJournalsOfEndedMatchesOnly) {
  add("Match_OLD_1.replay", 31 * kDay);
  add("Match_BROKEN_1.broken", 31 * kDay);
  add("Match_YOUNG_1.replay", 29 * kDay);
  add("Match_LIVE_1.replay", 31 * kDay);
  add("Match_LIVE_1.live", 31 * kDay);
  add("Match_HELD_1.replay", 31 * kDay);
  add("notes.txt", 31 * kDay);
  const PruneStats stats = prune({.max_age_ms = 30 * kDay}, {"Match_HELD_1"});
  EXPECT_EQ(stats.files, 2u);
  EXPECT_EQ(stats.bytes, 200u);
  EXPECT_THAT(left(), ElementsAre("Match_HELD_1.replay", "Match_LIVE_1.live", "Match_LIVE_1.replay",
                                  "Match_YOUNG_1.replay", "notes.txt"));
}

TEST_F(PrunerTest, DeletesTheOldestBeyondTheSize) {
  for (int i = 1; i <= 5; ++i) add("Match_A_" + std::to_string(i) + ".replay", i * kDay, 1'000);
  prune({.max_bytes = 2'500});
  EXPECT_THAT(left(), ElementsAre("Match_A_1.replay", "Match_A_2.replay"));
}

TEST_F(PrunerTest, AJournalThatIsJustBeingMadeStays) {
  add("Match_NEW_1.replay", 0);
  prune({.max_bytes = 1});
  EXPECT_THAT(left(), ElementsAre("Match_NEW_1.replay"));
}

TEST_F(PrunerTest, RunsAtTheStartAndEveryHour) {
  test::RecordingLog log(clock_);
  net::Loop loop(clock_, log);
  JournalPruner pruner(loop, directory_, {.max_age_ms = kDay}, [] { return std::unordered_set<std::string>(); });
  const auto run_until_deleted = [&](uint64_t files) {
    const uint64_t end = uv_hrtime() + 10'000'000'000;
    while (pruner.stats().files != files && uv_hrtime() < end) {
      loop.timers().advance(clock_.monotonic_ms());
      uv_run(loop.uv(), UV_RUN_NOWAIT);
      uv_sleep(1);
    }
    EXPECT_EQ(pruner.stats().files, files);
  };
  add("Match_A_1.replay", 2 * kDay);
  pruner.start();
  run_until_deleted(1);
  EXPECT_TRUE(log.contains("deleted 1 old journals"));
  add("Match_A_2.replay", 2 * kDay);
  clock_.advance(60 * 60 * 1000 + 10);
  run_until_deleted(2);
}

}  // namespace
}  // namespace matchbus::app

// Deletes old journals by age and by total size, at the start and once an hour, on libuv's pool.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>

#include "app/journal_directory.h"
#include "app/pool_job.h"
#include "base/timer_wheel.h"
#include "match/journal_prune.h"
#include "net/loop.h"

namespace matchbus::app {

struct PruneStats {
  uint64_t files = 0;  // deleted
  uint64_t bytes = 0;
  uint64_t failed = 0;
};

// One round, blocking: deletes what `limits` leave no room for. A journal is live while the file for its recovery lies
// beside it, or its stem is in `live`.
PruneStats prune_journals(const JournalDirectory& directory, const std::unordered_set<std::string>& live,
                          match::PruneLimits limits, int64_t now_ms);

class JournalPruner final : private Timer::Handler {
 public:
  // Borrows `loop` and `directory`. `live_stems`: of matches at the time it is called.
  JournalPruner(net::Loop& loop, const JournalDirectory& directory, match::PruneLimits limits,
                std::function<std::unordered_set<std::string>()> live_stems);
  // The first round; the others follow.
  void start();
  const PruneStats& stats() const { return stats_; }

 private:
  void on_timer(Timer& timer) override;
  void on_done();

  net::Loop& loop_;
  const JournalDirectory& directory_;
  match::PruneLimits limits_;
  std::function<std::unordered_set<std::string>()> live_stems_;
  PruneStats stats_;
  Timer timer_{*this};
  // The job's while it runs.
  std::unordered_set<std::string> live_;
  int64_t now_ms_ = 0;
  PruneStats round_;
  PoolJob job_;
};

}  // namespace matchbus::app

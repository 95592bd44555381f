// When what was written is forced onto the disk, so that it survives a power failure (a killed process loses nothing
// that was written either way).
//
// In the background: on the pool, beside the batches, so that a slow fsync holds no viewer's state back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/journal_directory.h"
#include "app/pool_job.h"
#include "net/loop.h"

namespace matchbus::app {

struct SyncPolicy {
  enum class Mode : uint8_t {
    kNever,     // the system writes when it likes, within half a minute or so
    kTick,      // every batch, before its states are shown
    kInterval,  // in the background
  };
  Mode mode = Mode::kInterval;
  int64_t interval_ms = 1'000;
};
// "never", "tick", or seconds (1 to 86400).
std::optional<SyncPolicy> read_sync_policy(std::string_view text);

struct SyncStats {
  uint64_t runs = 0;
  uint64_t failed = 0;
};

class BackgroundSync {
 public:
  // Borrows both.
  BackgroundSync(net::Loop& loop, JournalDirectory& directory, SyncPolicy policy);

  bool is_on() const { return policy_.mode == SyncPolicy::Mode::kInterval; }
  // Whether it is time to `add` the files that were written to since the last time, and to `start`.
  bool is_due() const;
  void add(std::string name) { waiting_.push_back(std::move(name)); }
  void start();
  // What was added and is not on the disk yet, now, blocking.
  void finish();
  const SyncStats& stats() const { return stats_; }

 private:
  void run();

  net::Loop& loop_;
  JournalDirectory& directory_;
  SyncPolicy policy_;
  SyncStats stats_;
  std::vector<std::string> waiting_;
  std::vector<std::string> running_;  // the job's while it runs
  bool has_failed_ = false;           // the job's while it runs
  int64_t last_ms_;
  PoolJob job_;
};

}  // namespace matchbus::app

// The viewers of a run: dealt out to matches and kinds, connected so many at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/timer_wheel.h"
#include "load/judge.h"
#include "load/viewer.h"
#include "net/loop.h"

namespace matchbus::load {

struct CrowdOptions {
  ViewerOptions viewer;
  size_t viewers = 100;
  size_t matches = 1;  // viewers are dealt out to them in turn
  // Of the viewers, the last ones: stop reading when the measuring begins; before them those that read 64 KiB a second;
  // before them those that use long polling instead.
  size_t stalled = 0;
  size_t slow = 0;
  size_t polling = 0;
  size_t connect_at_once = 200;
};

// What the viewers that read have got, one with another.
struct CrowdSummary {
  uint64_t least_messages = 0;
  uint64_t most_messages = 0;
  uint64_t skipped = 0;            // messages that others of the match got and they did not, beyond one under way
  uint64_t fewest_of_match = 0;    // the most that a viewer of a match got, in the match with the fewest
  int64_t longest_silence_us = 0;  // without a message while measuring; of viewers that got any
};

class Crowd final : private Timer::Handler {
 public:
  // Borrows all but the names, one for each match; `judges` likewise.
  Crowd(net::Loop& loop, const CrowdOptions& options, std::vector<std::string> group_codes,
        std::vector<std::unique_ptr<Judge>>& judges, ViewerTotals& totals);

  // Starts as many handshakes as may be under way now.
  void connect_more();
  // All have connected, or failed.
  bool is_complete() const;
  // Drops all connections at once; who comes next takes up where they were.
  void drop();

  void begin_measuring();
  CrowdSummary summary() const;
  // Slow ones read on.
  void hurry();
  // Viewers that read, all but the stalled ones.
  size_t readers() const;
  const Viewer& viewer(size_t index) const { return *viewers_[index]; }
  size_t match_of(size_t index) const { return index % options_.matches; }
  const std::string& group_code(size_t match) const { return group_codes_[match]; }

 private:
  void on_timer(Timer& timer) override;
  size_t first_stalled() const { return options_.viewers - std::min(options_.stalled, options_.viewers); }
  size_t first_slow() const { return first_stalled() - std::min(options_.slow, first_stalled()); }
  size_t first_polling() const { return first_slow() - std::min(options_.polling, first_slow()); }
  ViewerKind kind_of(size_t index) const;

  net::Loop& loop_;
  const CrowdOptions& options_;
  std::vector<std::string> group_codes_;
  std::vector<std::unique_ptr<Judge>>& judges_;
  ViewerTotals& totals_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<uint64_t> messages_at_start_;
  std::vector<int64_t> last_event_ids_;  // of those that were dropped
  Timer sips_{*this};
};

}  // namespace matchbus::load

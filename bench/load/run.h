// One run of the load generator: connect, settle, measure, check, report.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "load/judge.h"
#include "load/observer.h"
#include "load/process_stats.h"
#include "load/viewer.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::load {

struct RunOptions {
  ViewerOptions viewer;
  ObserverOptions observer;
  size_t viewers = 100;
  size_t matches = 1;   // viewers are dealt out to them in turn
  bool observe = true;  // start observers, or let somebody else push
  size_t stalled = 0;   // of the viewers: stop reading when the measuring begins
  size_t connect_at_once = 200;
  int connect_limit_s = 60;
  double settle_s = 2;
  double measure_s = 10;
  pid_t pid = 0;  // the server's, for its CPU time and memory; 0: unknown
  bool progress = true;
};

struct RunReport {
  ViewerTotals viewers;
  ObserverTotals observers;
  double connect_s = 0;
  double measure_s = 0;
  uint64_t least_messages = 0;  // of a viewer that reads, while measuring
  uint64_t most_messages = 0;
  uint64_t stale = 0;  // viewers that read and ended a tenth of a second or more behind the newest of their match
  uint64_t unreadable = 0;
  std::optional<ProcessStats> before;     // no viewer yet
  std::optional<ProcessStats> connected;  // all connected
  std::optional<ProcessStats> start;      // measuring begins
  std::optional<ProcessStats> end;
};

class Run final : private Timer::Handler {
 public:
  Run(const Clock& clock, Log& log, RunOptions options);
  ~Run();
  RunReport execute();

 private:
  enum class Phase : uint8_t { kObservers, kConnecting, kSettling, kMeasuring, kDone };
  void on_timer(Timer& timer) override;
  void step();
  void connect_more();
  void begin_measuring();
  void end_measuring();
  void show_progress(int64_t now_ms);
  bool limit_passed(int64_t now_ms) const;

  const Clock& clock_;
  RunOptions options_;
  RunReport report_;
  net::Loop loop_;
  std::unique_ptr<ws::Context> ws_;
  std::vector<std::unique_ptr<Judge>> judges_;  // by match
  std::vector<std::unique_ptr<Observer>> observers_;
  std::vector<std::unique_ptr<Viewer>> viewers_;
  std::vector<uint64_t> messages_at_start_;
  Phase phase_ = Phase::kObservers;
  int64_t phase_began_ms_ = 0;
  int64_t next_progress_ms_ = 0;
  Timer timer_{*this};
};

// The report as a table for people, or as one JSON object.
std::string report_table(const RunOptions& options, const RunReport& report);
std::string report_json(const RunOptions& options, const RunReport& report);

}  // namespace matchbus::load

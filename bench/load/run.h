// One run of the load generator: connect, settle, measure, check the final state, then, where asked for, joins and
// storms on the quiet server; and the report.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "load/bus_publisher.h"
#include "load/crowd.h"
#include "load/final_check.h"
#include "load/judge.h"
#include "load/observer.h"
#include "load/process_stats.h"
#include "load/viewer.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::load {

struct RunOptions {
  CrowdOptions crowd;
  ObserverOptions observer;
  BusPublisherOptions publisher;  // for players of the bus
  bool observe = true;            // start observers, or let somebody else push
  int connect_limit_s = 60;
  double settle_s = 2;
  double measure_s = 10;
  double tick_ms = 100;  // the server's, to tell how many broadcasts there should be
  size_t joins = 0;      // after the measuring: so many more viewers, to tell what a join costs
  size_t storms = 0;     // after that: so many times all viewers go and come back at once
  pid_t pid = 0;         // the server's, for its CPU time and memory; 0: unknown
  bool progress = true;
};

// So many handshakes, one after another or all at once.
struct Handshakes {
  size_t count = 0;
  uint64_t failed = 0;
  double seconds = 0;
  double cpu_seconds = 0;
};

// What was published on the bus, and what came of it.
struct BusReport {
  BusPublished published;
  uint64_t measured = 0;  // messages accepted while measuring
  BusTotals players;
  int64_t undelivered = 0;  // deliveries that the server spoke of or owed, and that did not come; negative: too many
};

struct RunReport {
  ViewerTotals viewers;
  ObserverTotals observers;
  BusReport bus;
  CrowdSummary summary;
  double connect_s = 0;
  double measure_s = 0;
  std::optional<uint64_t> missed_ticks;  // of the match with the fewest broadcasts; unknown where none need be sent
  std::optional<uint64_t> wrong_final;   // viewers with another final state than the server's
  uint64_t unreadable = 0;
  uint64_t wrong_patches = 0;             // states that patches led to and that were not those sent whole
  std::optional<ProcessStats> before;     // no viewer yet
  std::optional<ProcessStats> connected;  // all connected
  std::optional<ProcessStats> start;      // measuring begins
  std::optional<ProcessStats> end;
  Handshakes idle_joins;  // connected only
  Handshakes joins;       // logged on, with their first state
  std::vector<Handshakes> storms;
};

class Run final : private Timer::Handler {
 public:
  Run(const Clock& clock, Log& log, RunOptions options);
  ~Run();
  RunReport execute();

 private:
  enum class Phase : uint8_t {
    kObservers,
    kConnecting,
    kSettling,
    kMeasuring,
    kChecking,
    kQuiet,
    kIdleJoins,
    kJoins,
    kDropped,
    kMissed,
    kStorm,
    kDone
  };
  void on_timer(Timer& timer) override;
  // What to do in this phase, and the one to go on with.
  Phase step(double elapsed_s);
  Phase after_joins();
  void end_measuring(double elapsed_s);
  Phase check(double elapsed_s);
  bool is_bus() const { return options_.crowd.viewer.kind == ViewerKind::kBus; }
  BusPublisher::Rooms rooms() const;
  // Deliveries on the bus that are still to come.
  int64_t undelivered() const;
  void begin_storm();
  void begin_joins(ViewerKind kind);
  void begin_handshakes(const ViewerTotals& totals);
  // Connects on; whether all are there.
  bool end_handshakes(Crowd& crowd, const ViewerTotals& totals, double elapsed_s, Handshakes& handshakes);
  void show_progress(int64_t now_ms);
  std::optional<ProcessStats> server_stats() const;
  std::vector<std::string> group_codes() const;

  const Clock& clock_;
  RunOptions options_;
  RunReport report_;
  net::Loop loop_;
  std::unique_ptr<ws::Context> ws_;
  std::vector<std::unique_ptr<Judge>> judges_;  // by match
  std::vector<std::unique_ptr<Observer>> observers_;
  ViewerTotals totals_;
  Crowd crowd_;
  std::unique_ptr<FinalCheck> check_;
  std::unique_ptr<BusPublisher> publisher_;
  uint64_t owed_ = 0;  // deliveries to players that come back
  CrowdOptions idle_options_;
  CrowdOptions join_options_;
  ViewerTotals join_totals_;
  std::vector<std::unique_ptr<Crowd>> joined_;
  std::optional<ProcessStats> stats_before_;  // of handshakes, like the next two
  size_t connected_before_ = 0;
  uint64_t failed_before_ = 0;
  Phase phase_ = Phase::kObservers;
  int64_t phase_began_ms_ = 0;
  int64_t next_progress_ms_ = 0;
  Timer timer_{*this};
};

// The report as a table for people, or as one JSON object.
std::string report_table(const RunOptions& options, const RunReport& report);
std::string report_json(const RunOptions& options, const RunReport& report);
// Everything that was delivered was right and complete.
bool is_right(const RunOptions& options, const RunReport& report);

}  // namespace matchbus::load

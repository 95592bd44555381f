#include "load/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "load/bus_viewer.h"

namespace matchbus::load {
namespace {

constexpr int64_t kStepMs = 5;
constexpr int64_t kProgressMs = 1'000;
constexpr double kQuietS = 0.5;  // for what is under way to arrive

std::vector<std::unique_ptr<Judge>> make_judges(size_t count) {
  std::vector<std::unique_ptr<Judge>> judges;
  for (size_t i = 0; i < count; ++i) judges.push_back(std::make_unique<Judge>());
  return judges;
}

}  // namespace

Run::Run(const Clock& clock, Log& log, RunOptions options)
    : clock_(clock),
      options_(std::move(options)),
      loop_(clock, log),
      ws_(ws::Context::create(loop_)),
      judges_(make_judges(options_.crowd.matches)),
      crowd_(loop_, options_.crowd, group_codes(), judges_, totals_) {}

Run::~Run() = default;

// Of this run alone: an earlier run's matches may still be live.
std::vector<std::string> Run::group_codes() const {
  std::vector<std::string> codes;
  for (size_t i = 0; i < options_.crowd.matches; ++i)
    codes.push_back("LOAD-" + std::to_string(getpid()) + "-" + std::to_string(i));
  return codes;
}

std::optional<ProcessStats> Run::server_stats() const {
  return options_.pid != 0 ? read_process_stats(options_.pid) : std::nullopt;
}

RunReport Run::execute() {
  report_.before = server_stats();
  phase_began_ms_ = clock_.monotonic_ms();
  if (options_.observe) {
    for (size_t i = 0; i < options_.crowd.matches; ++i) {
      observers_.push_back(
          std::make_unique<Observer>(loop_, *ws_, options_.observer, crowd_.group_code(i), i + 1, report_.observers));
      observers_.back()->connect();
    }
  }
  if (is_bus()) {
    publisher_ = std::make_unique<BusPublisher>(loop_, options_.publisher, rooms(), report_.bus.published);
  }
  loop_.timers().set(timer_, 0);
  loop_.run();
  report_.bus.players = totals_.bus;
  report_.bus.undelivered = undelivered();
  publisher_.reset();
  check_.reset();
  joined_.clear();
  crowd_.drop();
  observers_.clear();
  return report_;
}

void Run::on_timer(Timer& timer) {
  const int64_t now = clock_.monotonic_ms();
  const Phase next = step(static_cast<double>(now - phase_began_ms_) / 1000);
  if (next != phase_) phase_began_ms_ = clock_.monotonic_ms();
  phase_ = next;
  show_progress(now);
  if (phase_ == Phase::kDone) return loop_.stop();
  loop_.timers().set(timer, kStepMs);
}

Run::Phase Run::step(double elapsed_s) {
  const bool is_late = elapsed_s > options_.connect_limit_s;
  switch (phase_) {
    case Phase::kObservers:
      if (options_.observe && !is_late &&
          report_.observers.logged_on + report_.observers.refused < options_.crowd.matches)
        return phase_;
      return Phase::kConnecting;
    case Phase::kConnecting:
      crowd_.connect_more();
      if (!crowd_.is_complete() && !is_late) return phase_;
      report_.connect_s = elapsed_s;
      return Phase::kSettling;
    case Phase::kSettling:
      if (elapsed_s < options_.settle_s) return phase_;
      report_.connected = report_.start = server_stats();
      crowd_.begin_measuring();
      if (publisher_) publisher_->start();
      return Phase::kMeasuring;
    case Phase::kMeasuring:
      if (elapsed_s < options_.measure_s) return phase_;
      end_measuring(elapsed_s);
      return Phase::kChecking;
    case Phase::kChecking:
      return check(elapsed_s);
    case Phase::kQuiet:
      if (elapsed_s < kQuietS) return phase_;
      if (options_.joins == 0) return after_joins();
      begin_joins(ViewerKind::kIdle);
      return Phase::kIdleJoins;
    case Phase::kIdleJoins:
      if (!end_handshakes(*joined_.back(), join_totals_, elapsed_s, report_.idle_joins)) return phase_;
      begin_joins(ViewerKind::kOverlay);
      return Phase::kJoins;
    case Phase::kJoins:
      if (!end_handshakes(*joined_.back(), join_totals_, elapsed_s, report_.joins)) return phase_;
      return after_joins();
    case Phase::kDropped:
      if (elapsed_s < 2 * kQuietS) return phase_;
      if (!publisher_ || options_.crowd.viewer.bus.missed == 0) {
        begin_storm();
        return Phase::kStorm;
      }
      publisher_->publish_to_all(options_.crowd.viewer.bus.missed);
      owed_ += options_.crowd.viewer.bus.missed * options_.crowd.viewers;
      return Phase::kMissed;
    case Phase::kMissed:
      if (!publisher_->is_idle()) return phase_;
      begin_storm();
      return Phase::kStorm;
    case Phase::kStorm:
      if (!end_handshakes(crowd_, totals_, elapsed_s, report_.storms.back())) return phase_;
      return after_joins();
    case Phase::kDone:
      break;
  }
  return Phase::kDone;
}

BusPublisher::Rooms Run::rooms() const {
  BusPublisher::Rooms rooms{"team:" + bus_team(), {}};
  if (options_.publisher.to == BusRoom::kSector) {
    for (size_t i = 0; i < options_.crowd.matches; ++i) rooms.in_turn.push_back("sector:" + crowd_.group_code(i));
  } else if (options_.publisher.to == BusRoom::kPlayer) {
    for (size_t i = 0; i < options_.crowd.viewers; ++i) rooms.in_turn.push_back("personal:" + bus_user(i));
  }
  return rooms;
}

int64_t Run::undelivered() const {
  return static_cast<int64_t>(report_.bus.published.receivers + owed_) - static_cast<int64_t>(totals_.bus.events);
}

void Run::end_measuring(double elapsed_s) {
  totals_.measuring = false;
  report_.measure_s = elapsed_s;
  report_.end = server_stats();
  report_.viewers = totals_;
  report_.summary = crowd_.summary();
  report_.bus.measured = report_.bus.published.messages;
  if (publisher_) publisher_->pause();
  // With a marker in every tick there is a broadcast in every tick.
  const bool has_news_every_tick = options_.observe && options_.observer.marks_per_second * options_.tick_ms > 1'200;
  if (has_news_every_tick && crowd_.readers() != 0) {
    const auto ticks = static_cast<uint64_t>(elapsed_s * 1000 / options_.tick_ms);
    const uint64_t got = report_.summary.fewest_of_match + 1;  // one may be under way
    report_.missed_ticks = ticks > got ? ticks - got : 0;
  }
  for (const auto& observer : observers_) observer->pause();
  crowd_.hurry();
}

Run::Phase Run::check(double elapsed_s) {
  constexpr double kLimitS = 5;
  if (publisher_ && elapsed_s < kLimitS && (!publisher_->is_idle() || undelivered() != 0)) return phase_;
  const bool logs_on = options_.crowd.viewer.kind == ViewerKind::kOverlay;
  if (options_.observe && logs_on && crowd_.readers() != 0) {
    if (elapsed_s < kQuietS) return phase_;
    if (!check_) {
      check_ = std::make_unique<FinalCheck>(loop_, options_.crowd.viewer, crowd_, judges_, options_.crowd.matches);
    }
    if (elapsed_s < 2 * kQuietS) return phase_;
    report_.wrong_final = check_->count_wrong();
    if (*report_.wrong_final != 0 && elapsed_s < kLimitS) return phase_;
    check_.reset();
  }
  for (const auto& judge : judges_) {
    report_.unreadable += judge->unreadable();
    report_.wrong_patches += judge->wrong_patches();
  }
  return options_.joins != 0 || options_.storms != 0 ? Phase::kQuiet : Phase::kDone;
}

void Run::begin_storm() {
  begin_handshakes(totals_);
  report_.storms.emplace_back();
}

void Run::begin_joins(ViewerKind kind) {
  CrowdOptions& options = kind == ViewerKind::kIdle ? idle_options_ : join_options_;
  options = options_.crowd;
  options.viewer.kind = kind;
  options.viewers = options_.joins;
  options.stalled = options.slow = options.polling = 0;
  joined_.push_back(std::make_unique<Crowd>(loop_, options, group_codes(), judges_, join_totals_));
  begin_handshakes(join_totals_);
}

void Run::begin_handshakes(const ViewerTotals& totals) {
  connected_before_ = totals.connected;
  failed_before_ = totals.failed;
  stats_before_ = server_stats();
}

bool Run::end_handshakes(Crowd& crowd, const ViewerTotals& totals, double elapsed_s, Handshakes& handshakes) {
  crowd.connect_more();
  if (!crowd.is_complete() && elapsed_s < options_.connect_limit_s) return false;
  const std::optional<ProcessStats> stats = server_stats();
  if (stats && stats_before_) handshakes.cpu_seconds = stats->cpu_seconds - stats_before_->cpu_seconds;
  handshakes.seconds = elapsed_s;
  // Of all viewers that these totals count, those that were there before are none of these.
  handshakes.count = totals.connected - connected_before_;
  handshakes.failed = totals.failed - failed_before_;
  return true;
}

Run::Phase Run::after_joins() {
  if (report_.storms.size() >= options_.storms) return Phase::kDone;
  joined_.clear();
  crowd_.drop();
  return Phase::kDropped;
}

void Run::show_progress(int64_t now_ms) {
  if (!options_.progress || (now_ms < next_progress_ms_ && phase_ != Phase::kDone)) return;
  next_progress_ms_ = now_ms + kProgressMs;
  constexpr const char* kNames[] = {"observers",  "connecting", "settling", "measuring", "checking", "quiet",
                                    "idle joins", "joins",      "dropped",  "missed",    "storm",    "done"};
  std::fprintf(stderr, "\r%-10s viewers %zu, failed %lu, lost %lu, events %lu, messages %lu   ",
               kNames[static_cast<size_t>(phase_)], totals_.connected + join_totals_.connected, totals_.failed,
               totals_.lost, report_.observers.events, totals_.messages);
  if (phase_ == Phase::kDone) std::fputc('\n', stderr);
}

}  // namespace matchbus::load

#include "load/run.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace matchbus::load {
namespace {

constexpr int64_t kStepMs = 5;
constexpr int64_t kProgressMs = 1'000;
constexpr int64_t kStaleUs = 100'000;

// Of this run alone: an earlier run's matches may still be live.
std::string group_name(size_t match) { return "LOAD-" + std::to_string(getpid()) + "-" + std::to_string(match); }

}  // namespace

Run::Run(const Clock& clock, Log& log, RunOptions options)
    : clock_(clock), options_(std::move(options)), loop_(clock, log), ws_(ws::Context::create(loop_)) {
  for (size_t i = 0; i < options_.matches; ++i) judges_.push_back(std::make_unique<Judge>());
}

Run::~Run() = default;

RunReport Run::execute() {
  if (options_.pid != 0) report_.before = read_process_stats(options_.pid);
  phase_began_ms_ = clock_.monotonic_ms();
  if (options_.observe) {
    for (size_t i = 0; i < options_.matches; ++i) {
      observers_.push_back(
          std::make_unique<Observer>(loop_, *ws_, options_.observer, group_name(i), i + 1, report_.observers));
      observers_.back()->connect();
    }
  }
  loop_.timers().set(timer_, 0);
  loop_.run();
  viewers_.clear();
  observers_.clear();
  return report_;
}

void Run::on_timer(Timer& timer) {
  step();
  if (phase_ == Phase::kDone) return loop_.stop();
  loop_.timers().set(timer, kStepMs);
}

bool Run::limit_passed(int64_t now_ms) const {
  return now_ms - phase_began_ms_ > int64_t{options_.connect_limit_s} * 1000;
}

void Run::step() {
  const int64_t now = clock_.monotonic_ms();
  const double elapsed = static_cast<double>(now - phase_began_ms_) / 1000;
  const Phase before = phase_;
  switch (phase_) {
    case Phase::kObservers:
      if (!options_.observe || report_.observers.logged_on + report_.observers.refused >= options_.matches ||
          limit_passed(now)) {
        phase_ = Phase::kConnecting;
      }
      break;
    case Phase::kConnecting:
      connect_more();
      if (report_.viewers.connected + report_.viewers.failed + report_.viewers.lost >= options_.viewers ||
          limit_passed(now)) {
        report_.connect_s = elapsed;
        phase_ = Phase::kSettling;
      }
      break;
    case Phase::kSettling:
      if (elapsed < options_.settle_s) break;
      begin_measuring();
      phase_ = Phase::kMeasuring;
      break;
    case Phase::kMeasuring:
      if (elapsed < options_.measure_s) break;
      report_.measure_s = elapsed;
      end_measuring();
      phase_ = Phase::kDone;
      break;
    case Phase::kDone:
      break;
  }
  if (phase_ != before) phase_began_ms_ = now;
  show_progress(now);
}

void Run::connect_more() {
  while (viewers_.size() < options_.viewers && report_.viewers.connecting < options_.connect_at_once) {
    const size_t match = viewers_.size() % options_.matches;
    viewers_.push_back(
        std::make_unique<Viewer>(loop_, options_.viewer, group_name(match), report_.viewers, *judges_[match]));
    viewers_.back()->connect();
  }
}

void Run::begin_measuring() {
  if (options_.pid != 0) report_.connected = report_.start = read_process_stats(options_.pid);
  // The last ones stall.
  const size_t readers = viewers_.size() - std::min(options_.stalled, viewers_.size());
  for (size_t i = readers; i < viewers_.size(); ++i) {
    if (!viewers_[i]->is_gone()) viewers_[i]->pause();
  }
  for (const auto& viewer : viewers_) messages_at_start_.push_back(viewer->messages());
  report_.viewers.measuring = true;
}

void Run::end_measuring() {
  report_.viewers.measuring = false;
  if (options_.pid != 0) report_.end = read_process_stats(options_.pid);
  const size_t readers = viewers_.size() - std::min(options_.stalled, viewers_.size());
  std::vector<int64_t> newest(options_.matches);
  for (size_t i = 0; i < readers; ++i)
    newest[i % options_.matches] = std::max(newest[i % options_.matches], viewers_[i]->last_marker());
  report_.least_messages = readers == 0 ? 0 : UINT64_MAX;
  for (size_t i = 0; i < readers; ++i) {
    const uint64_t got = viewers_[i]->messages() - messages_at_start_[i];
    report_.least_messages = std::min(report_.least_messages, got);
    report_.most_messages = std::max(report_.most_messages, got);
    // One broadcast may still be under way to some of a room.
    if (newest[i % options_.matches] - viewers_[i]->last_marker() > 2 * kStaleUs) ++report_.stale;
  }
  for (const auto& judge : judges_) report_.unreadable += judge->unreadable();
}

void Run::show_progress(int64_t now_ms) {
  if (!options_.progress || now_ms < next_progress_ms_) return;
  next_progress_ms_ = now_ms + kProgressMs;
  constexpr const char* kNames[] = {"observers", "connecting", "settling", "measuring", "done"};
  std::fprintf(stderr, "\r%-10s viewers %zu, failed %lu, lost %lu, events %lu, messages %lu   ",
               kNames[static_cast<size_t>(phase_)], report_.viewers.connected, report_.viewers.failed,
               report_.viewers.lost, report_.observers.events, report_.viewers.messages);
  if (phase_ == Phase::kDone) std::fputc('\n', stderr);
}

}  // namespace matchbus::load

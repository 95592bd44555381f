// What the backend hears of matches: registered at their start, updated every round, completed at their end (spec
// section 6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/timer_wheel.h"
#include "gateway/call_lanes.h"
#include "match/registry.h"

namespace matchbus::gateway {

struct MatchReportOptions {
  std::string url;    // of the backend
  std::string token;  // "": none is sent
};

class MatchReports final : private Timer::Handler {
 public:
  // Borrows all. At most `max_waiting` calls wait for each match.
  MatchReports(ServiceCaller& caller, match::MatchRegistry& registry, const Clock& clock, TimerWheel& timers,
               MatchReportOptions options, size_t max_waiting);

  // The match has got its id. When the backend has taken it, it is marked as registered; if the backend refuses it or
  // is not there, nothing more is told of it. While too many calls are under way it waits.
  void on_started(const match::Match& match);
  // A round begins: the newest state is what counts.
  void on_round(const match::Match& match);
  // It has ended or was given up. Nothing happens unless it is registered, or about to be.
  void on_ended(const match::Match& match);

 private:
  struct Postponed {
    std::string group;
    std::string match_id;
  };
  void on_timer(Timer& timer) override;
  ServiceCall call_for(const match::Match& match, std::string_view method, std::string_view verb) const;
  void on_registered(const std::string& group, const std::string& match_id);

  ServiceCaller& caller_;
  TimerWheel& timers_;
  Timer retry_{*this};
  std::vector<Postponed> postponed_;  // to be registered
  CallLanes lanes_;
  match::MatchRegistry& registry_;
  const Clock& clock_;
  MatchReportOptions options_;
};

}  // namespace matchbus::gateway

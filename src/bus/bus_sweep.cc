// The sweep (realtime-bus section 5): silent sockets and expired tokens go, changed sectors are told who is there, old
// events are forgotten. A part per timer, so that no turn is long; sockets that come meanwhile wait for the next sweep.
#include <algorithm>

#include "bus/bus_impl.h"

namespace matchbus::bus {
namespace {

constexpr size_t kSessionsPerTurn = 1'000;
constexpr size_t kSectorsPerTurn = 20;
constexpr int64_t kPauseMs = 1;  // to the next turn's part

}  // namespace

void BusImpl::on_timer(Timer& timer) {
  TimerWheel& timers = loop_.timers();
  if (sweep_step_ == SweepStep::kWait) {
    sweep_step_ = SweepStep::kSessions;
    sweep_left_ = sessions_.size();
  }
  if (sweep_step_ == SweepStep::kSessions) {
    // From the end: a session that goes leaves its place to the last, which has been looked at.
    for (size_t i = 0; i < kSessionsPerTurn && sweep_left_ != 0; ++i) {
      sweep_left_ = std::min(sweep_left_, sessions_.size());
      if (sweep_left_ != 0) sweep_session(*sessions_[--sweep_left_]);
    }
    if (sweep_left_ != 0) return timers.set(timer, kPauseMs);
    sweep_step_ = SweepStep::kPresence;
    presence_.begin_telling();
  }
  if (!presence_.tell_some(kSectorsPerTurn)) return timers.set(timer, kPauseMs);
  replay_.expire();
  departures_.expire(loop_.clock().monotonic_ms());
  sweep_step_ = SweepStep::kWait;
  timers.set(timer, options_.presence_sweep_ms);
}

void BusImpl::sweep_session(Session& session) {
  if (loop_.clock().monotonic_ms() - session.heard_ms > options_.heartbeat_timeout_ms) {
    ++stats_.timed_out;
    close(session, kHeartbeatTimeout, "heartbeat timeout");
  } else if (session.has_expired(loop_.clock().wall_ms())) {
    ++stats_.expired;
    close(session, kUnauthorized, "expired");
  }
}

}  // namespace matchbus::bus

// Getting events to sockets: outboxes, their bounds, and sending in slices (realtime-bus section 6).
//
// An event is put into an outbox in constant time, and the socket on a list. The list is worked off at the end of the
// turn, for a few milliseconds per turn, so that reads, accepts and pings stay live however large a room is. A socket
// takes from its outbox while its connection has nothing pending; one whose peer is slow waits until the connection has
// drained. So there is one order for each socket, that of being put into the outbox, whatever the slices do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/timer_wheel.h"
#include "bus/event.h"
#include "bus/options.h"
#include "bus/outbox.h"
#include "bus/session.h"
#include "bus/stats.h"
#include "net/loop.h"

namespace matchbus::bus {

class Delivery final : private Timer::Handler {
 public:
  class Client {
   public:
    // Messages were lost; the outbox is empty. Says so to the client of the socket.
    virtual void on_overflow(Session& session) = 0;
    // The next of what a session with a replay missed; null at the end of it, or if it was dropped in the meantime, of
    // which the session has been told then.
    virtual EventRef next_missed(Session& session) = 0;
    // Everything is sent to a session that `has_stale`.
    virtual void on_caught_up(Session& session) = 0;
    // The peer has taken nothing for too long: ends the session.
    virtual void on_stalled(Session& session) = 0;

   protected:
    ~Client() = default;
  };

  // Borrows `loop`, `options`, `stats` and `client`.
  Delivery(net::Loop& loop, const BusOptions& options, BusStats& stats, Client& client);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  // Puts an event into the outbox; over the bounds room is made. May call on_overflow.
  void push(Session& session, const EventRef& event);
  // The same, but it does not count against the bounds: what says that others were lost.
  void push_uncounted(Session& session, const EventRef& event);
  // `session.replay` was set: it is sent as the peer takes it, before what is in the outbox. Begins at once, so that
  // what is in the log now comes if the peer is not slow.
  void start_replay(Session& session) { send_waiting(session); }
  // Drops what waits for the session.
  void clear(Session& session);
  // True if the session waits for its peer.
  static bool is_held_back(const Session& session) { return session.late_place != Session::kNone; }
  // The connection has drained.
  void on_drained(Session& session);
  // The session ends: sends what can be sent at once, and forgets it.
  void end(Session& session);

 private:
  struct Late {
    Session* session;
    size_t pending;  // bytes, at `since_ms`
    int64_t since_ms;
  };
  // What the loop's task holds: outlives this object if a slice is due.
  struct Ticket {
    Delivery* delivery;
  };
  bool is_over(const Session& session) const;
  void make_room(Session& session);
  // What is to be sent next; null: nothing.
  EventRef take_next(Session& session);
  void send_waiting(Session& session);
  void mark_dirty(Session& session);
  void mark_late(Session& session);
  void clear_late(Session& session);
  void request_slice();
  void run_slice();
  void touch_next(size_t count) const;
  void forget_done();
  void on_timer(Timer& timer) override;

  net::Loop& loop_;
  const BusOptions& options_;
  BusStats& stats_;
  Client& client_;
  Outbox::Nodes nodes_;
  std::vector<Session*> dirty_;  // null where forgotten
  size_t next_ = 0;              // in dirty_: what is before is done
  bool is_requested_ = false;
  std::unique_ptr<Ticket> ticket_;
  std::vector<Late> late_;
  Timer stall_timer_{*this};
};

}  // namespace matchbus::bus

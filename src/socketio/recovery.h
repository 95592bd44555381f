// Connection state recovery: what a socket keeps so that its client can come back after a lost connection, and the
// server's list of sockets that can.
// https://socket.io/docs/v4/connection-state-recovery
//
// Every event that a socket emits gets a number, and the number, as text, is the offset that the client brings back:
// events with higher numbers are sent again. Only the latest events are kept; a client whose offset lies before them
// cannot be recovered. The number may be followed by a dot and a note of the application, which so comes back even to a
// server that knows nothing of the socket (one that was started again). An event that wants an ack is never sent twice
// (its offset would reach no client: the ack callback is the last argument there), so it has no offset and is kept only
// while nobody can receive it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/timer_wheel.h"
#include "socketio/engine.h"
#include "socketio/server.h"

namespace matchbus::socketio {

class ServerSocket;

// An encoded event as it was, or would have been, sent.
struct KeptEvent {
  uint64_t number = 0;
  Bytes packet;
  std::vector<Bytes> attachments;
  bool once = false;  // wants an ack

  size_t bytes() const;
  std::vector<std::string_view> views() const;  // of the attachments
};

// The events of one socket.
class EventLog {
 public:
  EventLog(size_t max_events, size_t max_bytes) : max_events_(max_events), max_bytes_(max_bytes) {}

  // The number of the next event, which has to be kept before another one is asked for.
  uint64_t next_number() const { return last_ + 1; }
  // The offset of the event with that number.
  std::string offset(uint64_t number) const;
  // What offsets say besides the number.
  void set_note(std::string_view note) { note_ = note; }
  // Goes on counting from an offset of an earlier socket, which the client holds until it gets an event of this one.
  // Before the first event.
  void continue_from(std::string_view offset);

  // Keeps an event under the next number; older ones may have to be dropped for it.
  void keep(Bytes packet, std::span<const std::string_view> attachments, bool once);
  // The number that an offset means, if all events after it are here. No offset: the client has got nothing yet.
  std::optional<uint64_t> find(std::optional<std::string_view> offset) const;
  // The connection is lost: what is kept from now on has certainly not been received.
  void mark_loss() { lost_at_ = last_; }
  // True if such an event had to be dropped since.
  bool has_gap() const { return dropped_ > lost_at_; }
  // Events kept, oldest first.
  const std::deque<KeptEvent>& events() const { return events_; }
  // Drops the events that must not be sent again.
  void drop_once();

 private:
  size_t max_events_;
  size_t max_bytes_;
  std::deque<KeptEvent> events_;
  uint64_t last_ = 0;
  uint64_t dropped_ = 0;  // highest number that is no longer here
  uint64_t lost_at_ = 0;  // last number before the latest loss
  size_t bytes_ = 0;
  std::string note_;
};

// A socket's recovery: its secret identifier, its events, and, while it is lost, the time left.
class Recovery final : private Timer::Handler {
 public:
  Recovery(ServerSocket& socket, size_t max_events, size_t max_bytes);

  // Secret between server and client; the socket's id is not.
  const std::string& pid() const { return pid_; }
  EventLog& log() { return log_; }

  void start_window(TimerWheel& timers, int64_t window_ms) { timers.set(timer_, window_ms); }
  void stop_window() { timer_.cancel(); }

  EngineClose reason = EngineClose::kTransportClose;  // why the connection was lost

 private:
  void on_timer(Timer& timer) override;

  ServerSocket& socket_;
  std::string pid_;
  EventLog log_;
  Timer timer_{*this};
};

// The sockets of a server that can be recovered, found by their pid; owns those that are lost now.
//
// Whoever can connect can also drop, at no cost, so places for lost sockets are what attackers fill first. They are
// kept apart by what the application knows of their sockets (Standing): those it knows lose none to anybody else, and
// of the sockets of one party, say a match, the newest are kept, so that one party cannot fill the places of the
// others.
class RecoveryTable {
 public:
  // `max_lost` as in ServerOptions::recovery_max_sockets, `max_of_party` as in recovery_max_of_party.
  RecoveryTable(size_t max_lost, size_t max_of_party);
  ~RecoveryTable();

  void add(ServerSocket& socket);
  void remove(ServerSocket& socket);
  ServerSocket* find(std::string_view pid) const;

  bool has_room(const ServerSocket& socket) const;
  // Returns the socket of the same party that has to leave for it, if any, which is still here.
  ServerSocket* keep_lost(std::unique_ptr<ServerSocket> socket);
  // Gives a lost socket back to the caller; null if it is not here.
  std::unique_ptr<ServerSocket> take_lost(ServerSocket& socket);
  size_t lost() const { return lost_.size(); }
  std::vector<ServerSocket*> all_lost() const;

 private:
  using Kind = Standing::Kind;
  using Party = std::pair<Kind, std::string>;
  struct Lost {
    std::unique_ptr<ServerSocket> socket;
    Party party;
  };
  static Standing standing_of(const ServerSocket& socket);
  size_t& count_of(Kind kind) { return counts_[static_cast<size_t>(kind)]; }
  size_t count_of(Kind kind) const { return counts_[static_cast<size_t>(kind)]; }
  // Takes it out of its party's line.
  void leave_party(const Party& party, ServerSocket& socket);

  size_t max_lost_;
  size_t max_of_party_;
  std::unordered_map<std::string_view, ServerSocket*> by_pid_;  // keys lie in the sockets' recoveries
  std::unordered_map<ServerSocket*, Lost> lost_;
  std::map<Party, std::deque<ServerSocket*>> parties_;  // with a name; each oldest first
  std::array<size_t, 3> counts_{};                      // of lost_, by kind
};

}  // namespace matchbus::socketio

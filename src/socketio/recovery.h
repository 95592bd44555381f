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

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/timer_wheel.h"
#include "socketio/engine.h"

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
class RecoveryTable {
 public:
  // `max_lost`: lost sockets kept at a time; a tenth of them may be without application data, so that clients that
  // never said who they are cannot take the places of those that did.
  explicit RecoveryTable(size_t max_lost);
  ~RecoveryTable();

  void add(ServerSocket& socket);
  void remove(ServerSocket& socket);
  ServerSocket* find(std::string_view pid) const;

  bool has_room(const ServerSocket& socket) const;
  void keep_lost(std::unique_ptr<ServerSocket> socket);
  // Gives a lost socket back to the caller; null if it is not here.
  std::unique_ptr<ServerSocket> take_lost(ServerSocket& socket);
  size_t lost() const { return lost_.size(); }
  std::vector<ServerSocket*> all_lost() const;

 private:
  size_t max_lost_;
  size_t plain_lost_ = 0;  // of them without data when they were lost
  struct Lost {
    std::unique_ptr<ServerSocket> socket;
    bool plain = false;
  };
  std::unordered_map<std::string_view, ServerSocket*> by_pid_;  // keys lie in the sockets' recoveries
  std::unordered_map<ServerSocket*, Lost> lost_;
};

}  // namespace matchbus::socketio

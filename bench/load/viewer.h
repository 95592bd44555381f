// One receiver of many: connects, logs on where its kind does, answers pings and counts what it gets. Small, since
// thousands of them share a process with the measuring. Each kind of transport is a class of its own (make_viewer).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "load/histogram.h"
#include "load/judge.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::load {

enum class ViewerKind : uint8_t {
  kOverlay,    // Socket.IO over WebSocket, logs on to its group
  kPolling,    // Socket.IO over long polling, logs on to its group
  kIdle,       // Socket.IO over WebSocket, connected, without a logon
  kWebSocket,  // plain WebSocket at `path`: counts every message
  kRaw,        // plain TCP: counts bytes, as messages of `raw_message` bytes
  kBus,        // a player of the realtime bus
};

// What players of the realtime bus need.
struct BusPlayers {
  std::string secret;  // signs their tokens (HS256)
  size_t topics = 0;   // that each subscribes to
  size_t missed = 0;   // events that one that comes back is to get, before it is ready
};

struct ViewerOptions {
  ViewerKind kind = ViewerKind::kOverlay;
  std::string host = "127.0.0.1";
  uint16_t port = 5200;
  std::string path = "/socket.io/?EIO=4&transport=websocket";
  bool deflate = true;  // offer permessage-deflate as browsers do
  bool diff = false;
  size_t raw_message = 0;
  BusPlayers bus;
};

// Which viewer of the crowd it is.
struct ViewerPlace {
  std::string group_code;     // of its match, or its sector
  size_t number = 0;          // in the crowd
  int64_t last_event_id = 0;  // of the bus's player that was in this place before; 0: none was
};

// What players of the bus add up, at any time.
struct BusTotals {
  uint64_t events = 0;    // that the run's publisher sent
  uint64_t disorder = 0;  // event ids not over the one before
  uint64_t resyncs = 0;
};

// What all viewers of a run add up.
struct ViewerTotals {
  size_t connecting = 0;
  size_t connected = 0;  // ready: logged on, where they log on
  uint64_t failed = 0;
  uint64_t lost = 0;  // connections that ended before the run did
  bool measuring = false;
  // While measuring:
  uint64_t messages = 0;
  uint64_t bytes = 0;  // on the wire: frames, or whole answers, that carry messages
  uint64_t compressed = 0;
  uint64_t patches = 0;
  uint64_t unmarked = 0;   // whole states without a marker: not the observers' match
  uint64_t backwards = 0;  // messages older than one before: wrong order or state
  uint64_t gaps = 0;       // patches that do not follow what the viewer has
  Histogram latency;       // from sending an event to its first delivery, per viewer
  Histogram between;       // from one message to the next, per viewer
  BusTotals bus;
};

class Viewer : protected net::StreamHandler {
 public:
  // Borrows all. `judge` is the match's.
  Viewer(net::Loop& loop, const ViewerOptions& options, std::string group_code, ViewerTotals& totals, Judge& judge);
  virtual ~Viewer();
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  void connect();
  // Stops taking anything, and starts again. From the first pause on its times do not count: it is late by itself.
  void pause();
  void resume();
  // Takes one read's worth (64 KiB at most) and stops again.
  void sip();
  bool is_ready() const { return ready_; }
  // Whether it ended by failing, closing or being closed.
  bool is_gone() const { return gone_; }
  uint64_t messages() const { return messages_; }
  // The longest time without a message while measuring, with the one that lasts; microseconds. 0: no message yet.
  int64_t silence_us(int64_t now) const { return last_at_us_ == 0 ? 0 : std::max(silence_us_, now - last_at_us_); }
  int64_t last_marker() const { return last_marker_; }
  // What it got last: the hash of its text, and its number where it has one.
  uint64_t last_hash() const { return last_hash_; }
  uint64_t last_seq() const { return last_seq_; }
  // Of the bus, got last; 0: none.
  virtual int64_t last_event_id() const { return 0; }

 protected:
  // The connection is there.
  virtual void begin() = 0;
  virtual void take_bytes(std::string_view bytes) = 0;

  void send(std::string_view bytes);
  void fail();
  void ready();
  // The event that logs on, as a packet.
  std::string logon_packet() const;
  // What a text frame or a polling packet says. Null: it cannot be read.
  BroadcastPtr read(std::string_view payload, bool compressed);
  // Counts it as a message. `broadcast` may be null.
  void take_message(const BroadcastPtr& broadcast, bool compressed, size_t wire_bytes);
  void count_raw(uint64_t messages, size_t bytes);
  // Of what is only counted: notes how long the message took if it begins with a marker.
  void take_marker(std::string_view message);
  const ViewerOptions& options() const { return options_; }
  ViewerTotals& totals() { return totals_; }

 private:
  void on_stream_data(std::span<char> data) final;
  void on_stream_closed(net::CloseReason reason) final;
  void take_contents(const Broadcast& broadcast);

  net::Loop& loop_;
  const ViewerOptions& options_;
  ViewerTotals& totals_;
  Judge& judge_;
  std::string group_code_;
  std::unique_ptr<net::Connector> connector_;
  net::StreamPtr stream_;
  BroadcastPtr last_compressed_;
  uint64_t last_hash_ = 0;
  uint64_t last_seq_ = 0;
  int64_t last_marker_ = 0;
  int64_t last_at_us_ = 0;
  int64_t silence_us_ = 0;
  uint64_t messages_ = 0;
  bool sipping_ = false;
  bool timed_ = true;
  bool ready_ = false;
  bool gone_ = false;
};

std::unique_ptr<Viewer> make_viewer(ViewerKind kind, net::Loop& loop, const ViewerOptions& options, ViewerPlace place,
                                    ViewerTotals& totals, Judge& judge);

// Microseconds of the monotonic clock, the unit of markers.
int64_t now_us();

}  // namespace matchbus::load

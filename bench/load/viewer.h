// One overlay of many: a raw Socket.IO client over WebSocket that connects, logs on, answers pings and counts what it
// gets. Small, since thousands of them share a process with the measuring.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "load/frame_scan.h"
#include "load/histogram.h"
#include "load/judge.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::load {

enum class ViewerKind : uint8_t {
  kOverlay,    // Socket.IO, logs on to its group
  kIdle,       // Socket.IO, connected, without a logon
  kWebSocket,  // plain WebSocket at `path`: counts every message
  kRaw,        // plain TCP: counts bytes, as messages of `raw_message` bytes
};

struct ViewerOptions {
  ViewerKind kind = ViewerKind::kOverlay;
  std::string host = "127.0.0.1";
  uint16_t port = 5200;
  std::string path = "/socket.io/?EIO=4&transport=websocket";
  bool deflate = true;  // offer permessage-deflate as browsers do
  bool diff = false;
  size_t raw_message = 0;
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
  uint64_t bytes = 0;  // on the wire, frames of messages only
  uint64_t compressed = 0;
  uint64_t unmarked = 0;   // messages whose marker could not be told
  uint64_t backwards = 0;  // messages whose marker is older than one before: wrong order or state
  Histogram latency;       // from sending an event to its first delivery, per viewer
};

class Viewer final : private net::StreamHandler {
 public:
  // Borrows all. `judge` is the match's.
  Viewer(net::Loop& loop, const ViewerOptions& options, std::string group_code, ViewerTotals& totals, Judge& judge);
  ~Viewer();

  void connect();
  // Stops and restarts taking anything, to be a stalled or slow viewer.
  void pause() { stream_->pause_reading(); }
  void resume() { stream_->resume_reading(); }
  bool is_ready() const { return ready_; }
  // Whether it ended by failing, closing or being closed.
  bool is_gone() const { return gone_; }
  int64_t last_marker() const { return last_marker_; }
  uint64_t messages() const { return messages_; }

 private:
  void on_stream_data(std::span<char> data) override;
  void on_stream_closed(net::CloseReason reason) override;
  void start(net::StreamPtr stream);
  void fail();
  void ready();
  void take_head(std::string_view bytes);
  bool take_frame(const ScannedFrame& frame);
  void take_message(const ScannedFrame& frame);
  void send_text(std::string_view text, uint8_t opcode = 1);

  net::Loop& loop_;
  const ViewerOptions& options_;
  ViewerTotals& totals_;
  Judge& judge_;
  std::string group_code_;
  std::unique_ptr<net::Connector> connector_;
  net::StreamPtr stream_;
  std::string head_;  // the handshake's answer while it is not whole
  FrameScanner frames_;
  int64_t last_marker_ = 0;
  uint64_t messages_ = 0;
  size_t raw_bytes_ = 0;
  bool upgraded_ = false;
  bool ready_ = false;
  bool gone_ = false;
};

// Microseconds of the monotonic clock, the unit of markers.
int64_t now_us();

}  // namespace matchbus::load

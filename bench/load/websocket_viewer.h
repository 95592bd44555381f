// Viewers over one WebSocket: overlays, idle ones and plain ones; and raw TCP, which needs even less.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/frame_scan.h"
#include "load/viewer.h"

namespace matchbus::load {

class WebSocketViewer : public Viewer {
 public:
  WebSocketViewer(ViewerKind kind, net::Loop& loop, const ViewerOptions& options, std::string group_code,
                  ViewerTotals& totals, Judge& judge)
      : Viewer(loop, options, std::move(group_code), totals, judge), kind_(kind) {}

 protected:
  // What is asked for, and headers besides those of the handshake, each with its line's end.
  virtual std::string target() const { return options().path; }
  virtual std::string more_headers() const { return {}; }
  virtual void take_packet(const ScannedFrame& frame);
  void send_frame(std::string_view payload, uint8_t opcode);

 private:
  void begin() override;
  void take_bytes(std::string_view bytes) override;
  void take_raw(std::string_view bytes);
  void take_head(std::string_view bytes);
  void take_frames(std::string_view bytes);
  bool take_frame(const ScannedFrame& frame);

  ViewerKind kind_;
  bool upgraded_ = false;
  std::string head_;  // the handshake's answer while it is not whole
  FrameScanner frames_;
  size_t raw_bytes_ = 0;
};

}  // namespace matchbus::load

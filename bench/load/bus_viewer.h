// A player of the realtime bus: comes with a token of its own, subscribes, and checks that event ids only grow and,
// after it was away, that it gets what it missed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "load/websocket_viewer.h"

namespace matchbus::load {

// Rooms that the players of this process are in besides their sectors.
std::string bus_team();
std::string bus_user(size_t number);

class BusViewer final : public WebSocketViewer {
 public:
  BusViewer(net::Loop& loop, const ViewerOptions& options, ViewerPlace place, ViewerTotals& totals, Judge& judge)
      : WebSocketViewer(ViewerKind::kBus, loop, options, place.group_code, totals, judge),
        place_(std::move(place)),
        last_id_(place_.last_event_id) {}

  int64_t last_event_id() const override { return last_id_; }

 private:
  std::string target() const override;
  std::string more_headers() const override;
  void take_packet(const ScannedFrame& frame) override;
  void take_event(std::string_view type);
  void subscribe();
  // It has been away, and is to get what it missed.
  bool comes_back() const { return place_.last_event_id != 0; }

  ViewerPlace place_;
  int64_t last_id_;
  size_t caught_up_ = 0;  // events since it came back
};

}  // namespace matchbus::load

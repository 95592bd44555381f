// Sending: an event to everybody in some rooms, or an answer to one socket (realtime-bus section 2, "Sends").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/bus.h"
#include "bus/delivery.h"
#include "bus/event_writer.h"
#include "bus/replay_log.h"
#include "bus/room.h"
#include "bus/user.h"

namespace matchbus::bus {

class Broadcast {
 public:
  // Borrows all of them.
  Broadcast(EventIds& ids, EventWriter& writer, const RoomTable& rooms, const UserTable& users, ReplayLog& replay,
            Delivery& delivery, BusStats& stats)
      : ids_(ids), writer_(writer), rooms_(rooms), users_(users), replay_(replay), delivery_(delivery), stats_(stats) {}

  // To everybody in at least one of the rooms, once, except `exclude_user`; kept for those who come back. `write` gets
  // a json::Writer inside the object; it is not called if nobody can ever get the event.
  template <typename Write>
  Sent send(std::span<const Target> targets, Write&& write, MessageClass message_class,
            std::string_view exclude_user = {}) {
    const int64_t id = ids_.next();
    ++stats_.events;
    if (!find_rooms(targets)) return {id, 0};
    return {id, deliver(writer_.make_with_id(id, std::forward<Write>(write), message_class), exclude_user)};
  }

  // To one socket; not kept.
  template <typename Write>
  void answer(Session& session, Write&& write) {
    delivery_.push(session, writer_.make(std::forward<Write>(write)));
  }

 private:
  // Fills found_; false if nobody is or was in any of them.
  bool find_rooms(std::span<const Target> targets);
  // How many sockets it was queued for.
  size_t deliver(const EventRef& event, std::string_view exclude_user);

  EventIds& ids_;
  EventWriter& writer_;
  const RoomTable& rooms_;
  const UserTable& users_;
  ReplayLog& replay_;
  Delivery& delivery_;
  BusStats& stats_;
  std::vector<Room*> found_;
};

}  // namespace matchbus::bus

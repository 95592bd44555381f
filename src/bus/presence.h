// Who is in a room, and which sectors' people changed (realtime-bus section 5).
#pragma once

#include <cstddef>
#include <vector>

#include "bus/broadcast.h"
#include "bus/bus.h"
#include "bus/room.h"

namespace matchbus::bus {

class Presence {
 public:
  // The users of a list that goes out in one message; whoever needs more asks the server API.
  static constexpr size_t kMostListed = 500;

  // Borrows both.
  Presence(RoomTable& rooms, Broadcast& broadcast) : rooms_(rooms), broadcast_(broadcast) {}

  // The users in a room in the order of their connecting. Views into the users' rows.
  static std::vector<PresentUser> list(const Room& room);

  // Somebody came to this sector or left it.
  void mark_changed(Room& sector);
  // Begins to tell the sectors that changed until now; `tell_some` does it, and is true when none is left.
  void begin_telling();
  bool tell_some(size_t rooms);

 private:
  void tell(const Room& sector);

  RoomTable& rooms_;
  Broadcast& broadcast_;
  std::vector<Room*> changed_;
  std::vector<Room*> telling_;  // the rest of the last begin_telling
};

}  // namespace matchbus::bus

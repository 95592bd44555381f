#include "bus/broadcast.h"

#include <algorithm>

namespace matchbus::bus {

bool Broadcast::find_rooms(std::span<const Target> targets) {
  found_.clear();
  for (const Target& target : targets) {
    Room* const room = rooms_.find(target);
    if (room == nullptr || (room->members.empty() && room->holders == 0)) continue;
    if (std::find(found_.begin(), found_.end(), room) == found_.end()) found_.push_back(room);
  }
  return !found_.empty();
}

size_t Broadcast::deliver(const EventRef& event, std::string_view exclude_user) {
  const User* const excluded = exclude_user.empty() ? nullptr : users_.find(exclude_user);
  size_t receivers = 0;
  for (const Room* const room : found_) {
    for (Session* const session : room->members) {
      if (excluded != nullptr && session->user == excluded) continue;
      // It has it from another of the rooms (and maybe a later `state_resync`, if that was too much).
      if (session->last_queued_id >= event->id()) continue;
      delivery_.push(*session, event);
      ++receivers;
    }
  }
  replay_.keep(event, found_, exclude_user);
  return receivers;
}

}  // namespace matchbus::bus

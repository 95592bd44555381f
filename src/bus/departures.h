// Sockets that have ended and may come back: what they held, for as long as events are kept (realtime-bus section 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bus/room.h"

namespace matchbus::bus {

class Departures {
 public:
  // Borrows `rooms`. At most `max` are kept, and `max_of_user` of one user, so that nobody can push out what is
  // remembered of others; the latest. 0 is
  // no limit.
  Departures(RoomTable& rooms, int64_t age_ms, size_t max, size_t max_of_user)
      : rooms_(rooms), age_ms_(age_ms), max_(max), max_of_user_(max_of_user) {}

  // Remembers what a device of a user held; the rooms are held already (RoomTable::leave_all) and belong to this table
  // now. Replaces what was remembered of the device.
  void keep(std::string_view user_id, std::string_view device_id, Memberships held, int64_t now_ms);
  // Forgets the device and gives what it held to the caller, who unholds it.
  std::optional<Memberships> take(std::string_view user_id, std::string_view device_id);
  // Drops what is too old; may free rooms.
  void expire(int64_t now_ms);

  size_t size() const { return departures_.size(); }

 private:
  struct Departure {
    std::string user_id;
    std::string device_id;
    Memberships held;
    int64_t left_ms;
  };
  using Place = std::list<Departure>::iterator;
  Memberships forget(Place place);

  RoomTable& rooms_;
  int64_t age_ms_;
  size_t max_;
  size_t max_of_user_;
  std::list<Departure> departures_;                              // oldest first
  std::unordered_map<std::string, std::vector<Place>> by_user_;  // oldest first
};

}  // namespace matchbus::bus

// Rooms and topics: who is in them, and which kept events went to them. To the bus a topic is a room that sockets
// entered by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "bus/compact_text.h"
#include "bus/members.h"
#include "bus/target.h"

namespace matchbus::bus {

struct ReplayLink;
struct Room;
struct Session;

// A socket's place in a room; also what is remembered of it when the socket is gone.
struct Membership {
  Room* room = nullptr;
  int64_t since = 0;      // the last event id when the room was entered: events after it are for this member
  uint32_t place = 0;     // in Room::members
  bool is_stale = false;  // state of this topic passed the socket by
};
using Memberships = std::vector<Membership>;

struct Room {
  explicit Room(const Target& target) : kind(target.kind), id(target.id) {}

  RoomKind kind;
  bool has_source = false;           // a topic whose state the TopicSource makes
  bool is_presence_changed = false;  // a sector whose users changed since the last sweep
  uint32_t holders = 0;              // departures that remember it
  CompactText id;                    // as in Target
  Members members;
  ReplayLink* first = nullptr;  // kept events, in the order of their ids
  ReplayLink* last = nullptr;

  Target target() const { return {kind, id}; }
};

// All rooms that have members, holders, kept events or changed presence. Rooms keep their addresses.
class RoomTable {
 public:
  Room* find(const Target& target) const;
  // Makes it if it is not there; it goes away with the next `release` if nothing refers to it by then.
  Room& get(const Target& target);
  // Frees the room if nothing refers to it.
  void release(Room& room);

  // Enters a room in which the session is not yet.
  void join(Session& session, Room& room, int64_t since);
  // Leaves it; the room stays until it is released. False if the session was not in it.
  bool leave(Session& session, Room& room);
  // Takes the session out of all rooms, which are held from now on, one for each membership in the answer.
  Memberships leave_all(Session& session);
  void hold(Room& room) { ++room.holders; }
  void unhold(Room& room);
  void unhold_all(const Memberships& memberships);

  size_t size() const { return rooms_.size(); }

 private:
  // Rooms are found by what is in them: a personal room is made for every player, so that a key beside it would count.
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Target& target) const noexcept {
      return std::hash<std::string_view>()(target.id) + static_cast<size_t>(target.kind) * 0x9E3779B97F4A7C15U;
    }
    size_t operator()(const Room& room) const noexcept { return (*this)(room.target()); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Target& a, const Room& b) const { return a == b.target(); }
    bool operator()(const Room& a, const Target& b) const { return a.target() == b; }
    bool operator()(const Room& a, const Room& b) const { return a.target() == b.target(); }
  };
  // A set's elements are const for the sake of their keys: here kind and id, which stay the same.
  static Room* changeable(const Room& room) { return const_cast<Room*>(&room); }
  static void take_out(Room& room, uint32_t place);

  std::unordered_set<Room, Hash, Equal> rooms_;
};

}  // namespace matchbus::bus

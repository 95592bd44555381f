#include "bus/room.h"

#include <utility>

#include "bus/session.h"

namespace matchbus::bus {
namespace {

constexpr size_t kMoreMemberships = 5;

}  // namespace

Room* RoomTable::find(const Target& target) const {
  const auto found = rooms_.find(target);
  return found == rooms_.end() ? nullptr : changeable(*found);
}

Room& RoomTable::get(const Target& target) {
  Room* const room = find(target);
  return room != nullptr ? *room : *changeable(*rooms_.emplace(target).first);
}

void RoomTable::release(Room& room) {
  const bool is_used = !room.members.empty() || room.holders != 0 || room.first != nullptr || room.is_presence_changed;
  if (!is_used) rooms_.erase(rooms_.find(room.target()));
}

void RoomTable::join(Session& session, Room& room, int64_t since) {
  Memberships& memberships = session.memberships;
  // Not twice as many: every player has some, and few have many.
  if (memberships.size() == memberships.capacity()) memberships.reserve(memberships.size() + kMoreMemberships);
  memberships.push_back({&room, since, static_cast<uint32_t>(room.members.size())});
  room.members.push_back(&session);
}

bool RoomTable::leave(Session& session, Room& room) {
  for (Membership& membership : session.memberships) {
    if (membership.room != &room) continue;
    take_out(room, membership.place);
    membership = session.memberships.back();
    session.memberships.pop_back();
    return true;
  }
  return false;
}

Memberships RoomTable::leave_all(Session& session) {
  for (const Membership& membership : session.memberships) {
    take_out(*membership.room, membership.place);
    hold(*membership.room);
  }
  return std::exchange(session.memberships, {});
}

void RoomTable::take_out(Room& room, uint32_t place) {
  Session* const moved = room.members.back();
  room.members.pop_back();
  if (place == room.members.size()) return;
  room.members.set(place, moved);
  moved->membership_in(room)->place = place;
}

void RoomTable::unhold(Room& room) {
  --room.holders;
  release(room);
}

void RoomTable::unhold_all(const Memberships& memberships) {
  for (const Membership& membership : memberships) unhold(*membership.room);
}

}  // namespace matchbus::bus

#include "bus/replay_log.h"

#include <algorithm>

namespace matchbus::bus {

ReplayLog::ReplayLog(RoomTable& rooms, const EventIds& ids, const ReplayLimits& limits)
    : rooms_(rooms), ids_(ids), limits_(limits) {}

ReplayLog::~ReplayLog() {
  while (first_ != nullptr) drop_first();
}

void ReplayLog::keep(const EventRef& event, std::span<Room* const> rooms, std::string_view exclude_user) {
  expire();
  ReplayEntry& entry = entries_.take();
  entry.event = event;
  entry.exclude_user = exclude_user;
  (last_ == nullptr ? first_ : last_->next) = &entry;
  last_ = &entry;
  ++count_;
  bytes_ += event->size();
  for (Room* const room : rooms) link(entry, *room);
  while (first_ != nullptr && (count_ > limits_.events || bytes_ > limits_.bytes)) {
    lost_until_ = first_->event->id();
    drop_first();
  }
}

void ReplayLog::link(ReplayEntry& entry, Room& room) {
  ReplayLink& link = links_.take();
  link.entry = &entry;
  link.room = &room;
  link.previous = room.last;
  link.sibling = entry.links;
  entry.links = &link;
  (room.last == nullptr ? room.first : room.last->next) = &link;
  room.last = &link;
}

void ReplayLog::expire() {
  // Age is that of the id: it is by the id that a client's position is judged too.
  while (first_ != nullptr && ids_.age_ms(first_->event->id()) > limits_.age_ms) drop_first();
}

void ReplayLog::drop_first() {
  ReplayEntry& entry = *first_;
  first_ = entry.next;
  if (first_ == nullptr) last_ = nullptr;
  --count_;
  bytes_ -= entry.event->size();
  while (entry.links != nullptr) {
    ReplayLink& link = *entry.links;
    entry.links = link.sibling;
    Room& room = *link.room;
    room.first = link.next;
    (room.first == nullptr ? room.last : room.first->previous) = nullptr;
    links_.give_back(link);
    rooms_.release(room);
  }
  entry.event = {};
  entries_.give_back(entry);
}

std::vector<EventRef> ReplayLog::missed(const Memberships& memberships, int64_t after, std::string_view user_id) const {
  std::vector<EventRef> events;
  for (const Membership& membership : memberships) {
    const int64_t from = std::max(after, membership.since);
    for (const ReplayLink* link = membership.room->last; link != nullptr; link = link->previous) {
      const ReplayEntry& entry = *link->entry;
      if (entry.event->id() <= from) break;
      if (entry.exclude_user.empty() || entry.exclude_user != user_id) events.push_back(entry.event);
    }
  }
  const auto by_id = [](const EventRef& a, const EventRef& b) { return a->id() < b->id(); };
  const auto same = [](const EventRef& a, const EventRef& b) { return a->id() == b->id(); };
  std::sort(events.begin(), events.end(), by_id);
  events.erase(std::unique(events.begin(), events.end(), same), events.end());
  return events;
}

}  // namespace matchbus::bus

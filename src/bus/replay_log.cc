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
  dropped_until_ = entry.event->id();
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

std::optional<int64_t> ReplayCursor::next_id() const {
  if (sources_.empty()) return std::nullopt;
  const auto by_id = [](const Source& a, const Source& b) { return a.id < b.id; };
  return std::min_element(sources_.begin(), sources_.end(), by_id)->id;
}

ReplayCursor ReplayLog::missed(const Memberships& memberships, int64_t after, std::string_view user_id) const {
  ReplayCursor cursor;
  cursor.until_ = ids_.last();
  cursor.user_id_ = user_id;
  for (const Membership& membership : memberships) {
    const int64_t from = std::max(after, membership.since);
    const ReplayLink* first = nullptr;
    for (const ReplayLink* link = membership.room->last; link != nullptr; link = link->previous) {
      if (link->entry->event->id() <= from) break;
      first = link;
    }
    if (first == nullptr) continue;
    ReplayCursor::Source source{first, first->entry->event->id()};
    skip_excluded(cursor, source);
    if (source.link != nullptr) cursor.sources_.push_back(source);
  }
  return cursor;
}

// Goes on to the first event from here on that is for the user, if there is one.
void ReplayLog::skip_excluded(ReplayCursor& cursor, ReplayCursor::Source& source) const {
  while (source.link != nullptr) {
    const ReplayEntry& entry = *source.link->entry;
    source.id = entry.event->id();
    if (source.id > cursor.until_) source.link = nullptr;
    if (source.link == nullptr || entry.exclude_user.empty() || entry.exclude_user != cursor.user_id_) return;
    source.link = source.link->next;
  }
}

bool ReplayLog::is_whole(const ReplayCursor& cursor) const {
  return std::all_of(cursor.sources_.begin(), cursor.sources_.end(),
                     [this](const ReplayCursor::Source& source) { return source.id > dropped_until_; });
}

EventRef ReplayLog::read(ReplayCursor& cursor) const {
  const auto id = cursor.next_id();
  if (!id) return {};
  EventRef event;
  // An event for several rooms is at the head of each of them.
  for (size_t i = cursor.sources_.size(); i-- > 0;) {
    ReplayCursor::Source& source = cursor.sources_[i];
    if (source.id != *id) continue;
    event = source.link->entry->event;
    source.link = source.link->next;
    skip_excluded(cursor, source);
    if (source.link == nullptr) cursor.sources_.erase(cursor.sources_.begin() + static_cast<ptrdiff_t>(i));
  }
  return event;
}

}  // namespace matchbus::bus

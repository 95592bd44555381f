// The events of the last minute, for clients that come back (realtime-bus section 4).
//
// Every event is kept once, in one list for the whole bus, however many rooms it went to and however many clients may
// want it again. Each room has a list of links into it, so that what a client missed is read from the ends of the lists
// of its own rooms, at the cost of what there is to be replayed, and put in order by id. Entries leave at the front of
// the one list when they are too old, or too many; their links are then the first of their rooms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bus/event.h"
#include "bus/event_ids.h"
#include "bus/pool.h"
#include "bus/room.h"

namespace matchbus::bus {

struct ReplayEntry {
  EventRef event;
  std::string exclude_user;
  ReplayEntry* next = nullptr;
  ReplayLink* links = nullptr;
};

struct ReplayLink {
  ReplayEntry* entry = nullptr;
  Room* room = nullptr;
  ReplayLink* next = nullptr;  // in the room
  ReplayLink* previous = nullptr;
  ReplayLink* sibling = nullptr;  // of the same entry
};

// What a client missed, read from the log oldest first, one event at a time: a client that takes its time costs no
// copy.
class ReplayCursor {
 public:
  // What comes before everything else, and is not in the log; taken once.
  void set_first(EventRef first) { first_ = std::move(first); }
  EventRef take_first() { return std::exchange(first_, {}); }
  // The id of the next event of the log; nothing if there is none.
  std::optional<int64_t> next_id() const;

 private:
  friend class ReplayLog;
  // A room's next event. The id is kept beside the link, which goes with its entry.
  struct Source {
    const ReplayLink* link;
    int64_t id;
  };
  EventRef first_;
  std::vector<Source> sources_;
  int64_t until_ = 0;
  std::string user_id_;
};

struct ReplayLimits {
  int64_t age_ms = 60'000;
  size_t events = 100'000;
  size_t bytes = 64'000'000;
};

class ReplayLog {
 public:
  // Borrows `rooms` and `ids`.
  ReplayLog(RoomTable& rooms, const EventIds& ids, const ReplayLimits& limits);
  ~ReplayLog();
  ReplayLog(const ReplayLog&) = delete;
  ReplayLog& operator=(const ReplayLog&) = delete;

  // Keeps an event that was sent to these rooms, all different. Ids grow from call to call.
  void keep(const EventRef& event, std::span<Room* const> rooms, std::string_view exclude_user);
  // Drops what is too old; may free rooms.
  void expire();
  // Whether an event after this one was dropped because there were too many.
  bool has_lost_after(int64_t id) const { return id < lost_until_; }

  // What `user_id` missed in these rooms until now: events with ids over `after` and over the membership's `since`
  // which did not exclude the user, each once, in order.
  ReplayCursor missed(const Memberships& memberships, int64_t after, std::string_view user_id) const;
  // True while nothing that the cursor has yet to read was dropped.
  bool is_whole(const ReplayCursor& cursor) const;
  // The next event; null at the end. Only of a cursor that is whole.
  EventRef read(ReplayCursor& cursor) const;

  size_t size() const { return count_; }
  size_t bytes() const { return bytes_; }

 private:
  void drop_first();
  void skip_excluded(ReplayCursor& cursor, ReplayCursor::Source& source) const;
  void link(ReplayEntry& entry, Room& room);

  RoomTable& rooms_;
  const EventIds& ids_;
  ReplayLimits limits_;
  Pool<ReplayEntry> entries_;
  Pool<ReplayLink> links_;
  ReplayEntry* first_ = nullptr;
  ReplayEntry* last_ = nullptr;
  size_t count_ = 0;
  size_t bytes_ = 0;
  int64_t lost_until_ = INT64_MIN;     // the last event that was dropped because there were too many
  int64_t dropped_until_ = INT64_MIN;  // the last one that was dropped at all
};

}  // namespace matchbus::bus

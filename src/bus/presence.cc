#include "bus/presence.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <utility>

#include "bus/user.h"

namespace matchbus::bus {

std::vector<PresentUser> Presence::list(const Room& room) {
  std::vector<const Session*> sessions(room.members.begin(), room.members.end());
  std::sort(sessions.begin(), sessions.end(), [](const Session* a, const Session* b) { return a->number < b->number; });
  std::vector<PresentUser> users;
  users.reserve(sessions.size());
  std::unordered_set<const User*> seen;
  for (const Session* const session : sessions) {
    const User& user = *session->user;
    if (!seen.insert(&user).second) continue;
    int64_t heartbeat = 0;
    for (const Session* const device : user.sessions) heartbeat = std::max(heartbeat, device->last_heartbeat_ms);
    users.push_back({user.row.user_id(), user.row.username(), session->connected_at_ms, heartbeat});
  }
  return users;
}

void Presence::mark_changed(Room& sector) {
  if (std::exchange(sector.is_presence_changed, true)) return;
  changed_.push_back(&sector);
}

void Presence::begin_telling() { std::swap(changed_, telling_); }

bool Presence::tell_some(size_t rooms) {
  for (; rooms != 0 && !telling_.empty(); --rooms) {
    Room& sector = *telling_.back();
    telling_.pop_back();
    sector.is_presence_changed = false;
    if (!sector.members.empty()) tell(sector);
    rooms_.release(sector);
  }
  return telling_.empty();
}

void Presence::tell(const Room& sector) {
  const std::vector<PresentUser> users = list(sector);
  const std::array targets = {sector.target()};
  const auto write = [&](json::Writer& out) {
    out.key("type").string("presence_updated").key("sector_id").string(sector.id).key("users").begin_array();
    for (size_t i = 0; i < std::min(users.size(), kMostListed); ++i) {
      out.begin_object().key("user_id").string(users[i].user_id).key("username").string(users[i].username).end_object();
    }
    out.end_array().key("count").integer(static_cast<int64_t>(users.size()));
  };
  broadcast_.send(targets, write, MessageClass::kCosmetic);
}

}  // namespace matchbus::bus

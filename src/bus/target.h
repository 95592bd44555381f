// Whom a message goes to: a room that follows the player's row, or a topic (realtime-bus section 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bus/room_kind.h"

namespace matchbus::bus {

// A room's identity; borrows the text. `id` is empty for kGlobal and kAdmin, a topic's whole name for kTopic. The topic
// `aria` is a different one for each user: senders name it `aria:<user_id>`.
struct Target {
  RoomKind kind = RoomKind::kGlobal;
  std::string_view id;

  bool operator==(const Target&) const = default;
};

// "sector:7", "global", "personal:u1", ...: the target that a room's name means; nothing if it is no room's name (a
// topic's is not) or lacks its id.
std::optional<Target> parse_room(std::string_view name);
// The other way round; a topic's name is its id.
std::string room_name(const Target& target);

}  // namespace matchbus::bus

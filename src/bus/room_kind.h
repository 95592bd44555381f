// What a send can be addressed to: the rooms that follow a player's row, and the topics that clients subscribe to.
#pragma once

#include <cstdint>

namespace matchbus::bus {

enum class RoomKind : uint8_t { kGlobal, kSector, kTeam, kRegion, kPersonal, kAdmin, kTopic };

}  // namespace matchbus::bus

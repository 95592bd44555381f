// The player's row as the bus needs it: who somebody is and which rooms follow from that (realtime-bus section 1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace matchbus::bus {

enum class Role : uint8_t { kPlayer, kAdmin };

struct PlayerRow {
  std::string user_id;  // never empty
  std::string username;
  std::string sector_id;  // an empty id: no such room
  std::string team_id;
  std::string region_id;
  std::string role_name = "player";  // as the row says it; shown in `your_state`
  Role role = Role::kPlayer;         // what that allows
};

// New values of a row's rooms; those not given stay. "" takes the player out of that kind of room.
struct MoveRow {
  std::optional<std::string> sector_id;
  std::optional<std::string> team_id;
  std::optional<std::string> region_id;
};

}  // namespace matchbus::bus

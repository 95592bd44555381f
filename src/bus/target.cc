#include "bus/target.h"

#include <array>

namespace matchbus::bus {
namespace {

struct Kind {
  RoomKind kind;
  std::string_view prefix;  // with the colon where an id follows
};
constexpr std::array kKinds{Kind{RoomKind::kGlobal, "global"},      Kind{RoomKind::kSector, "sector:"},
                            Kind{RoomKind::kTeam, "team:"},         Kind{RoomKind::kRegion, "region:"},
                            Kind{RoomKind::kPersonal, "personal:"}, Kind{RoomKind::kAdmin, "admin"}};

}  // namespace

std::optional<Target> parse_room(std::string_view name) {
  for (const Kind& kind : kKinds) {
    if (!name.starts_with(kind.prefix)) continue;
    const std::string_view id = name.substr(kind.prefix.size());
    if (id.empty() == kind.prefix.ends_with(':')) continue;
    return Target{kind.kind, id};
  }
  return std::nullopt;
}

std::string room_name(const Target& target) {
  for (const Kind& kind : kKinds) {
    if (kind.kind == target.kind) return std::string(kind.prefix).append(target.id);
  }
  return std::string(target.id);
}

}  // namespace matchbus::bus

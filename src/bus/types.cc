#include "bus/types.h"

#include <algorithm>
#include <array>

namespace matchbus::bus {
namespace {

using Field = std::string_view;

// Rooms.
constexpr DefaultRoom kGlobal{RoomKind::kGlobal, {}, {}};
constexpr DefaultRoom kSector{RoomKind::kSector, {}, "sector_id"};
constexpr std::array kToUser = {DefaultRoom{RoomKind::kPersonal, {}, "user_id"}};
constexpr std::array kToSector = {kSector};
constexpr std::array kToRegion = {DefaultRoom{RoomKind::kRegion, {}, "region_id"}};
constexpr std::array kToSectorAndAll = {kSector, kGlobal};
constexpr std::array kToAllAndTarget = {kGlobal, DefaultRoom{RoomKind::kPersonal, {}, "target_id"}};
constexpr std::array kToChannel = {kSector, DefaultRoom{RoomKind::kTeam, {}, "team_id"}};
// The participants, the sector where they are, and the spectators.
constexpr std::array kToFight = {DefaultRoom{RoomKind::kPersonal, {}, "attacker_id"},
                                 DefaultRoom{RoomKind::kPersonal, {}, "defender_id"}, kSector,
                                 DefaultRoom{RoomKind::kTopic, "combat:", "combat_id"}};
constexpr std::array kToMarket = {DefaultRoom{RoomKind::kTopic, "market:", "commodity"},
                                  DefaultRoom{RoomKind::kTopic, "market:station:", "station_id"}};

// Required fields.
constexpr std::array kText = {Field("message_id"), Field("role"), Field("content")};
constexpr std::array kBounty = {Field("target_id"), Field("amount")};
constexpr std::array kChat = {Field("channel"), Field("sender_id"), Field("sender_name"), Field("body"),
                              Field("timestamp")};
constexpr std::array kResult = {Field("combat_id"), Field("attacker_id"), Field("defender_id"), Field("result")};
constexpr std::array kRound = {Field("combat_id"), Field("attacker_id"), Field("defender_id"), Field("round"),
                               Field("deltas")};
constexpr std::array kFight = {Field("combat_id"), Field("attacker_id"), Field("defender_id")};
constexpr std::array kProgress = {Field("planet_id"), Field("percent"), Field("hours_remaining")};
constexpr std::array kGovernance = {Field("kind"), Field("payload")};
constexpr std::array kServerTime = {Field("server_time")};
constexpr std::array kPrices = {Field("station_id"), Field("commodity"), Field("buy"),   Field("sell"),
                                Field("trend"),      Field("supply"),    Field("demand")};
constexpr std::array kNotice = {Field("kind"), Field("title"), Field("body")};
constexpr std::array kPlayer = {Field("user_id"), Field("username"), Field("sector_id")};
constexpr std::array kPresence = {Field("sector_id"), Field("users"), Field("count")};
constexpr std::array kAlert = {Field("alert_id"), Field("commodity"), Field("condition"), Field("current_price")};
constexpr std::array kWreck = {Field("ship_id"), Field("owner_id"), Field("cause")};
constexpr std::array kReason = {Field("reason")};
constexpr std::array kTrade = {Field("tx_id"), Field("station_id"), Field("commodity"), Field("units"), Field("total")};

constexpr MessageClass kNormal = MessageClass::kNormal;
constexpr MessageClass kCritical = MessageClass::kCritical;
constexpr MessageClass kCosmetic = MessageClass::kCosmetic;

// Sorted by name.
constexpr std::array kTypes = {
    MessageType{"aria_message", kNormal, kText, kToUser},
    MessageType{"bounty_collected", kNormal, kBounty, kToAllAndTarget},
    MessageType{"bounty_placed", kNormal, kBounty, kToAllAndTarget},
    MessageType{"chat_message", kCosmetic, kChat, kToChannel},
    MessageType{"combat_resolved", kNormal, kResult, kToFight},
    MessageType{"combat_round", kNormal, kRound, kToFight},
    MessageType{"combat_started", kNormal, kFight, kToFight},
    MessageType{"genesis_progress", kNormal, kProgress, kToUser},
    MessageType{"governance_event", kNormal, kGovernance, kToRegion},
    MessageType{"heartbeat", kNormal, kServerTime, {}},
    MessageType{"market_update", kNormal, kPrices, kToMarket},
    MessageType{"notification", kNormal, kNotice, kToUser},
    MessageType{"player_entered_sector", kCosmetic, kPlayer, kToSector},
    MessageType{"player_left_sector", kCosmetic, kPlayer, kToSector},
    MessageType{"pong", kNormal, kServerTime, {}},
    MessageType{"presence_updated", kCosmetic, kPresence, kToSector},
    MessageType{"price_alert_triggered", kNormal, kAlert, kToUser},
    MessageType{"ship_destroyed", kNormal, kWreck, kToSectorAndAll},
    MessageType{"state_resync", kCritical, kReason, kToUser},
    MessageType{"transaction_completed", kNormal, kTrade, kToUser},
};
static_assert(std::is_sorted(kTypes.begin(), kTypes.end(),
                             [](const MessageType& a, const MessageType& b) { return a.name < b.name; }));

}  // namespace

std::span<const MessageType> message_types() { return kTypes; }

const MessageType* find_type(std::string_view name) {
  const auto found =
      std::lower_bound(kTypes.begin(), kTypes.end(), name,
                       [](const MessageType& type, std::string_view wanted) { return type.name < wanted; });
  return found != kTypes.end() && found->name == name ? found : nullptr;
}

MessageClass default_class(std::string_view type) {
  const MessageType* found = find_type(type);
  return found != nullptr ? found->message_class : kNormal;
}

}  // namespace matchbus::bus

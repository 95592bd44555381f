#include "bus/types.h"

#include <gtest/gtest.h>

#include <set>

namespace matchbus::bus {
namespace {

TEST(MessageTypes, AreFoundByName) {
  for (const MessageType& type : message_types()) EXPECT_EQ(find_type(type.name), &type);
  for (const char* name : {"", "a", "zzz", "chat_messages", "chat_messag", "Notification", "market_update "})
    EXPECT_EQ(find_type(name), nullptr) << name;
}

TEST(MessageTypes, AreAllThatServicesPush) {
  for (const char* name : {"state_resync",
                           "player_entered_sector",
                           "player_left_sector",
                           "combat_started",
                           "combat_round",
                           "combat_resolved",
                           "ship_destroyed",
                           "market_update",
                           "transaction_completed",
                           "price_alert_triggered",
                           "bounty_placed",
                           "bounty_collected",
                           "genesis_progress",
                           "governance_event",
                           "aria_message",
                           "chat_message",
                           "notification",
                           "heartbeat",
                           "pong",
                           "presence_updated"})
    EXPECT_NE(find_type(name), nullptr) << name;
}

TEST(MessageTypes, ChatAndPresenceAreCosmetic) {
  std::set<std::string_view> cosmetic;
  for (const MessageType& type : message_types()) {
    if (default_class(type.name) == MessageClass::kCosmetic) cosmetic.insert(type.name);
  }
  EXPECT_EQ(cosmetic, (std::set<std::string_view>{"chat_message", "presence_updated", "player_entered_sector",
                                                  "player_left_sector"}));
  EXPECT_EQ(default_class("something_else"), MessageClass::kNormal);
}

TEST(MessageTypes, RoomsHaveAFieldExactlyIfTheyHaveAnId) {
  for (const MessageType& type : message_types()) {
    for (const DefaultRoom& room : type.rooms) {
      const bool has_id = room.kind != RoomKind::kGlobal && room.kind != RoomKind::kAdmin;
      EXPECT_EQ(room.field.empty(), !has_id) << type.name;
      EXPECT_EQ(room.prefix.empty(), room.kind != RoomKind::kTopic) << type.name;
    }
  }
}

}  // namespace
}  // namespace matchbus::bus

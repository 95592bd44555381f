// The message types that services push, as one table: which class each has, where it goes if the sender names no room,
// and which fields it cannot do without. Types that are not in the table pass through unchanged.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bus/message_class.h"
#include "bus/room_kind.h"

namespace matchbus::bus {

// A room of a message that came without one. Its id is `prefix` followed by the message's field `field` (text, or a
// number as its digits); kGlobal has neither. kTopic's id is the topic's whole name.
struct DefaultRoom {
  RoomKind kind;
  std::string_view prefix;
  std::string_view field;
};

struct MessageType {
  std::string_view name;
  MessageClass message_class;
  // Fields that must be there and not null, besides `type`. Of the payloads' key fields those are left out that only
  // some messages of the type have something to say in (attachments of a text, the link of a notification).
  std::span<const std::string_view> required;
  // A message goes to every one of them whose field it has, as one event; with none of them it needs a room.
  std::span<const DefaultRoom> rooms;
};

// All of them, by name.
std::span<const MessageType> message_types();

// Null for a type that is not in the table.
const MessageType* find_type(std::string_view name);

// The class of a message whose sender named none; kNormal for unknown types.
MessageClass default_class(std::string_view type);

}  // namespace matchbus::bus

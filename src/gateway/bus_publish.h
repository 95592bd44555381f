// One entry of POST /api/v1/bus/publish: {room|topic, message, exclude?, class?}, read and checked (realtime-bus
// sections 2 and 8).
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bus/message_class.h"
#include "bus/target.h"
#include "bus/types.h"
#include "json/document.h"

namespace matchbus::gateway {

// What is wrong with a request, and where.
struct FieldError {
  std::string field;         // "message.ship_id"
  std::string_view problem;  // a fixed text
};

// Reads an id that must be there: a text of 1 to 256 bytes, or a whole number, whose digits it is.
std::optional<FieldError> read_needed_id(json::Value object, std::string_view field, std::string& id);

// Holds what was read last, with memory that is used again.
class PublishEntry {
 public:
  // Where the message goes: the room or topic that the entry names; if it names none, those that its type goes to.
  // `entry` must outlive the next four.
  std::optional<FieldError> read(json::Value entry);

  std::span<const bus::Target> targets() const { return targets_; }
  json::Value message() const { return message_; }
  bus::MessageClass message_class() const { return class_; }
  std::string_view exclude() const { return exclude_; }  // a user's id or ""

 private:
  static constexpr size_t kMaxRooms = 4;

  std::optional<FieldError> read_place(json::Value entry, const bus::MessageType* type);
  // `aria` is the topic of the message's `user_id`, or of the user in `aria:<user_id>`.
  std::optional<FieldError> read_topic(std::string_view name);
  std::optional<FieldError> read_class(json::Value entry, std::string_view type);
  void use_default_rooms(const bus::MessageType& type);

  std::vector<bus::Target> targets_;
  std::array<std::string, kMaxRooms> ids_;  // what targets_ borrow, where it is not in the entry
  json::Value message_;
  bus::MessageClass class_ = bus::MessageClass::kNormal;
  std::string exclude_;
};

}  // namespace matchbus::gateway

#include "gateway/bus_publish.h"

#include <utility>

#include "bus/topic_rules.h"
#include "gateway/bus_row.h"

namespace matchbus::gateway {
namespace {

constexpr std::string_view kAria = "aria";  // each user has one
constexpr std::string_view kAriaOf = "aria:";
constexpr size_t kMaxTopic = 128;  // bytes

bool is_given(json::Value value) { return value.exists() && !value.is_null(); }

// Topics that somebody could have subscribed to.
bool is_topic(std::string_view name) {
  constexpr bool kAdmin = true;
  return bus::topic_refusal(name, kAdmin, kMaxTopic).empty();
}

std::optional<FieldError> check_required(const bus::MessageType& type, json::Value message) {
  for (const std::string_view field : type.required) {
    if (!is_given(message[field])) return FieldError{"message." + std::string(field), "this type needs it"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<FieldError> read_needed_id(json::Value object, std::string_view field, std::string& id) {
  auto read = read_row_id(object[field]);
  if (!read) return FieldError{std::string(field), "must be a text or a whole number"};
  if (read->empty()) return FieldError{std::string(field), "is missing"};
  id = std::move(*read);
  return std::nullopt;
}

std::optional<FieldError> PublishEntry::read(json::Value entry) {
  targets_.clear();
  if (!entry.is_object()) return FieldError{"", "must be an object"};
  message_ = entry["message"];
  if (!message_.is_object()) return FieldError{"message", "must be an object"};
  const std::string_view name = message_["type"].string().value_or("");
  if (name.empty()) return FieldError{"message.type", "must be a text"};
  const bus::MessageType* const type = bus::find_type(name);
  if (type != nullptr) {
    if (auto error = check_required(*type, message_)) return error;
  }
  if (auto error = read_place(entry, type)) return error;
  if (auto error = read_class(entry, name)) return error;
  auto exclude = read_row_id(entry["exclude"]);
  if (!exclude) return FieldError{"exclude", "must be a user's id"};
  exclude_ = std::move(*exclude);
  return std::nullopt;
}

std::optional<FieldError> PublishEntry::read_place(json::Value entry, const bus::MessageType* type) {
  const json::Value room = entry["room"];
  const json::Value topic = entry["topic"];
  if (is_given(room)) {
    if (is_given(topic)) return FieldError{"topic", "cannot stand beside room"};
    const auto target = bus::parse_room(room.string().value_or(""));
    if (!target) return FieldError{"room", "must be global, admin, or sector:, team:, region: or personal: and an id"};
    targets_.push_back(*target);
    return std::nullopt;
  }
  if (is_given(topic)) return read_topic(topic.string().value_or(""));
  if (type != nullptr) use_default_rooms(*type);
  if (targets_.empty()) return FieldError{"room", "must be given, or topic, since the message tells none"};
  return std::nullopt;
}

std::optional<FieldError> PublishEntry::read_topic(std::string_view name) {
  std::string_view user_id;
  if (name == kAria) {
    if (auto error = read_needed_id(message_, "user_id", ids_[0]))
      return FieldError{"message.user_id", "tells whose topic aria it is"};
    user_id = ids_[0];
  } else if (name.starts_with(kAriaOf) && name.size() > kAriaOf.size()) {
    user_id = name.substr(kAriaOf.size());
  } else if (!is_topic(name)) {
    return FieldError{"topic", "is no topic that can be subscribed to"};
  }
  ids_[1] = user_id.empty() ? std::string(name) : bus::topic_room_id(kAria, user_id);
  targets_.push_back({bus::RoomKind::kTopic, ids_[1]});
  return std::nullopt;
}

void PublishEntry::use_default_rooms(const bus::MessageType& type) {
  size_t used = 0;
  for (const bus::DefaultRoom& room : type.rooms) {
    if (room.field.empty()) {
      targets_.push_back({room.kind, {}});
      continue;
    }
    const auto id = read_row_id(message_[room.field]);
    if (!id || id->empty() || used == kMaxRooms) continue;
    std::string& text = ids_[used++];
    text.assign(room.prefix).append(*id);
    targets_.push_back({room.kind, text});
  }
}

std::optional<FieldError> PublishEntry::read_class(json::Value entry, std::string_view type) {
  using Class = bus::MessageClass;
  const json::Value value = entry["class"];
  if (!is_given(value)) {
    class_ = bus::default_class(type);
    return std::nullopt;
  }
  for (const auto& [name, message_class] : {std::pair<std::string_view, Class>{"normal", Class::kNormal},
                                            {"critical", Class::kCritical},
                                            {"cosmetic", Class::kCosmetic}}) {
    if (value.string() != name) continue;
    class_ = message_class;
    return std::nullopt;
  }
  return FieldError{"class", "must be normal, critical or cosmetic"};
}

}  // namespace matchbus::gateway

// Which topics there are and who may subscribe to them (realtime-bus section 2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace matchbus::bus {

// Why somebody may not subscribe to a topic of this name, as `subscription_rejected` says it; empty: he may.
std::string_view topic_refusal(std::string_view topic, bool is_admin, size_t max_bytes);

// The id of the room behind a topic for a user, and back: `aria` is a different one for each.
std::string topic_room_id(std::string_view topic, std::string_view user_id);
std::string_view topic_name(std::string_view room_id);

}  // namespace matchbus::bus

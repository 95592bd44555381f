#include "bus/topic_rules.h"

#include <algorithm>
#include <array>

namespace matchbus::bus {
namespace {

constexpr std::string_view kAria = "aria";
constexpr std::string_view kAriaOf = "aria:";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kAdminFeed = "admin:";

// A name is one of these and something behind it.
constexpr std::array<std::string_view, 4> kNamespaces = {"market:", "combat:", "match:", kAdminFeed};
constexpr std::string_view kStation = "market:station:";

bool is_known(std::string_view topic) {
  if (topic == kAria || topic == kAdmin) return true;
  if (topic == kStation) return false;
  return std::any_of(kNamespaces.begin(), kNamespaces.end(), [topic](std::string_view prefix) {
    return topic.size() > prefix.size() && topic.starts_with(prefix);
  });
}

}  // namespace

std::string_view topic_refusal(std::string_view topic, bool is_admin, size_t max_bytes) {
  if (topic.size() > max_bytes) return "name_too_long";
  const bool is_admins = topic == kAdmin || topic.starts_with(kAdminFeed);
  if (is_admins && !is_admin) return "forbidden";
  return is_known(topic) ? "" : "unknown_topic";
}

std::string topic_room_id(std::string_view topic, std::string_view user_id) {
  return topic == kAria ? std::string(kAriaOf).append(user_id) : std::string(topic);
}

std::string_view topic_name(std::string_view room_id) { return room_id.starts_with(kAriaOf) ? kAria : room_id; }

}  // namespace matchbus::bus

#include "bus/departures.h"

#include <utility>

namespace matchbus::bus {

// The length in front keeps ("a", "bc") and ("ab", "c") apart.
std::string Departures::key_of(std::string_view user_id, std::string_view device_id) {
  std::string key = std::to_string(user_id.size());
  key.append(1, ':').append(user_id).append(device_id);
  return key;
}

void Departures::keep(std::string_view user_id, std::string_view device_id, Memberships held, int64_t now_ms) {
  if (std::optional<Memberships> replaced = take(user_id, device_id)) rooms_.unhold_all(*replaced);
  departures_.push_back({key_of(user_id, device_id), std::move(held), now_ms});
  by_key_.emplace(departures_.back().key, std::prev(departures_.end()));
  while (departures_.size() > max_) rooms_.unhold_all(forget(departures_.begin()));
}

std::optional<Memberships> Departures::take(std::string_view user_id, std::string_view device_id) {
  const auto found = by_key_.find(key_of(user_id, device_id));
  if (found == by_key_.end()) return std::nullopt;
  return forget(found->second);
}

void Departures::expire(int64_t now_ms) {
  while (!departures_.empty() && now_ms - departures_.front().left_ms > age_ms_) {
    rooms_.unhold_all(forget(departures_.begin()));
  }
}

Memberships Departures::forget(Place place) {
  Memberships held = std::move(place->held);
  by_key_.erase(place->key);
  departures_.erase(place);
  return held;
}

}  // namespace matchbus::bus

#include "bus/departures.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace matchbus::bus {

void Departures::keep(std::string_view user_id, std::string_view device_id, Memberships held, int64_t now_ms) {
  if (std::optional<Memberships> replaced = take(user_id, device_id)) rooms_.unhold_all(*replaced);
  departures_.push_back({std::string(user_id), std::string(device_id), std::move(held), now_ms});
  std::vector<Place>& of_user = by_user_[departures_.back().user_id];
  of_user.push_back(std::prev(departures_.end()));
  if (max_of_user_ != 0 && of_user.size() > max_of_user_) rooms_.unhold_all(forget(of_user.front()));
  while (max_ != 0 && departures_.size() > max_) rooms_.unhold_all(forget(departures_.begin()));
}

std::optional<Memberships> Departures::take(std::string_view user_id, std::string_view device_id) {
  const auto found = by_user_.find(std::string(user_id));
  if (found == by_user_.end()) return std::nullopt;
  const auto place = std::find_if(found->second.begin(), found->second.end(),
                                  [&](const Place& candidate) { return candidate->device_id == device_id; });
  if (place == found->second.end()) return std::nullopt;
  return forget(*place);
}

void Departures::expire(int64_t now_ms) {
  while (!departures_.empty() && now_ms - departures_.front().left_ms > age_ms_) {
    rooms_.unhold_all(forget(departures_.begin()));
  }
}

Memberships Departures::forget(Place place) {
  const auto user = by_user_.find(place->user_id);
  std::erase(user->second, place);
  if (user->second.empty()) by_user_.erase(user);
  Memberships held = std::move(place->held);
  departures_.erase(place);
  return held;
}

}  // namespace matchbus::bus

// Moving users between rooms: by the server API, or because a second device came with another row.
#include <array>

#include "bus/bus_impl.h"
#include "bus/server_messages.h"

namespace matchbus::bus {

bool BusImpl::move(std::string_view user_id, const MoveRow& row) {
  User* user = users_.find(user_id);
  if (user == nullptr) return false;
  ++stats_.moves;
  if (row.region_id && *row.region_id != user->row.region_id()) {
    close_players(*user, kRegionChanged, "region changed", Farewell::kTold);
    // Only an administrator's sockets can be left, and those are in no room that follows the row.
    user = users_.find(user_id);
    if (user == nullptr) return true;
    user->row.set(&PlayerRow::region_id, *row.region_id);
  }
  const bool changes_sector = row.sector_id && *row.sector_id != user->row.sector_id();
  const bool changes_team = row.team_id && *row.team_id != user->row.team_id();
  if (changes_sector) {
    const bool is_present = user->is_present();
    hop(*user, RoomKind::kSector, *row.sector_id, is_present);
    if (is_present) announce("player_entered_sector", *user);
  }
  if (changes_team) hop(*user, RoomKind::kTeam, *row.team_id, false);
  if (changes_sector || changes_team || row.region_id) tell_state(*user, nullptr);
  return true;
}

// Takes the user's sockets from the sector or team of the row to `to`, and changes the row. With `is_told`, those who
// stay in the old sector are told in between: nobody is ever in two sectors.
void BusImpl::hop(User& user, RoomKind kind, std::string_view to, bool is_told) {
  const bool is_sector = kind == RoomKind::kSector;
  const std::string_view from = is_sector ? user.row.sector_id() : user.row.team_id();
  if (Room* const old = from.empty() ? nullptr : rooms_.find({kind, from})) {
    for (Session* const session : user.sessions) rooms_.leave(*session, *old);
    if (is_told) announce("player_left_sector", user);
    rooms_.release(*old);
  }
  user.row.set(is_sector ? &PlayerRow::sector_id : &PlayerRow::team_id, to);
  if (to.empty()) return;
  for (Session* const session : user.sessions) {
    if (!session->is_admin_door) rooms_.join(*session, rooms_.get({kind, to}), ids_.last());
  }
}

// Tells the user's sector, but not the user, who came or went.
void BusImpl::announce(std::string_view type, const User& user) {
  if (user.row.sector_id().empty() || is_ending_) return;
  const std::array targets = {Target{RoomKind::kSector, user.row.sector_id()}};
  if (Room* const sector = rooms_.find(targets.front())) presence_.mark_changed(*sector);
  const auto write = [&](json::Writer& out) { write_passage(out, type, user.row); };
  broadcast_.send(targets, write, MessageClass::kCosmetic, user.row.user_id());
}

void BusImpl::tell_state(const User& user, const Session* except) {
  for (Session* const session : user.sessions) {
    if (session == except) continue;
    broadcast_.answer(*session, [session](json::Writer& out) { write_state_changed(out, *session); });
  }
}

}  // namespace matchbus::bus

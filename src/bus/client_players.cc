// Clients ask who is around.
#include <algorithm>
#include <vector>

#include "bus/client_messages.h"
#include "bus/presence.h"
#include "bus/server_messages.h"

namespace matchbus::bus {

void ClientMessages::on_request_sector_players(Session& session, json::Value) {
  answer_players(session, "sector_players", "sector_id", {RoomKind::kSector, session.user->row.sector_id()});
}

void ClientMessages::on_request_team_players(Session& session, json::Value) {
  answer_players(session, "team_players", "team_id", {RoomKind::kTeam, session.user->row.team_id()});
}

// Nobody for a room in which the client is not.
void ClientMessages::answer_players(Session& session, std::string_view type, std::string_view id_key,
                                    const Target& room) {
  std::vector<PresentUser> users;
  const Room* const found = parts_.rooms.find(room);
  if (found != nullptr && session.membership_in(*found) != nullptr) users = Presence::list(*found);
  parts_.broadcast.answer(session, [&](json::Writer& out) {
    out.key("type").string(type);
    write_id(out, id_key, room.id);
    out.key("players").begin_array();
    for (size_t i = 0; i < std::min(users.size(), Presence::kMostListed); ++i) {
      const PresentUser& user = users[i];
      out.begin_object().key("user_id").string(user.user_id).key("username").string(user.username);
      write_time(out, "connected_at", user.connected_at_ms);
      write_time(out, "last_heartbeat", user.last_heartbeat_ms);
      out.end_object();
    }
    out.end_array().key("count").integer(static_cast<int64_t>(users.size()));
  });
}

}  // namespace matchbus::bus

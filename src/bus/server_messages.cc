#include "bus/server_messages.h"

#include "base/random.h"
#include "bus/iso_time.h"
#include "bus/topic_rules.h"

namespace matchbus::bus {
namespace {

void write_your_state(json::Writer& out, const Session& session) {
  const PackedRow& row = session.user->row;
  out.key("your_state").begin_object().key("user_id").string(row.user_id()).key("username").string(row.username());
  write_id(out, "sector_id", row.sector_id());
  write_id(out, "team_id", row.team_id());
  write_id(out, "region_id", row.region_id());
  out.key("role").string(row.role_name()).key("rooms").begin_array();
  for (const Membership& membership : session.memberships) {
    if (membership.room->kind != RoomKind::kTopic) out.string(room_name(membership.room->target()));
  }
  out.end_array().key("topics").begin_array();
  for (const Membership& membership : session.memberships) {
    if (membership.room->kind == RoomKind::kTopic) out.string(topic_name(membership.room->id));
  }
  out.end_array().end_object();
}

}  // namespace

void write_id(json::Writer& out, std::string_view key, std::string_view id) {
  out.key(key);
  if (id.empty()) {
    out.null();
  } else {
    out.string(id);
  }
}

void write_time(json::Writer& out, std::string_view key, int64_t wall_ms) {
  out.key(key).string(IsoTime(wall_ms).view());
}

void write_connected(json::Writer& out, const Session& session, int64_t wall_ms, bool is_recovered) {
  out.key("type").string("connected").key("session_id").string(random_id());
  write_time(out, "server_time", wall_ms);
  write_your_state(out, session);
  out.key("recovered").boolean(is_recovered);
}

void write_state_changed(json::Writer& out, const Session& session) {
  out.key("type").string("state_changed");
  write_your_state(out, session);
}

void write_state_resync(json::Writer& out, std::string_view reason) {
  out.key("type").string("state_resync").key("reason").string(reason);
}

void write_passage(json::Writer& out, std::string_view type, const PackedRow& row) {
  out.key("type").string(type).key("user_id").string(row.user_id()).key("username").string(row.username());
  write_id(out, "sector_id", row.sector_id());
}

}  // namespace matchbus::bus

// The bus's own messages, member by member behind their `event_id`. They are called with a json::Writer inside the
// object.
#pragma once

#include <cstdint>
#include <string_view>

#include "bus/session.h"
#include "bus/user.h"
#include "json/writer.h"

namespace matchbus::bus {

// null for an empty id.
void write_id(json::Writer& out, std::string_view key, std::string_view id);
void write_time(json::Writer& out, std::string_view key, int64_t wall_ms);

void write_connected(json::Writer& out, const Session& session, int64_t wall_ms, bool is_recovered);
void write_state_changed(json::Writer& out, const Session& session);
void write_state_resync(json::Writer& out, std::string_view reason);
// `player_entered_sector` or `player_left_sector`.
void write_passage(json::Writer& out, std::string_view type, const PackedRow& row);

}  // namespace matchbus::bus

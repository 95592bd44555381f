// A player's row as JSON tells it, whoever sends it: the claims of a token, or the game's backend.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bus/row.h"
#include "json/document.h"

namespace matchbus::gateway {

// Longest id and name of a row, bytes.
inline constexpr size_t kMaxRowText = 256;

// Reads `username`, `sector_id`, `team_id`, `region_id` and `role`. An id is a text or a whole number (its digits);
// what is missing or null is empty, except the name, which is the user's id then, and the role, which is "player". An
// error names the field that is something else. Only the role "admin" makes an admin.
Result<bus::PlayerRow> read_row(std::string_view user_id, json::Value row);

// An id of a row, as above. Nothing if it is neither.
std::optional<std::string> read_row_id(json::Value value);

}  // namespace matchbus::gateway

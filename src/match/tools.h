// `toolsData`: the overlay's settings of a logon, laid over the defaults and kept as JSON.
//
// Shallow: a key of the logon replaces that of the defaults as a whole, unknown keys are kept. A known setting of
// another JSON type than its default counts as missing, since the server has to read inside; a number may also stand in
// a text. Organisations that are not supporters get the product's marks (section 6 of the protocol).
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/text_pool.h"
#include "json/document.h"
#include "match/state.h"

namespace matchbus::match {

// Writes the members of `object` that are not named in `except`, without braces. False if there were none.
bool write_members(BytesWriter& out, json::Value object, std::span<const std::string_view> except);

// Fills `tools`, the player-cam secrets in `hidden` and the two teams' `remove_tricode`. `overlay` is the logon's
// JSON object or "". False if `texts` has no room.
bool make_tools(std::string_view overlay, bool is_supporter, TextPool& texts, MatchState& state);

// The whole of `tools` as a preview shows it: defaults, overlay, full counters; the player-cam secret is blank.
void write_preview_tools(BytesWriter& out, std::string_view overlay);

}  // namespace matchbus::match

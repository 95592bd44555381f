// `match_data`: the whole visible state of a match as JSON text, as section 7.1 of the protocol lists it.
//
// Driven by the field tables (fields.h). Two forms from one walk: the JSON text itself, and that text as the content of
// a JSON string (since `match_data` travels as `["match_data","<escaped>"]`), written directly, not in a second pass.
#pragma once

#include "base/bytes.h"
#include "match/match.h"

namespace matchbus::match {

// The JSON object with everything, for services that the match is reported to.
void write_report(BytesWriter& out, const Match& match);
// The JSON object for viewers: without what Match::hides_ids leaves out. So are the next three, and patches.
void write_snapshot(BytesWriter& out, const Match& match);
// The same with `"` and `\` escaped, to stand between the quotes of a JSON string.
void write_snapshot_escaped(BytesWriter& out, const Match& match);
// The same two of the state that viewers were last sent (Match::shown).
void write_shown(BytesWriter& out, const Match& match);
void write_shown_escaped(BytesWriter& out, const Match& match);

}  // namespace matchbus::match

// `match_patch`: what has changed since the last broadcast, as an RFC 6902 patch from `shown()` to `state()`.
//
// Applied to the `match_data` of `shown()` it gives the `match_data` of `state()`: the same value, though perhaps with
// its keys in another order. Two forms, as in snapshot.h. Where many changes of an object or array would take more
// room than the object itself, it is replaced as a whole; in the end the whole document, by one operation with the
// path "". So a patch is never longer than a snapshot and that operation's frame. `[]` if nothing visible has changed.
#pragma once

#include "base/bytes.h"
#include "match/match.h"

namespace matchbus::match {

// The JSON array of operations.
void write_patch(BytesWriter& out, const Match& match);
// One with `"` and `\` escaped, to stand between the quotes of a JSON string. What is replaced as a whole may differ,
// since it is decided by the size in this form.
void write_patch_escaped(BytesWriter& out, const Match& match);

}  // namespace matchbus::match

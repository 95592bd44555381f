// What an event says that the server knows of. Clients of the protocol send events of a few hundred bytes; what is
// larger than any of theirs is reduced to this before it is applied, so that no sender has the journal, or anything
// else, keep what no viewer is shown. An event that was reduced has the effect of the whole one.
#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "json/document.h"
#include "match/event.h"

namespace matchbus::match {

// Events whose JSON is no larger stay as they came.
constexpr size_t kMaxWholeEvent = 4 * 1024;

// The `data` of an event of that type as JSON, at most 64 KiB: members that some event has, texts cut to more than what
// is read of them, lists to more entries than are looked at. Of a toast the other members too, if they can be shown.
void write_known_members(BytesWriter& out, EventType type, json::Value data);

}  // namespace matchbus::match

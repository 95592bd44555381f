// The document of keys: every key of `match_data` with its path and what stands there, from the field tables.
#pragma once

#include "base/bytes.h"

namespace matchbus::match {

// One line per key, in the order of `match_data`: `teams[].players[].health number`.
void write_key_list(BytesWriter& out);

}  // namespace matchbus::match

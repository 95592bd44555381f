// Base64 (RFC 4648 section 4) for binary messages in polling payloads.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace matchbus::socketio {

// Appends `data` encoded, with padding.
void append_base64(BytesWriter& out, std::string_view data);

// Decodes `text` over itself; returns how many bytes it became. Padding may be missing; anything else that is not
// canonical is refused.
std::optional<size_t> decode_base64_in_place(std::span<char> text);

}  // namespace matchbus::socketio

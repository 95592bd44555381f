// Base64url as tokens use it (RFC 4648 section 5, RFC 7515 section 2): no padding, and one text only for each sequence
// of bytes, so that nobody can make a second token out of a first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace matchbus::bus {

void append_base64url(std::string& out, std::string_view bytes);

// Decodes into `out`, which has room for 3 bytes for each 4 characters begun; returns how many were written. Nothing if
// `text` has other characters, padding, an impossible length, or bits set behind the last byte.
std::optional<size_t> decode_base64url(std::string_view text, std::span<char> out);

}  // namespace matchbus::bus

// Base64 (RFC 4648) in both alphabets: the standard one (section 4), padded, for what the web's protocols carry; the
// one for URLs and file names (section 5), without padding, for tokens (RFC 7515 section 2).
//
// Only the canonical text of some bytes is decoded: bits behind the last byte must be zero (section 3.5), so that
// nobody can make a second token, or message, out of a first. Line breaks and other characters are refused.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace matchbus {

// The characters for 0 to 63.
inline constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view kBase64UrlAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// `bytes` in the standard alphabet, padded.
std::string base64(std::string_view bytes);
void append_base64(BytesWriter& out, std::string_view bytes);
// `bytes` in the alphabet for URLs, not padded.
void append_base64url(std::string& out, std::string_view bytes);

// Decodes into `out`, which has room for `text.size() * 3 / 4` bytes and may begin where `text` begins; returns how
// many were written. Nothing if `text` is not canonical; padding may be missing.
std::optional<size_t> decode_base64(std::string_view text, std::span<char> out);
// The same for the alphabet for URLs; padding is refused.
std::optional<size_t> decode_base64url(std::string_view text, std::span<char> out);

}  // namespace matchbus

// Unpredictable bytes from the kernel, for identifiers and secrets.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace matchbus {

// Fills `out` from getrandom(2). Aborts if the kernel has none to give (it always has, once booted).
void random_bytes(std::span<char> out);

// `length` characters drawn uniformly from `alphabet` (2 to 256 characters).
std::string random_text(size_t length, std::string_view alphabet);

// 20 characters of base64url (120 bits): session ids.
std::string random_id();

}  // namespace matchbus

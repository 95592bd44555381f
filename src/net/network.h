// Whose address it is, as far as limits of one client are concerned.
#pragma once

#include <string>
#include <string_view>

namespace matchbus::net {

// Of an IPv6 address the first 64 bits, as eight bytes: one client has the whole network, the rest of which it chooses
// itself (RFC 4291 section 2.5.1). Of every other text, the text.
std::string network_of(std::string_view address);

}  // namespace matchbus::net

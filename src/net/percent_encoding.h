// Percent-encoding (RFC 3986 section 2.1). It works on bytes; whether they are UTF-8 is the business of whoever uses
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace matchbus::net {

// Nothing if an escape is none.
std::optional<std::string> percent_decode(std::string_view text);
// Everything but unreserved characters encoded, to stand as one segment of a path; so `.` and `..` are encoded, too.
std::string percent_encode_segment(std::string_view text);

}  // namespace matchbus::net

// Absolute http and https URLs, taken apart for a client (RFC 3986, RFC 9110 section 4.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace matchbus::net {

struct HttpUrl {
  bool tls = false;
  std::string host;       // a name or address; IPv6 without brackets
  uint16_t port = 0;      // the scheme's if the URL has none
  std::string authority;  // for the Host header: brackets kept, the scheme's port left out
  std::string target;     // path and query, "/" at least; the fragment is dropped

  // What connections can be shared between: scheme, host and port.
  std::string origin() const;
};

// An error tells what is wrong. User information ("user:password@") is refused.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace matchbus::net

// What a whole request head must fulfil before its request is served, beyond its grammar (RFC 9112 section 3.2,
// RFC 9110 sections 7.8 and 10.1.1), and what it asks of the connection.
#pragma once

#include <string_view>

#include "net/http_body.h"
#include "net/http_head.h"

namespace matchbus::net {

struct HttpRequestCheck {
  int error_status = 0;  // not 0: refuse with this
  std::string_view error;
  HttpFraming framing;
  bool keep_alive = true;         // RFC 9112 section 9.3
  bool expects_continue = false;  // `Expect: 100-continue`
  bool websocket = false;         // a GET that wants to become a WebSocket

  static HttpRequestCheck of(const HttpHead& head);
};

}  // namespace matchbus::net

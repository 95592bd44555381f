// Responses on the wire: status line and headers, without a connection.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "net/http_message.h"

namespace matchbus::net {

// Status line, headers and the empty line of `response`. `date`: value of the Date header; empty: none.
Bytes encode_response_head(const HttpResponse& response, bool keep_alive, bool cors, std::string_view date);

// False for statuses whose responses never have a body (RFC 9110 section 6.4.1).
bool http_status_has_body(int status);

// The answer to a CORS preflight (Fetch standard, section "CORS-preflight request").
HttpResponse preflight_response(const HttpRequest& request);

}  // namespace matchbus::net

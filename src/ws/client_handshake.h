// The client's side of the opening handshake (RFC 6455 section 4.1) as pure functions: the request, and the checks of
// the response.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "net/http_head.h"
#include "ws/client.h"
#include "ws/deflate_negotiation.h"

namespace matchbus::ws {

// `key`: base64 of 16 random bytes.
Bytes handshake_request(const ClientOptions& options, std::string_view key);

// What was negotiated, or why the connection must fail.
Result<std::optional<DeflateParams>> check_response(const net::HttpHead& response, const ClientOptions& options,
                                                    std::string_view key);

}  // namespace matchbus::ws

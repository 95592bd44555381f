// The server's side of the opening handshake (RFC 6455 section 4.2) as pure functions: request in, decision out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/http_message.h"
#include "ws/connection.h"
#include "ws/deflate_negotiation.h"

namespace matchbus::ws {

struct HandshakeDecision {
  int status = 101;          // 101, 400 or 426
  std::string_view problem;  // why not 101; a fixed text
  std::string accept_key;    // Sec-WebSocket-Accept, with 101
  std::optional<DeflateParams> deflate;
};

// Checks everything section 4.2.1 asks for, except HTTP/1.1 itself: the HTTP server hands over no other version's
// upgrades.
HandshakeDecision decide_handshake(const net::HttpRequest& request, const Options& options);

// The 101 response for an accepted handshake.
Bytes switching_protocols(const HandshakeDecision& decision);
// The response for a refused one; 426 names version 13.
net::HttpResponse handshake_refusal(const HandshakeDecision& decision);

// The value of Sec-WebSocket-Accept for a key (section 4.2.2, step 5.4).
std::string accept_key(std::string_view key);
// True for the base64 form of 16 bytes.
bool is_handshake_key(std::string_view key);

}  // namespace matchbus::ws

// JSON that came over HTTP. It has to be UTF-8 (RFC 8259 section 8.1), which is seen to for WebSocket's texts as they
// arrive and for nothing else: other bytes would leave again in a text frame or a state, and every client that gets
// them has to close its connection (RFC 6455 section 8.1).
#pragma once

#include <string>

#include "base/result.h"
#include "json/document.h"
#include "ws/utf8_validator.h"

namespace matchbus::gateway {

// As json::Document::parse_in_place.
inline Result<void> parse_http_json(json::Document& document, std::string& text) {
  if (!ws::is_utf8(text)) return Error{"it is no UTF-8"};
  return document.parse_in_place(text);
}

}  // namespace matchbus::gateway

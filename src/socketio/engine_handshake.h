// What an Engine.IO request asks for, and how it is answered: query parameters, error answers, the open packet. Pure.
// https://socket.io/docs/v4/engine-io-protocol/#handshake
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/http_message.h"

namespace matchbus::socketio {

struct EngineOptions;  // engine.h

// The error codes that clients know from the answer's body.
enum class EngineError : uint8_t {
  kUnknownTransport = 0,
  kUnknownSession = 1,
  kBadHandshakeMethod = 2,
  kBadRequest = 3,
  kForbidden = 4,
  kUnsupportedVersion = 5,
};

std::string_view describe(EngineError error);

// `{"code":0,"message":"Transport unknown"}` with status 400 (403 for kForbidden).
net::HttpResponse error_response(EngineError error);

enum class EngineTransport : uint8_t { kPolling, kWebSocket };

struct EngineQuery {
  EngineTransport transport = EngineTransport::kPolling;
  std::string sid;  // empty: a handshake
};

// Reads and checks what can be checked without knowing the sessions. `upgrade`: the request wants to become a
// WebSocket.
struct EngineQueryResult {
  EngineQuery query;
  std::optional<EngineError> error;
};
EngineQueryResult read_query(const net::HttpRequest& request, bool upgrade);

// The open packet: `0{"sid":...,"upgrades":[...],"pingInterval":...,"pingTimeout":...,"maxPayload":...}`.
Bytes encode_open(std::string_view sid, bool offer_upgrade, const EngineOptions& options);

}  // namespace matchbus::socketio

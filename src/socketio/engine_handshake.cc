#include "socketio/engine_handshake.h"

#include <array>
#include <limits>

#include "json/writer.h"
#include "socketio/engine.h"

namespace matchbus::socketio {
namespace {

constexpr std::string_view kProtocolVersion = "4";

constexpr std::array<std::string_view, 6> kMessages = {
    "Transport unknown", "Session ID unknown", "Bad handshake method",
    "Bad request",       "Forbidden",          "Unsupported protocol version",
};

}  // namespace

std::string_view describe(EngineError error) { return kMessages[static_cast<size_t>(error)]; }

net::HttpResponse error_response(EngineError error) {
  BytesWriter body;
  json::Writer writer(body);
  writer.begin_object().key("code").integer(static_cast<int64_t>(error));
  writer.key("message").string(describe(error)).end_object();
  return net::HttpResponse::json(error == EngineError::kForbidden ? 403 : 400, body.view());
}

EngineQueryResult read_query(const net::HttpRequest& request, bool upgrade) {
  EngineQueryResult result;
  EngineQuery& query = result.query;
  const std::optional<std::string> transport = request.query("transport");
  if (transport == "websocket") {
    query.transport = EngineTransport::kWebSocket;
  } else if (transport != "polling") {
    result.error = EngineError::kUnknownTransport;
    return result;
  }
  query.sid = request.query("sid").value_or(std::string());
  const bool is_websocket = query.transport == EngineTransport::kWebSocket;
  if (query.sid.empty() && request.method != "GET") {
    result.error = EngineError::kBadHandshakeMethod;
  } else if (is_websocket != upgrade) {
    result.error = EngineError::kBadRequest;
  } else if (query.sid.empty() && request.query("EIO") != kProtocolVersion) {
    result.error = EngineError::kUnsupportedVersion;
  }
  return result;
}

Bytes encode_open(std::string_view sid, bool offer_upgrade, const EngineOptions& options) {
  BytesWriter out;
  out.append('0');
  json::Writer writer(out);
  writer.begin_object().key("sid").string(sid).key("upgrades").begin_array();
  if (offer_upgrade) writer.string("websocket");
  writer.end_array();
  writer.key("pingInterval").integer(options.ping_interval_ms);
  writer.key("pingTimeout").integer(options.ping_timeout_ms);
  // No limit is told as the largest that every client's integers hold.
  constexpr size_t kUnlimited = std::numeric_limits<int32_t>::max();
  writer.key("maxPayload").integer(static_cast<int64_t>(options.max_payload == 0 ? kUnlimited : options.max_payload));
  writer.end_object();
  return out.take();
}

}  // namespace matchbus::socketio

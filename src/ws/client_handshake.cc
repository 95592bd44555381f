#include "ws/client_handshake.h"

#include "net/http_text.h"
#include "ws/handshake.h"

namespace matchbus::ws {
namespace {

// The values of all headers `name`, as one list; nothing if there is none.
std::optional<std::string> header_values(const net::HttpHeaders& headers, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    joined = joined ? *joined + "," + value : value;
  }
  return joined;
}

bool asks_for(const ClientOptions& options, std::string_view header) {
  for (const auto& [name, value] : options.headers) {
    if (net::http_equal(name, header)) return true;
  }
  return false;
}

void append_field(BytesWriter& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

}  // namespace

Bytes handshake_request(const ClientOptions& options, std::string_view key) {
  BytesWriter out;
  out.append("GET ");
  out.append(options.target);
  out.append(" HTTP/1.1\r\n");
  append_field(out, "Host", options.host);
  append_field(out, "Upgrade", "websocket");
  append_field(out, "Connection", "Upgrade");
  append_field(out, "Sec-WebSocket-Version", "13");
  append_field(out, "Sec-WebSocket-Key", key);
  if (options.ws.deflate) append_field(out, "Sec-WebSocket-Extensions", deflate_offer(options.offer_context_takeover));
  for (const auto& [name, value] : options.headers) append_field(out, name, value);
  out.append("\r\n");
  return out.take();
}

Result<std::optional<DeflateParams>> check_response(const net::HttpHead& response, const ClientOptions& options,
                                                    std::string_view key) {
  if (response.status != 101) return Error{"the server answered " + std::to_string(response.status)};
  if (response.minor < 1) return Error{"the server does not speak HTTP/1.1"};
  const std::optional<std::string> upgrade = header_values(response.headers, "upgrade");
  if (!upgrade || !net::http_equal(*upgrade, "websocket")) return Error{"no Upgrade: websocket in the response"};
  if (!net::http_list_has(response.headers, "connection", "upgrade")) {
    return Error{"no Connection: Upgrade in the response"};
  }
  if (header_values(response.headers, "sec-websocket-accept") != accept_key(key)) {
    return Error{"wrong Sec-WebSocket-Accept in the response"};
  }
  if (header_values(response.headers, "sec-websocket-protocol") && !asks_for(options, "sec-websocket-protocol")) {
    return Error{"a subprotocol was answered that was not asked for"};
  }
  const std::optional<std::string> extensions = header_values(response.headers, "sec-websocket-extensions");
  if (!extensions) return std::optional<DeflateParams>();
  const std::optional<ExtensionList> list = parse_extensions(*extensions);
  if (!list || !options.ws.deflate) return Error{"bad Sec-WebSocket-Extensions in the response"};
  return check_deflate_answer(*list, options.offer_context_takeover);
}

}  // namespace matchbus::ws

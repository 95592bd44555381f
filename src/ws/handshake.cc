#include "ws/handshake.h"

#include <mbedtls/md.h>

#include <array>
#include <cassert>

#include "base/base64.h"

namespace matchbus::ws {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const unsigned char* as_unsigned(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// The value of a header that must stand exactly once.
std::optional<std::string_view> single_header(const net::HttpRequest& request, std::string_view name) {
  std::optional<std::string_view> value;
  for (const auto& [key, text] : request.headers) {
    if (key != name) continue;
    if (value) return std::nullopt;
    value = text;
  }
  return value;
}

// All `Sec-WebSocket-Extensions` lines as one list (section 9.1 allows several).
std::string joined_extensions(const net::HttpRequest& request) {
  std::string joined;
  for (const auto& [key, text] : request.headers) {
    if (key != "sec-websocket-extensions") continue;
    if (!joined.empty()) joined += ',';
    joined += text;
  }
  return joined;
}

HandshakeDecision refuse(int status, std::string_view problem) {
  return {.status = status, .problem = problem, .accept_key = {}, .deflate = {}};
}

}  // namespace

bool is_handshake_key(std::string_view key) {
  // Not decoded: some clients draw all 22 characters at random, which decode_base64 would refuse for the last one's
  // bits.
  return key.size() == 24 && key.find_first_not_of(kBase64Alphabet) == 22 && key.ends_with("==");
}

std::string accept_key(std::string_view key) {
  std::string text(key);
  text += kGuid;
  std::array<unsigned char, 20> digest{};
  [[maybe_unused]] const int failed =
      mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA1), as_unsigned(text), text.size(), digest.data());
  assert(failed == 0);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

HandshakeDecision decide_handshake(const net::HttpRequest& request, const Options& options) {
  if (request.method != "GET") return refuse(400, "A WebSocket handshake is a GET request.");
  if (!single_header(request, "host")) return refuse(400, "One Host header is needed.");
  if (!request.header_has_token("upgrade", "websocket")) return refuse(400, "Upgrade: websocket is needed.");
  if (!request.header_has_token("connection", "upgrade")) return refuse(400, "Connection: Upgrade is needed.");
  const std::optional<std::string_view> version = single_header(request, "sec-websocket-version");
  if (version != "13") return refuse(426, "WebSocket version 13 is needed.");
  const std::optional<std::string_view> key = single_header(request, "sec-websocket-key");
  if (!key || !is_handshake_key(*key)) return refuse(400, "One Sec-WebSocket-Key of 16 bytes in base64 is needed.");

  HandshakeDecision decision;
  if (request.header("sec-websocket-extensions")) {
    const std::string value = joined_extensions(request);
    const std::optional<ExtensionList> offers = parse_extensions(value);
    if (!offers) return refuse(400, "Sec-WebSocket-Extensions is malformed.");
    if (options.deflate) decision.deflate = accept_deflate(*offers, options.shared_history);
  }
  decision.accept_key = accept_key(*key);
  return decision;
}

Bytes switching_protocols(const HandshakeDecision& decision) {
  BytesWriter out;
  out.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
  out.append(decision.accept_key);
  if (decision.deflate) {
    out.append("\r\nSec-WebSocket-Extensions: ");
    out.append(deflate_answer(*decision.deflate));
  }
  out.append("\r\n\r\n");
  return out.take();
}

net::HttpResponse handshake_refusal(const HandshakeDecision& decision) {
  net::HttpResponse response = net::HttpResponse::text(decision.status, decision.problem);
  if (decision.status == 426) {
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    response.headers.emplace_back("Upgrade", "websocket");  // RFC 9110 section 15.5.22
  }
  return response;
}

}  // namespace matchbus::ws

// Checks of request heads.
#include "net/http_request_check.h"

#include <algorithm>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

// Characters of a host and port (RFC 3986 section 3.2.2, without user information). Not a full grammar: what matters is
// that nobody can read another host into it.
bool is_host_char(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("/?#@\\\"<>^`{|},").find(c) == std::string_view::npos;
}

bool is_host(std::string_view text) { return std::all_of(text.begin(), text.end(), is_host_char); }

HttpRequestCheck wrong(int status, std::string_view why) {
  HttpRequestCheck check;
  check.error_status = status;
  check.error = why;
  return check;
}

bool has_token(const HttpHead& head, std::string_view name, std::string_view token) {
  return http_list_has(head.headers, name, token);
}

}  // namespace

HttpRequestCheck HttpRequestCheck::of(const HttpHead& head) {
  const bool modern = head.minor >= 1;
  int hosts = 0;
  std::string_view expectation;
  for (const auto& [name, value] : head.headers) {
    if (name == "expect") expectation = value;
    if (name != "host") continue;
    ++hosts;
    if (!is_host(value)) return wrong(400, "invalid Host");
  }
  if (hosts > 1) return wrong(400, "more than one Host");
  if (hosts == 0 && modern) return wrong(400, "missing Host");
  if (head.method == "CONNECT") return wrong(501, "method not implemented");

  HttpRequestCheck check;
  check.framing = HttpFraming::of_request(head);
  if (check.framing.error_status != 0) return wrong(check.framing.error_status, check.framing.error);
  if (modern && !expectation.empty()) {
    if (!http_equal(expectation, "100-continue")) return wrong(417, "unknown expectation");
    check.expects_continue = true;
  }
  check.keep_alive = modern ? !has_token(head, "connection", "close") : has_token(head, "connection", "keep-alive");
  check.websocket = modern && head.method == "GET" && check.framing.kind == HttpFraming::Kind::kNone &&
                    has_token(head, "connection", "upgrade") && has_token(head, "upgrade", "websocket");
  return check;
}

}  // namespace matchbus::net

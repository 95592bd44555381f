// HTTP/1.1 requests and responses as values (RFC 9110, RFC 9112).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace matchbus::net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // as sent: "GET"
  std::string target;   // as sent: "/a/b?c=d"
  HttpHeaders headers;  // in order; names in lower case
  std::string body;     // whole, decoded from its transfer coding; may be changed in place by the handler
  std::string peer;     // the client's address
  bool tls = false;

  // The target before '?', not decoded.
  std::string_view path() const;
  // Value of query parameter `name`, percent-decoded ('+' is a space); nothing if absent.
  std::optional<std::string> query(std::string_view name) const;
  // Value of the first header `name` (in lower case); nothing if absent.
  std::optional<std::string_view> header(std::string_view name) const;
  // True if a comma-separated header holds `token` (case-insensitive), in any of its lines.
  bool header_has_token(std::string_view name, std::string_view token) const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // without Content-Length, Connection, Date and CORS, which the server adds
  Bytes body;

  static HttpResponse text(int status, std::string_view body);
  static HttpResponse json(int status, std::string_view body);
};

}  // namespace matchbus::net

// Taking URLs apart, with http-parser's help.
#include "net/http_url.h"

#include <http_parser.h>

#include <algorithm>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

constexpr size_t kMaxUrl = 8'000;  // also what http-parser's 16-bit offsets can hold

std::string_view field(const http_parser_url& url, std::string_view text, http_parser_url_fields which) {
  if ((url.field_set & (1 << which)) == 0) return {};
  return text.substr(url.field_data[which].off, url.field_data[which].len);
}

Error wrong(std::string_view why) { return Error{"invalid URL: " + std::string(why)}; }

}  // namespace

std::string HttpUrl::origin() const { return (tls ? "https://" : "http://") + host + " " + std::to_string(port); }

Result<HttpUrl> parse_http_url(std::string_view text) {
  if (text.empty() || text.size() > kMaxUrl) return wrong("empty or too long");
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; })) return wrong("character");
  http_parser_url parts;
  http_parser_url_init(&parts);
  if (http_parser_parse_url(text.data(), text.size(), 0, &parts) != 0) return wrong("malformed");
  const std::string_view scheme = field(parts, text, UF_SCHEMA);
  const std::string_view host = field(parts, text, UF_HOST);
  if (!http_equal(scheme, "http") && !http_equal(scheme, "https")) return wrong("neither http nor https");
  if (host.empty()) return wrong("no host");
  if (!field(parts, text, UF_USERINFO).empty()) return wrong("user information");

  HttpUrl url;
  url.tls = http_equal(scheme, "https");
  std::transform(host.begin(), host.end(), std::back_inserter(url.host), http_lower);
  const uint16_t usual = url.tls ? 443 : 80;
  const bool has_port = (parts.field_set & (1 << UF_PORT)) != 0;
  if (has_port && parts.port == 0) return wrong("port");
  url.port = has_port ? parts.port : usual;
  url.authority = host.find(':') == std::string_view::npos ? url.host : "[" + url.host + "]";
  if (url.port != usual) url.authority += ":" + std::to_string(url.port);
  url.target = field(parts, text, UF_PATH);
  if (url.target.empty()) url.target = "/";
  if ((parts.field_set & (1 << UF_QUERY)) != 0) url.target.append("?").append(field(parts, text, UF_QUERY));
  return url;
}

}  // namespace matchbus::net

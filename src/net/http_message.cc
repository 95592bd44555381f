// Reading of requests (RFC 3986 paths and queries, RFC 9110 header lists) and making of common responses.
#include "net/http_message.h"

#include <algorithm>

#include "net/http_text.h"

namespace matchbus::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes application/x-www-form-urlencoded text. An escape that is none stays as it was sent: a value typed by hand
// with a lone '%' in it should not be lost.
std::string decode_form(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

HttpResponse typed(int status, std::string_view type, std::string_view body) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = Bytes::copy(body);
  return response;
}

}  // namespace

std::string_view HttpRequest::path() const {
  std::string_view text = target;
  text = text.substr(0, text.find_first_of("?#"));
  // The absolute form, as sent to proxies, must be understood too (RFC 9112 section 3.2.2).
  if (text.empty() || text.front() == '/') return text;
  const size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return text;
  const size_t slash = text.find('/', scheme + 3);
  return slash == std::string_view::npos ? std::string_view("/") : text.substr(slash);
}

std::optional<std::string> HttpRequest::query(std::string_view name) const {
  std::string_view rest = target;
  rest = rest.substr(0, rest.find('#'));
  const size_t mark = rest.find('?');
  if (mark == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (key != name && decode_form(key) != name) continue;
    return equals == std::string_view::npos ? std::string() : decode_form(pair.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

bool HttpRequest::header_has_token(std::string_view name, std::string_view token) const {
  return http_list_has(headers, name, token);
}

HttpResponse HttpResponse::text(int status, std::string_view body) {
  return typed(status, "text/plain; charset=utf-8", body);
}

HttpResponse HttpResponse::json(int status, std::string_view body) { return typed(status, "application/json", body); }

}  // namespace matchbus::net

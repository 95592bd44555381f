// The small grammar of HTTP header fields.
#include "net/http_text.h"

#include <algorithm>
#include <charconv>

namespace matchbus::net {

char http_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool is_http_token_char(char c) {
  const char lower = http_lower(c);
  if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_http_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_http_token_char);
}

bool http_equal(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return http_lower(x) == http_lower(y); });
}

std::string_view http_trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::string_view> http_next_element(std::string_view& list) {
  while (!list.empty()) {
    const std::string_view raw = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), raw.size() + 1));
    const std::string_view element = http_trim(raw);
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

bool http_list_has(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    std::string_view list = value;
    while (const auto element = http_next_element(list)) {
      if (http_equal(*element, token)) return true;
    }
  }
  return false;
}

std::optional<uint64_t> http_number(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  // A lone '-' or '+' is no digit for from_chars into an unsigned type, but check: "-0" must not pass.
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace matchbus::net

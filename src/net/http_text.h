// The small grammar that requests, responses and their framing share: tokens, lists, numbers (RFC 9110 section 5.6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/http_message.h"

namespace matchbus::net {

// tchar: what methods and field names are made of.
bool is_http_token_char(char c);
// One or more tchar.
bool is_http_token(std::string_view text);

char http_lower(char c);
// Equal but for ASCII case.
bool http_equal(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view http_trim(std::string_view text);

// Cuts the first element off a comma-separated list; empty elements are passed over. Nothing at its end.
std::optional<std::string_view> http_next_element(std::string_view& list);
// True if any line of header `name` (in lower case) lists `token`, whatever its case.
bool http_list_has(const HttpHeaders& headers, std::string_view name, std::string_view token);

// The digits of a Content-Length, and nothing but digits; nothing if it is no number or does not fit.
std::optional<uint64_t> http_number(std::string_view text);

}  // namespace matchbus::net

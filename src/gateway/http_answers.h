// How the HTTP extras answer: routes that are a method and a path, JSON, and what no route takes.
//
// Types and bodies are those that existing clients of this protocol compare with, "charset=utf-8" included.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/router.h"
#include "net/http_message.h"
#include "net/http_server.h"

namespace matchbus::gateway {

// JSON text with its charset.
net::HttpResponse json_answer(int status, std::string_view json);
// {"error": text}.
net::HttpResponse error_answer(int status, std::string_view text);
// 429 with what to wait for (RFC 6585 section 4).
net::HttpResponse retry_answer(int64_t seconds, std::string_view text);
// A page for people: the status and its name.
net::HttpResponse page_answer(int status, std::string_view name);
net::HttpResponse not_found_page();

// Takes `method` (GET takes HEAD too) at exactly `path`, a slash behind it or not; everything else at and below it is
// answered with the page 404.
void add_route(Router& router, std::string_view method, std::string path, Router::OnRequest on_request);
// The same for `path`/SEGMENT, where the segment is not empty and is handed on percent-decoded (RFC 3986 section 2.1).
using OnSegment = std::function<void(std::string_view segment, std::unique_ptr<net::HttpReply>)>;
void add_segment_route(Router& router, std::string_view method, std::string path, OnSegment on_segment);

// The value of the query parameter `name` if it was given exactly once and is not empty.
std::optional<std::string> only_query(const net::HttpRequest& request, std::string_view name);

}  // namespace matchbus::gateway

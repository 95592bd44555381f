#include "gateway/http_answers.h"

#include <algorithm>
#include <utility>

#include "json/writer.h"
#include "net/percent_encoding.h"

namespace matchbus::gateway {
namespace {

net::HttpResponse typed(int status, std::string_view type, std::string_view body) {
  net::HttpResponse response;
  response.status = status;
  response.headers.emplace_back("Content-Type", type);
  response.body = Bytes::copy(body);
  return response;
}

bool takes(std::string_view method, const net::HttpRequest& request) {
  return request.method == method || (method == "GET" && request.method == "HEAD");
}

// What follows `route` in the path, without the slashes around it.
std::string_view rest_of(const net::HttpRequest& request, std::string_view route) {
  std::string_view rest = request.path().substr(route.size());
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return rest;
}

}  // namespace

net::HttpResponse json_answer(int status, std::string_view json) {
  return typed(status, "application/json; charset=utf-8", json);
}

net::HttpResponse error_answer(int status, std::string_view text) {
  BytesWriter out;
  json::Writer(out).begin_object().key("error").string(text).end_object();
  return json_answer(status, out.view());
}

net::HttpResponse retry_answer(int64_t seconds, std::string_view text) {
  net::HttpResponse response = error_answer(429, text);
  response.headers.emplace_back("Retry-After", std::to_string(seconds));
  return response;
}

net::HttpResponse page_answer(int status, std::string_view name) {
  const std::string title = std::to_string(status) + " " + std::string(name);
  return typed(status, "text/html; charset=utf-8",
               "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
                   "</title></head><body><h1>" + title + "</h1></body></html>\n");
}

net::HttpResponse not_found_page() { return page_answer(404, "Not Found"); }

void add_route(Router& router, std::string_view method, std::string path, Router::OnRequest on_request) {
  const auto is_it = [method, path](const net::HttpRequest& request) {
    return takes(method, request) && rest_of(request, path).empty();
  };
  router.add(
      path,
      [is_it, on_request = std::move(on_request)](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
        if (!is_it(request)) return reply->send(not_found_page());
        on_request(request, std::move(reply));
      },
      nullptr, {.refuse = [is_it](const net::HttpRequest& head) {
        return is_it(head) ? std::nullopt : std::optional(not_found_page());
      }});
}

void add_segment_route(Router& router, std::string_view method, std::string path, OnSegment on_segment) {
  const auto is_it = [method, path](const net::HttpRequest& request) {
    const std::string_view rest = rest_of(request, path);
    return takes(method, request) && !rest.empty() && rest.find('/') == std::string_view::npos;
  };
  router.add(path,
             [is_it, path, on_segment = std::move(on_segment)](net::HttpRequest& request,
                                                               std::unique_ptr<net::HttpReply> reply) {
               if (!is_it(request)) return reply->send(not_found_page());
               const auto segment = net::percent_decode(rest_of(request, path));
               if (!segment) return reply->send(page_answer(400, "Bad Request"));
               on_segment(*segment, std::move(reply));
             },
             nullptr, {.refuse = [is_it](const net::HttpRequest& head) {
               return is_it(head) ? std::nullopt : std::optional(not_found_page());
             }});
}

std::optional<std::string> only_query(const net::HttpRequest& request, std::string_view name) {
  auto value = request.query(name);
  if (!value || value->empty()) return std::nullopt;
  // One pair at a time, since a request tells only the first of a name.
  net::HttpRequest pair;
  const std::string_view target = request.target;
  const std::string_view pairs = target.substr(target.find('?') + 1);
  size_t found = 0;
  for (size_t at = 0; at <= pairs.size() && found < 2;) {
    const size_t end = std::min(pairs.find('&', at), pairs.size());
    pair.target = "?" + std::string(pairs.substr(at, end - at));
    if (pair.query(name)) ++found;
    at = end + 1;
  }
  return found == 1 ? value : std::nullopt;
}

}  // namespace matchbus::gateway

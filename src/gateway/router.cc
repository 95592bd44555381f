#include "gateway/router.h"

#include <utility>

#include "gateway/http_answers.h"

namespace matchbus::gateway {

void Router::add(std::string path, OnRequest on_request, OnUpgrade on_upgrade, BodyRules body) {
  routes_.push_back({std::move(path), std::move(on_request), std::move(on_upgrade), std::move(body)});
}

const Router::Route* Router::find(std::string_view path) const {
  for (const Route& route : routes_) {
    if (path.starts_with(route.path) && (path.size() == route.path.size() || path[route.path.size()] == '/'))
      return &route;
  }
  return nullptr;
}

void Router::on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  if (const Route* route = find(request.path())) {
    route->on_request(request, std::move(reply));
  } else {
    reply->send(not_found_page());
  }
}

std::optional<net::HttpResponse> Router::refuse_body(const net::HttpRequest& head) {
  const Route* route = find(head.path());
  if (route == nullptr) return not_found_page();
  return route->body.refuse ? route->body.refuse(head) : std::nullopt;
}

size_t Router::body_limit(const net::HttpRequest& head, const net::HttpLimits& limits) {
  const Route* route = find(head.path());
  return route != nullptr && route->body.limit ? route->body.limit(head) : limits.body_bytes;
}

void Router::on_body_lost(const net::HttpRequest& head) {
  const Route* route = find(head.path());
  if (route != nullptr && route->body.on_lost) route->body.on_lost(head);
}

void Router::on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
  const Route* route = find(request.path());
  if (route != nullptr && route->on_upgrade) {
    route->on_upgrade(request, std::move(stream), early);
  } else {
    net::refuse_upgrade(std::move(stream), not_found_page(), loop_);
  }
}

}  // namespace matchbus::gateway

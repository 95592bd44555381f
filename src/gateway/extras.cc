#include "gateway/extras.h"

#include <memory>
#include <utility>

#include "gateway/http_answers.h"

namespace matchbus::gateway {

void add_extras(Router& router, ExtrasSources sources) {
  using Reply = std::unique_ptr<net::HttpReply>;
  add_route(router, "GET", "/status", [matches = std::move(sources.live_matches)](net::HttpRequest&, Reply reply) {
    reply->send(json_answer(200, "{\"status\":\"UP\",\"matchesRunning\":" + std::to_string(matches()) + "}"));
  });
  add_route(router, "GET", "/healthz",
            [](net::HttpRequest&, Reply reply) { reply->send(json_answer(200, "{\"status\":\"ok\"}")); });
  add_route(router, "GET", "/metrics", [metrics = std::move(sources.metrics)](net::HttpRequest&, Reply reply) {
    net::HttpResponse response = net::HttpResponse::text(200, metrics());
    response.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
    reply->send(std::move(response));
  });
}

}  // namespace matchbus::gateway

// Hands the requests of one port on by their path. What no route takes is answered 404.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "net/loop.h"

namespace matchbus::gateway {

// What becomes of a request's body, by its head; see net::HttpHandler. What is not there: the port's limit, no refusal,
// no interest.
struct BodyRules {
  std::function<size_t(const net::HttpRequest&)> limit = nullptr;
  std::function<std::optional<net::HttpResponse>(const net::HttpRequest&)> refuse = nullptr;
  std::function<void(const net::HttpRequest&)> on_lost = nullptr;
};

class Router final : public net::HttpHandler {
 public:
  using OnRequest = std::function<void(net::HttpRequest&, std::unique_ptr<net::HttpReply>)>;
  using OnUpgrade = std::function<void(net::HttpRequest&, net::StreamPtr, std::span<char>)>;
  explicit Router(net::Loop& loop) : loop_(loop) {}

  // Routes everything at `path` and below it ("/socket.io" takes "/socket.io/x" but not "/socket.iox"). Without
  // `on_upgrade` upgrades are refused with 404.
  void add(std::string path, OnRequest on_request, OnUpgrade on_upgrade = nullptr, BodyRules body = {});

  // A route to anything that has them all (a Socket.IO server).
  template <typename Target>
  void add_target(std::string path, Target& target) {
    add(
        std::move(path),
        [&target](net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
          target.on_request(request, std::move(reply));
        },
        [&target](net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
          target.on_upgrade(request, std::move(stream), early);
        },
        BodyRules{.limit = [&target](const net::HttpRequest& head) { return target.body_limit(head); },
                  .refuse = [&target](const net::HttpRequest& head) { return target.refuse_body(head); },
                  .on_lost = [&target](const net::HttpRequest& head) { target.on_body_lost(head); }});
  }

  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override;
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override;
  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) override;
  size_t body_limit(const net::HttpRequest& head, const net::HttpLimits& limits) override;
  void on_body_lost(const net::HttpRequest& head) override;

 private:
  struct Route {
    std::string path;
    OnRequest on_request;
    OnUpgrade on_upgrade;
    BodyRules body;
  };
  const Route* find(std::string_view path) const;

  net::Loop& loop_;
  std::vector<Route> routes_;
};

}  // namespace matchbus::gateway

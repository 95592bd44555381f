// One of the server's ports: what listens, what speaks HTTP on it, and where its paths lead.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "gateway/router.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "net/loop.h"

namespace matchbus::app {

class Port {
 public:
  // Borrows `loop`.
  Port(net::Loop& loop, net::HttpServerOptions options) : loop_(loop), router_(loop), http_(loop, router_, options) {}

  gateway::Router& router() { return router_; }
  const net::HttpServerStats& stats() const { return http_.stats(); }
  uint16_t number() const { return listener_ ? listener_->port() : 0; }
  net::PortConnections connections() const { return listener_ ? listener_->connections() : net::PortConnections{}; }

  // What becomes of a connection that there is no place for.
  enum class WhenFull : uint8_t {
    kRefuse,
    kDisplace,  // takes that of the oldest one without a request under way
  };
  Result<void> open(const net::ListenOptions& options, WhenFull when_full, net::TlsServerContext* tls,
                    net::ConnectionCounter& counter) {
    net::ConnectionCounter::MakeRoom make_room;
    if (when_full == WhenFull::kDisplace)
      make_room = [this](const std::string& address) { return http_.make_room(address); };
    auto opened = net::Listener::open(
        loop_, options, tls, counter, [this](net::StreamPtr stream) { http_.serve(std::move(stream)); },
        std::move(make_room));
    if (!opened) return opened.error();
    listener_ = std::move(*opened);
    return {};
  }
  // Takes no more connections and lets HTTP requests under way end.
  void shut_down() {
    if (listener_) listener_->close();
    http_.shut_down();
  }

 private:
  net::Loop& loop_;
  gateway::Router router_;
  net::HttpServer http_;
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace matchbus::app

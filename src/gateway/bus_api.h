// The server API of the bus on the extras port (realtime-bus section 2): game services publish, move and disconnect
// players, and look who is there. Off until a key is set.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "bus/bus.h"
#include "gateway/bus_idempotency.h"
#include "gateway/bus_publisher.h"
#include "gateway/key_guard.h"
#include "gateway/router.h"
#include "json/document.h"
#include "net/loop.h"

namespace matchbus::gateway {

struct BusApiOptions {
  std::string key;            // "": off
  size_t max_per_second = 0;  // requests, and messages of them; 0: no limit
  size_t max_body = 0;        // bytes, of whoever has the key; 0: no limit
};

struct BusApiStats {
  uint64_t requests = 0;
  uint64_t unauthorized = 0;
  uint64_t limited = 0;   // answered 429
  uint64_t repeated = 0;  // given the answer of an earlier request
};

class BusApi {
 public:
  // Adds its routes to `router`. Borrows all but the options.
  BusApi(Router& router, net::Loop& loop, bus::Bus& bus, KeyGuard& guard, BusApiOptions options);
  BusApi(const BusApi&) = delete;
  BusApi& operator=(const BusApi&) = delete;

  // From now on; "" is off.
  void set_key(std::string key) { options_.key = std::move(key); }

  const BusApiStats& stats() const { return stats_; }
  const BusPublisher& publisher() const { return publisher_; }

 private:
  using Reply = std::unique_ptr<net::HttpReply>;
  // Status and JSON text of an answer; called once.
  using Answer = std::function<void(int status, std::string_view json)>;
  using Action = void (BusApi::*)(std::string body, const Answer& answer);

  struct Route;
  const Route* route_of(const net::HttpRequest& request) const;
  // The answer to a request that is at no route, or has not the key; a wrong key costs its address.
  std::optional<net::HttpResponse> refusal(const net::HttpRequest& request);
  void on_request(net::HttpRequest& request, Reply reply);
  // False: too many lately.
  bool may_go_on();
  void run(Action action, net::HttpRequest& request, Reply reply);

  void publish(std::string body, const Answer& answer);
  void move(std::string body, const Answer& answer);
  void disconnect(std::string body, const Answer& answer);
  void presence(const net::HttpRequest& request, net::HttpReply& reply) const;
  void show_stats(net::HttpReply& reply) const;

  net::Loop& loop_;
  bus::Bus& bus_;
  KeyGuard& guard_;
  BusApiOptions options_;
  BusApiStats stats_;
  BusPublisher publisher_;
  IdempotencyStore answers_;
  json::Document document_;
  double allowance_ = 0;  // requests and messages that may come now
  int64_t allowance_ms_ = 0;
};

}  // namespace matchbus::gateway

// The realtime bus as a part of the server: the bus itself, its doors, and what lies behind them.
#pragma once

#include <memory>

#include "app/bus_keys.h"
#include "app/metrics.h"
#include "app/options.h"
#include "app/port.h"
#include "base/result.h"
#include "broker/local_broker.h"
#include "bus/bus.h"
#include "gateway/bus_api.h"
#include "gateway/bus_commands.h"
#include "gateway/bus_directory.h"
#include "gateway/bus_endpoint.h"
#include "gateway/match_topic.h"
#include "gateway/output.h"
#include "match/registry.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::app {

// What the bus needs of the options, checked before anything starts.
struct BusSettings {
  // Errors name the option and say what is wrong.
  static Result<BusSettings> from(const Options& options);

  BusKeys keys;
  bus::TokenVerifier verifier;
};

class BusPart {
 public:
  struct Places {
    net::Loop& loop;
    ws::Context& context;
    gateway::Output& output;
    match::MatchRegistry& registry;
    gateway::Router& players;   // of the output port
    gateway::Router& services;  // of the extras port
    gateway::KeyGuard& guard;
  };

  // Borrows the places.
  BusPart(const Options& options, BusSettings settings, const Places& places);
  ~BusPart();
  BusPart(const BusPart&) = delete;
  BusPart& operator=(const BusPart&) = delete;

  // Reads the keys again; if they are no good, the old ones stay.
  void reload();
  // Tells everybody that the server goes away.
  void shut_down();

  void add_metrics(MetricsText& out) const;

 private:
  net::Loop& loop_;
  BusKeys keys_;
  broker::LocalBroker broker_;
  std::unique_ptr<bus::Bus> bus_;
  gateway::BusCommands commands_;
  std::unique_ptr<gateway::BusDirectory> directory_;
  gateway::MatchTopic match_topic_;
  gateway::BusEndpoint endpoint_;
  gateway::BusApi api_;
};

}  // namespace matchbus::app

// The server's figures under their Prometheus names: the one list of all metrics.
#pragma once

#include <cstdint>
#include <string>

#include "app/bus_part.h"
#include "app/journal.h"
#include "app/journal_pruner.h"
#include "app/journal_recovery.h"
#include "app/memory_guard.h"
#include "gateway/backend.h"
#include "gateway/ingest.h"
#include "gateway/output.h"
#include "hub/feed.h"
#include "match/registry.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "socketio/server.h"
#include "ws/connection.h"
#include "ws/unfinished.h"

namespace matchbus::app {

struct MetricSources {
  const net::ConnectionStats& connections;
  size_t connection_limit;
  net::PortConnections ingest_connections;
  net::PortConnections output_connections;
  net::PortConnections extras_connections;
  const net::HttpServerStats& ingest_http;
  const net::HttpServerStats& output_http;
  const net::HttpServerStats& extras_http;
  const ws::Stats& websocket;
  const ws::UnfinishedStats& unfinished;
  const socketio::Server& ingest_server;
  const socketio::Server& output_server;
  const gateway::Ingest& ingest;
  const gateway::KeyGuard& guard;
  const gateway::Output& output;
  const match::MatchRegistry& registry;
  const gateway::Backend* backend;  // null: off
  size_t previews;
  size_t results;
  const hub::FanOutStats& fan_out;
  Journal* journal;             // null: off
  const JournalPruner* pruner;  // null: off
  const RecoveryStats& recovery;
  const BusPart& bus;
  const MemoryGuard& memory;
  net::LongestTurn longest_turn;  // since the last scrape
};

// The whole text for /metrics.
std::string server_metrics(const MetricSources& from);

}  // namespace matchbus::app

// The realtime bus's figures under their Prometheus names.
#pragma once

#include <cstddef>

#include "app/metrics.h"
#include "bus/stats.h"
#include "gateway/bus_api.h"
#include "gateway/bus_commands.h"
#include "gateway/bus_endpoint.h"

namespace matchbus::app {

struct BusMetricSources {
  const bus::BusStats& bus;
  const gateway::BusEndpointStats& endpoint;
  size_t lookups;  // under way
  const gateway::BusApiStats& api;
  const gateway::BusPublisher& publisher;
  const gateway::CommandStats& commands;
};

void add_bus_metrics(MetricsText& out, const BusMetricSources& from);

}  // namespace matchbus::app

// The HTTP extras port: how the server is, for people and machines (spec section 9). Further routes of the port:
// previews.h, team_infos.h, org_lookup.h.
#pragma once

#include <functional>
#include <string>

#include "gateway/router.h"

namespace matchbus::gateway {

// Where the figures come from; called for each request.
struct ExtrasSources {
  std::function<size_t()> live_matches;
  std::function<std::string()> metrics;  // Prometheus text format
};

// Adds /status, /healthz and /metrics to `router`.
void add_extras(Router& router, ExtrasSources sources);

}  // namespace matchbus::gateway

#include "app/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace matchbus::app {
namespace {

// The server's own: standard streams, event loops, signals, pipes, and the files and sockets that jobs on the pool have
// open for a moment (a sidecar, a sync, old journals, the names service).
constexpr size_t kOwn = 40;
constexpr size_t kPorts = 3;
constexpr size_t kPerAddress = 2;  // the listening socket, and what is given up to refuse a connection with
constexpr size_t kFamilies = 2;    // where no address is given
constexpr size_t kLeastConnections = 8;
constexpr size_t kOpenJournals = 256;
constexpr size_t kBackend = 64;  // a few connections to each service
constexpr size_t kBus = 256;     // to where commands go and rows come from
// Of what the server itself leaves, when it is little.
constexpr size_t kLeastShare = 4;

size_t wanted_for_journals(const Options& options) {
  if (!options.journal) return 0;
  return options.max_matches == 0 ? kOpenJournals : std::min(options.max_matches, kOpenJournals);
}

size_t wanted_for_services(const Options& options) {
  const bool backend = options.use_backend || !options.stats_backend_url.empty() || !options.playercam_url.empty();
  const bool bus = !options.command_url.empty() || options.directory != "claims";
  return (backend ? kBackend : 0) + (bus ? kBus : 0);
}

}  // namespace

std::optional<size_t> raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

Result<DescriptorShares> share_descriptors(std::optional<size_t> limit, const Options& options) {
  DescriptorShares shares;
  const size_t addresses = options.bind.empty() ? kFamilies : options.bind.size();
  const size_t own = kOwn + kPorts * kPerAddress * addresses;
  shares.journals = wanted_for_journals(options);
  shares.services = wanted_for_services(options);
  if (!limit) return shares;
  const size_t rest = *limit > own ? *limit - own : 0;
  shares.journals = std::min(shares.journals, rest / kLeastShare);
  shares.services = std::min(shares.services, rest / kLeastShare);
  shares.connections = rest - shares.journals - shares.services;
  if (*shares.connections >= kLeastConnections) return shares;
  return Error{std::to_string(*limit) + " file descriptors leave none for connections (see ulimit -n)"};
}

size_t connection_limit(const DescriptorShares& shares, const Options& options) {
  if (!shares.connections) return options.max_connections;
  return options.max_connections == 0 ? *shares.connections : std::min(options.max_connections, *shares.connections);
}

}  // namespace matchbus::app

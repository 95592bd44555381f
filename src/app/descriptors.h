// How the file descriptors that the system gives are shared out: connections get what journals, services and the server
// itself do not need, so that no flood of connections keeps a match from being recorded.
#pragma once

#include <cstddef>
#include <optional>

#include "app/options.h"
#include "base/result.h"

namespace matchbus::app {

struct DescriptorShares {
  std::optional<size_t> connections;  // none: as many as may come
  size_t journals = 0;                // files of live matches kept open
  size_t services = 0;                // connections to services outside
};

// As many descriptors as the system gives this process from now on; none: there is no limit (RLIMIT_NOFILE).
std::optional<size_t> raise_descriptor_limit();

// Shares out so many. An error: with so few nobody could be served.
Result<DescriptorShares> share_descriptors(std::optional<size_t> limit, const Options& options);

// What --max-connections comes to with them; 0 is no limit.
size_t connection_limit(const DescriptorShares& shares, const Options& options);

}  // namespace matchbus::app

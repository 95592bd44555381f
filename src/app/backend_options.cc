#include "app/backend_options.h"

#include <array>
#include <utility>

#include "net/http_url.h"
#include "net/tls_config.h"

namespace matchbus::app {
namespace {

// Answers are small; the largest are a match's player-cam overrides.
constexpr size_t kMaxAnswer = 256 * 1024;

Result<void> check_urls(const gateway::BackendOptions& backend) {
  using Named = std::pair<const char*, const std::string*>;
  const std::array<Named, 4> urls{Named{"--backend-url", &backend.url},
                                  {"--supporter-check-url", &backend.supporter_url},
                                  {"--stats-backend-url", &backend.stats_url},
                                  {"--playercam-url", &backend.player_cam_url}};
  for (const auto& [flag, url] : urls) {
    if (url->empty()) continue;
    const auto parsed = net::parse_http_url(*url);
    if (!parsed) return Error{std::string(flag) + ": " + parsed.error().message};
    // Paths are put behind it.
    if (url->find_first_of("?#") != std::string::npos) return Error{std::string(flag) + ": has a query or fragment"};
  }
  return {};
}

// Found at the start, not with the first call.
Result<void> check_certificates(const std::string& path) {
  if (path.empty()) return {};
  const auto config = net::TlsConfig::client(path, true);
  return config ? Result<void>() : Error{"--backend-ca: " + config.error().message};
}

}  // namespace

Result<gateway::BackendOptions> backend_options(const Options& options) {
  gateway::BackendOptions backend;
  if (options.use_backend) {
    if (options.backend_url.empty()) return Error{"--use-backend (USE_BACKEND) needs --backend-url (BACKEND_URL)"};
    backend.url = options.backend_url;
    backend.token = options.backend_token;
    backend.supporter_url = options.supporter_check_url;
  }
  backend.stats_url = options.stats_backend_url;
  backend.stats_token = options.stats_backend_token;
  backend.player_cam_url = options.playercam_url;
  backend.http.timeout_ms = options.backend_timeout_ms;
  backend.http.max_body_bytes = kMaxAnswer;
  backend.http.max_queue = options.max_backend_calls;
  backend.http.ca_file = options.backend_ca;
  backend.retry.retries = options.backend_retries;
  backend.max_waiting = options.max_backend_calls;
  if (Result<void> checked = check_urls(backend); !checked) return checked.error();
  if (Result<void> checked = check_certificates(options.backend_ca); !checked) return checked.error();
  return backend;
}

}  // namespace matchbus::app

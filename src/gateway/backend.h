// The services outside that matches are told to and that know more than the server: the backend, the supporter check,
// the stats service, the player cams (spec section 6). Each is there if its URL is; none of them ever delays a match.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/access_keys.h"
#include "gateway/match_reports.h"
#include "gateway/match_stats.h"
#include "gateway/player_cams.h"
#include "gateway/service_caller.h"
#include "match/reducer.h"
#include "match/registry.h"
#include "net/http_client.h"
#include "net/loop.h"

namespace matchbus::gateway {

struct BackendOptions {
  // The backend; "" is off, which takes the supporter check with it.
  std::string url;
  std::string token;
  std::string supporter_url;
  std::string stats_url;  // "" is off
  std::string stats_token;
  std::string player_cam_url;  // "" is off

  net::HttpClientOptions http;
  RetryPolicy retry;
  size_t max_waiting = 1'000;        // calls at a time, half of them checks of keys; 0: no limit
  size_t max_waiting_per_match = 8;  // behind the one under way; 0: no limit

  bool is_used() const { return !url.empty() || !stats_url.empty() || !player_cam_url.empty(); }
};

class Backend {
 public:
  // Borrows `loop`, `clock` (that of the matches) and `registry`.
  Backend(net::Loop& loop, const Clock& clock, match::MatchRegistry& registry, const BackendOptions& options);

  // Null without a backend.
  KeyAuthority* key_authority() { return keys_.get(); }

  // As match::RegistryHandler has them.
  void on_effects(const match::Match& match, match::Effects effects);
  void on_stats_due(std::string_view match_id);

  ServiceStats stats() const { return key_caller_.stats() + caller_.stats(); }

 private:
  // First, since the others borrow them. Anybody can have keys checked, so that has connections and room of its own:
  // however many keys there are, matches can be reported.
  ServiceCaller key_caller_;
  ServiceCaller caller_;
  std::unique_ptr<AccessKeys> keys_;
  std::unique_ptr<MatchReports> reports_;
  std::unique_ptr<MatchStats> match_stats_;
  std::unique_ptr<PlayerCams> player_cams_;
};

}  // namespace matchbus::gateway

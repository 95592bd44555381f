#include "app/key_rules.h"

#include <array>
#include <string>
#include <utility>

#include "match/logon.h"

namespace matchbus::app {

Result<void> check_keys(const Options& options) {
  if (options.allow_short_keys) return {};
  const std::array<std::pair<const char*, const std::string*>, 2> keys = {
      {{"--auth-key (AUTH_KEY)", &options.auth_key}, {"--bus-api-key (BUS_API_KEY)", &options.bus_api_key}}};
  for (const auto& [name, key] : keys) {
    if (!key->empty() && match::characters(*key) < kLeastKey) {
      return Error{std::string(name) + " has fewer than " + std::to_string(kLeastKey) +
                   " characters and can be guessed: choose a longer one, such as `openssl rand -hex 16` makes, or give "
                   "--allow-short-keys (ALLOW_SHORT_KEYS)"};
    }
  }
  return {};
}

}  // namespace matchbus::app

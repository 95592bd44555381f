// Where a Redis server is: redis://[user[:password]@]host[:port][/database].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace matchbus::broker {

struct RedisUrl {
  std::string host;  // a name or address; IPv6 without brackets
  uint16_t port = 6379;
  std::string user;      // "": none is named
  std::string password;  // "": none is needed
  int database = 0;
};

// Escapes (%40) in user and password are resolved. An error tells what is wrong, without the password.
Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace matchbus::broker

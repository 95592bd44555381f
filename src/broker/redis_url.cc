#include "broker/redis_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/percent_encoding.h"

namespace matchbus::broker {
namespace {

std::optional<int> read_number(std::string_view text, int most) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most) return std::nullopt;
  return number;
}

Result<void> read_login(std::string_view login, RedisUrl& url) {
  const size_t colon = login.find(':');
  const auto user = net::percent_decode(login.substr(0, colon));
  const auto password =
      net::percent_decode(colon == std::string_view::npos ? std::string_view() : login.substr(colon + 1));
  if (!user || !password) return Error{"a bad escape in user or password"};
  url.user = *user;
  url.password = *password;
  return {};
}

Result<void> read_place(std::string_view place, RedisUrl& url) {
  std::string_view port;
  if (place.starts_with('[')) {
    const size_t end = place.find(']');
    if (end == std::string_view::npos) return Error{"a bracket is not closed"};
    url.host = place.substr(1, end - 1);
    port = place.substr(end + 1);
  } else {
    const size_t colon = std::min(place.find(':'), place.size());
    url.host = place.substr(0, colon);
    port = place.substr(colon);
  }
  if (url.host.empty()) return Error{"no host"};
  if (port.empty()) return {};
  const auto number = port.front() == ':' ? read_number(port.substr(1), UINT16_MAX) : std::nullopt;
  if (!number || *number == 0) return Error{"the port must be from 1 to 65535"};
  url.port = static_cast<uint16_t>(*number);
  return {};
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  constexpr std::string_view kScheme = "redis://";
  constexpr int kMostDatabases = 16'384;
  if (text.starts_with("rediss://")) return Error{"rediss (TLS) is not supported: use redis://"};
  if (!text.starts_with(kScheme)) return Error{"must begin with redis://"};
  text.remove_prefix(kScheme.size());
  RedisUrl url;
  const size_t slash =
      std::min(text.find('/', text.rfind('@') == std::string_view::npos ? 0 : text.rfind('@')), text.size());
  std::string_view authority = text.substr(0, slash);
  if (const std::string_view path = text.substr(slash); path.size() > 1) {
    const auto database = read_number(path.substr(1), kMostDatabases);
    if (!database) return Error{"what follows the host must be the number of a database"};
    url.database = *database;
  }
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (Result<void> read = read_login(authority.substr(0, at), url); !read) return read.error();
    authority.remove_prefix(at + 1);
  }
  if (Result<void> read = read_place(authority, url); !read) return read.error();
  return url;
}

}  // namespace matchbus::broker

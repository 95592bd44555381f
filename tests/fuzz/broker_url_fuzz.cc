// Whatever may stand where a URL is expected, in a service's option or for Redis: refused, or taken apart into parts
// that make the same URL again and cannot carry anything into a request's head.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "broker/redis_url.h"
#include "net/http_exchange.h"
#include "net/http_url.h"
#include "net/percent_encoding.h"

namespace {

using namespace matchbus;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_http(std::string_view text) {
  const auto url = net::parse_http_url(text);
  const auto outgoing = net::HttpOutgoing::from({.method = "GET", .url = std::string(text), .headers = {}, .body = {}});
  require(url.ok() == outgoing.ok());
  if (!url.ok()) return;
  require(!url->host.empty() && url->port != 0 && url->target.starts_with('/'));
  for (const std::string& part : {url->host, url->authority, url->target}) {
    for (const char c : part) require(static_cast<unsigned char>(c) > 0x20 && c != 0x7F);
  }
  const std::string head(outgoing->head.view());
  require(head == "GET " + url->target + " HTTP/1.1\r\nHost: " + url->authority + "\r\n\r\n");
  const auto again = net::parse_http_url((url->tls ? "https://" : "http://") + url->authority + url->target);
  require(again.ok() && again->origin() == url->origin() && again->target == url->target);
}

void check_redis(std::string_view text) {
  const auto url = broker::parse_redis_url(text);
  if (!url.ok()) return require(!url.error().message.empty());
  require(!url->host.empty() && url->port != 0 && url->database >= 0);
  std::string again = "redis://";
  if (!url->user.empty() || !url->password.empty())
    again += net::percent_encode_segment(url->user) + ":" + net::percent_encode_segment(url->password) + "@";
  again += url->host.find(':') == std::string::npos ? url->host : "[" + url->host + "]";
  again += ":" + std::to_string(url->port) + "/" + std::to_string(url->database);
  const auto read = broker::parse_redis_url(again);
  require(read.ok() && read->host == url->host && read->port == url->port && read->user == url->user);
  require(read->password == url->password && read->database == url->database);
}

void check_escapes(std::string_view text) {
  const std::string encoded = net::percent_encode_segment(text);
  require(encoded.find_first_of("/?#\r\n ") == std::string::npos);
  require(net::percent_decode(encoded) == text);
  if (const auto decoded = net::percent_decode(text)) require(decoded->size() <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_http(text);
  check_redis(text);
  check_escapes(text);
  return 0;
}

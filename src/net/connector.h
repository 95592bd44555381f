// Outgoing connections: resolves a name (on libuv's pool), connects, and does the TLS handshake if asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::net {

struct ConnectOptions {
  std::string host;  // name or address
  uint16_t port = 0;
  bool tls = false;
  bool verify = true;      // certificate chain and name
  std::string ca_file;     // PEM; empty: /etc/ssl/certs/ca-certificates.crt
  int timeout_ms = 5'000;  // for all of it
};

// One attempt under way. Destroying it gives it up.
class Connector {
 public:
  using Done = std::function<void(Result<StreamPtr>)>;
  // `done` is called once, never inside `connect`, and may destroy the connector. Tries the resolved addresses in
  // order.
  static std::unique_ptr<Connector> connect(Loop& loop, ConnectOptions options, Done done);
  virtual ~Connector() = default;
};

}  // namespace matchbus::net

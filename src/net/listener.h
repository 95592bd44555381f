// A listening port: accepts, counts and limits connections, and tells TLS from plain by the first byte.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/connection_counter.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::net {

class TlsServerContext;  // net/tls.h: certificate, key, session cache; shared by all ports

enum class TlsMode : uint8_t {
  kOff,       // plain only
  kAuto,      // told apart by the first byte: 0x16 starts a TLS handshake (RFC 8446 section 5.1)
  kRequired,  // TLS only
};

struct ListenOptions {
  std::vector<std::string> addresses;  // e.g. {"0.0.0.0", "::"}; IPv6 sockets are IPv6 only
  uint16_t port = 0;                   // 0: any free port, the same on all addresses
  TlsMode tls = TlsMode::kAuto;
  int drain_ms = 5'000;       // limit for Stream::finish; 0 = no limit
  int handshake_ms = 10'000;  // limit for a TLS handshake; 0 = no limit
  size_t kept_places = 0;     // see ConnectionCounter
};

class Listener {
 public:
  using OnStream = std::function<void(StreamPtr)>;
  // Binds and listens on every address; an address family that the machine lacks is passed over as long as one address
  // works. `tls` may be null only with TlsMode::kOff. All references are borrowed for the listener's life, `loop`,
  // `tls` and `counter` for the life of its streams too. `make_room`: see ConnectionCounter::enter; null: a connection
  // too many is refused.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const ListenOptions& options, TlsServerContext* tls,
                                                ConnectionCounter& counter, OnStream on_stream,
                                                ConnectionCounter::MakeRoom make_room = nullptr);
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;
  virtual const PortConnections& connections() const = 0;
  // Stops accepting; streams live on.
  virtual void close() = 0;
};

}  // namespace matchbus::net

// A listening port: accepts, counts and limits connections, and tells TLS from plain by the first byte.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "net/stream.h"

namespace matchbus::net {

class TlsServerContext;  // net/tls.h: certificate, key, session cache; shared by all ports

enum class TlsMode : uint8_t {
  kOff,       // plain only
  kAuto,      // told apart by the first byte: 0x16 starts a TLS handshake (RFC 8446 section 5.1)
  kRequired,  // TLS only
};

// Limits over all ports together: one object, shared by the listeners.
struct ConnectionLimits {
  size_t total = 100'000;  // 0 = no limit
  size_t per_address = 0;  // 0 = no limit
};

struct ConnectionStats {
  uint64_t accepted = 0;
  uint64_t refused_total = 0;    // over ConnectionLimits::total
  uint64_t refused_address = 0;  // over ConnectionLimits::per_address
  uint64_t refused_files = 0;    // the process had no file descriptor left
  uint64_t tls_handshakes = 0;   // completed
  uint64_t tls_failures = 0;
  size_t open = 0;
};

// Counts open connections for all listeners of the process.
class ConnectionCounter {
 public:
  explicit ConnectionCounter(ConnectionLimits limits) : limits_(limits) {}
  // Counts a new connection, or says which limit does not let it in.
  Result<void> enter(const std::string& address);
  void leave(const std::string& address);
  ConnectionStats& stats() { return stats_; }
  const ConnectionStats& stats() const { return stats_; }

 private:
  ConnectionLimits limits_;
  ConnectionStats stats_;
  std::unordered_map<std::string, uint32_t> by_address_;  // kept only while per_address is limited
};

struct ListenOptions {
  std::vector<std::string> addresses;  // e.g. {"0.0.0.0", "::"}; IPv6 sockets are IPv6 only
  uint16_t port = 0;                   // 0: any free port, the same on all addresses
  TlsMode tls = TlsMode::kAuto;
  int drain_ms = 5'000;       // limit for Stream::finish; 0 = no limit
  int handshake_ms = 10'000;  // limit for a TLS handshake; 0 = no limit
};

class Listener {
 public:
  using OnStream = std::function<void(StreamPtr)>;
  // Binds and listens on every address; an address family that the machine lacks is passed over as long as one address
  // works. `tls` may be null only with TlsMode::kOff. All references are borrowed for the listener's life, `loop`,
  // `tls` and `counter` for the life of its streams too.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const ListenOptions& options, TlsServerContext* tls,
                                                ConnectionCounter& counter, OnStream on_stream);
  virtual ~Listener() = default;
  virtual uint16_t port() const = 0;
  // Stops accepting; streams live on.
  virtual void close() = 0;
};

}  // namespace matchbus::net

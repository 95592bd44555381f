// Who may come in: open connections of all ports in one count, against the limits.
//
// Ports share the places, but each keeps a part that no other port takes: a flood of viewers leaves observers and the
// operator theirs. A port's connections take its own part first, and then what is left for all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace matchbus::net {

// Limits over all ports together.
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

// What is counted of one port.
struct PortConnections {
  size_t kept = 0;  // places that are this port's alone, with a limit of the total so small: an eighth of it at most
  size_t open = 0;
  uint64_t accepted = 0;
  uint64_t refused = 0;    // at any limit
  uint64_t displaced = 0;  // dropped for one that came later
};

class ConnectionCounter {
 public:
  explicit ConnectionCounter(ConnectionLimits limits) : limits_(limits) {}
  ConnectionCounter(const ConnectionCounter&) = delete;
  ConnectionCounter& operator=(const ConnectionCounter&) = delete;

  // Another limit from now on; who is in stays.
  void limit_total(size_t total) { limits_.total = total; }
  const ConnectionLimits& limits() const { return limits_; }
  // A port that keeps so many places. Valid for the counter's life.
  PortConnections& add_port(size_t kept = 0);

  // Whether the limit of the total lets a connection of this port in.
  bool has_place(const PortConnections& port) const;
  // Drops another connection of the port for one of this address, if it can, and tells whether it did.
  using MakeRoom = std::function<bool(const std::string& address)>;
  // Counts a new connection, or says which limit does not let it in. `make_room` is asked, where there is one, when no
  // place is left.
  Result<void> enter(PortConnections& port, const std::string& address, const MakeRoom& make_room = nullptr);
  void leave(PortConnections& port, const std::string& address);

  ConnectionStats& stats() { return stats_; }
  const ConnectionStats& stats() const { return stats_; }

 private:
  size_t kept(const PortConnections& port) const;
  bool find_place(PortConnections& port, const std::string& address, const MakeRoom& make_room);
  bool is_full_of(const std::string& address) const;

  ConnectionLimits limits_;
  ConnectionStats stats_;
  std::vector<std::unique_ptr<PortConnections>> ports_;
  std::unordered_map<std::string, uint32_t> by_address_;  // kept only while per_address is limited
};

}  // namespace matchbus::net

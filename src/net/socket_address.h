// IP addresses with ports, as the socket calls want them.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace matchbus::net {

// An address to bind to or connect to.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  // Reads "192.0.2.1" or "2001:db8::1"; size 0 if it is neither.
  static SocketAddress parse(const std::string& address, uint16_t port);
  const sockaddr& get() const { return reinterpret_cast<const sockaddr&>(storage); }
  sockaddr* mutable_get() { return reinterpret_cast<sockaddr*>(&storage); }
  uint16_t port() const;
  void set_port(uint16_t port);
  // The address alone: "192.0.2.1" or "2001:db8::1"; empty if it is none.
  std::string text() const;
};

}  // namespace matchbus::net

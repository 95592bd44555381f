#include "net/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <uv.h>

#include <array>

namespace matchbus::net {

SocketAddress SocketAddress::parse(const std::string& address, uint16_t port) {
  SocketAddress out;
  if (uv_ip4_addr(address.c_str(), port, reinterpret_cast<sockaddr_in*>(&out.storage)) == 0) {
    out.size = sizeof(sockaddr_in);
  } else if (uv_ip6_addr(address.c_str(), port, reinterpret_cast<sockaddr_in6*>(&out.storage)) == 0) {
    out.size = sizeof(sockaddr_in6);
  }
  return out;
}

std::string SocketAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (size == 0 || uv_ip_name(&get(), text.data(), text.size()) != 0) return {};
  return text.data();
}

uint16_t SocketAddress::port() const {
  return ntohs(get().sa_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

void SocketAddress::set_port(uint16_t port) {
  if (get().sa_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  }
}

}  // namespace matchbus::net

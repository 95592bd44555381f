#include "net/network.h"

#include <arpa/inet.h>

#include <array>

namespace matchbus::net {

std::string network_of(std::string_view address) {
  constexpr size_t kNetworkBytes = 8;
  std::string text(address);
  if (text.find(':') == std::string::npos) return text;
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  return {bytes.data(), kNetworkBytes};
}

}  // namespace matchbus::net

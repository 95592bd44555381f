#include "socketio/polling_crowd.h"

#include <arpa/inet.h>

#include <array>

namespace matchbus::socketio {
namespace {

// One client has a whole network of IPv6 addresses, the last 64 bits of which it chooses itself (RFC 4291 section
// 2.5.1).
std::string network_of(std::string_view address) {
  constexpr size_t kNetworkBytes = 8;
  std::string text(address);
  if (text.find(':') == std::string::npos) return text;
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  return {bytes.data(), kNetworkBytes};
}

}  // namespace

bool PollingCrowd::has_room(std::string_view address) const {
  if (max_unpolled_ == 0) return true;
  const auto found = clients_.find(network_of(address));
  return found == clients_.end() || found->second.unpolled < max_unpolled_;
}

PollingCrowd::Member::Member(PollingCrowd& crowd, std::string_view address)
    : crowd_(crowd), client_(*crowd.clients_.try_emplace(network_of(address)).first) {
  ++client_.second.sessions;
  ++client_.second.unpolled;
  ++crowd_.unpolled_;
}

PollingCrowd::Member::~Member() {
  set_polled(true);
  if (--client_.second.sessions == 0) crowd_.clients_.erase(crowd_.clients_.find(client_.first));
}

void PollingCrowd::Member::set_polled(bool polled) {
  if (polled == std::exchange(polled_, polled)) return;
  const size_t change = polled ? size_t{0} - 1 : 1;
  client_.second.unpolled += change;
  crowd_.unpolled_ += change;
}

}  // namespace matchbus::socketio

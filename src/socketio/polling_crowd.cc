#include "socketio/polling_crowd.h"

#include "net/network.h"

namespace matchbus::socketio {

bool PollingCrowd::has_room(std::string_view address) const {
  if (max_unpolled_ == 0) return true;
  const auto found = clients_.find(net::network_of(address));
  return found == clients_.end() || found->second.unpolled < max_unpolled_;
}

PollingCrowd::Member::Member(PollingCrowd& crowd, std::string_view address)
    : crowd_(crowd), client_(*crowd.clients_.try_emplace(net::network_of(address)).first) {
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

#include "net/connection_counter.h"

#include <algorithm>

namespace matchbus::net {
namespace {

// With few places most are for whoever needs them.
constexpr size_t kShareOfPort = 8;

}  // namespace

PortConnections& ConnectionCounter::add_port(size_t kept) {
  ports_.push_back(std::make_unique<PortConnections>());
  ports_.back()->kept = kept;
  return *ports_.back();
}

size_t ConnectionCounter::kept(const PortConnections& port) const {
  return std::min(port.kept, limits_.total / kShareOfPort);
}

bool ConnectionCounter::has_place(const PortConnections& port) const {
  if (limits_.total == 0) return true;
  if (stats_.open >= limits_.total) return false;
  if (port.open < kept(port)) return true;
  // A place counts as taken if it is, or is kept.
  size_t taken = 0;
  for (const auto& each : ports_) taken += std::max(each->open, kept(*each));
  return taken < limits_.total;
}

bool ConnectionCounter::find_place(PortConnections& port, const std::string& address, const MakeRoom& make_room) {
  if (has_place(port)) return true;
  if (!make_room || !make_room(address)) return false;
  ++port.displaced;
  return has_place(port);
}

bool ConnectionCounter::is_full_of(const std::string& address) const {
  if (limits_.per_address == 0) return false;
  const auto found = by_address_.find(address);
  return found != by_address_.end() && found->second >= limits_.per_address;
}

Result<void> ConnectionCounter::enter(PortConnections& port, const std::string& address, const MakeRoom& make_room) {
  // First, so that nobody has to go for one that is not let in.
  if (is_full_of(address)) {
    ++stats_.refused_address;
    ++port.refused;
    return Error{"too many connections of this address (each: " + std::to_string(limits_.per_address) + ")"};
  }
  if (!find_place(port, address, make_room)) {
    ++stats_.refused_total;
    ++port.refused;
    return Error{"too many connections (all together: " + std::to_string(limits_.total) + ")"};
  }
  if (limits_.per_address != 0) ++by_address_[address];
  ++stats_.open;
  ++stats_.accepted;
  ++port.open;
  ++port.accepted;
  return {};
}

void ConnectionCounter::leave(PortConnections& port, const std::string& address) {
  --stats_.open;
  --port.open;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace matchbus::net

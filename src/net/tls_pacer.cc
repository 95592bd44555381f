#include "net/tls_pacer.h"

#include <algorithm>
#include <memory>

namespace matchbus::net {

TlsPacer& TlsPacer::of(Loop& loop) {
  std::shared_ptr<void>& place = loop.shared("tls pacer");
  if (place == nullptr) place = std::make_shared<TlsPacer>(loop);
  return *static_cast<TlsPacer*>(place.get());
}

void TlsPacer::spent(uint64_t ns) {
  spent_ns_ += ns;
  end_turn_later();
}

void TlsPacer::wait(Client& client) {
  waiting_.push_back(&client);
  end_turn_later();
}

void TlsPacer::forget(Client& client) {
  const auto found = std::find(waiting_.begin(), waiting_.end(), &client);
  if (found != waiting_.end()) *found = nullptr;
}

void TlsPacer::end_turn_later() {
  if (posted_) return;
  posted_ = true;
  loop_.post([this] { end_turn(); });
}

// Those who wait go on where the turn ends, as far as this turn has time left; a task posted from here runs in the next
// turn, after the sockets were looked at.
void TlsPacer::end_turn() {
  posted_ = false;
  while (!waiting_.empty() && spent_ns_ < kTurnNs) {
    Client* client = waiting_.front();
    waiting_.pop_front();
    if (client == nullptr) continue;
    running_ = true;
    client->on_handshake_turn();
    running_ = false;
  }
  spent_ns_ = 0;
  if (!waiting_.empty()) end_turn_later();
}

}  // namespace matchbus::net

#include "net/pacer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "net/network.h"

namespace matchbus::net {

namespace {

Pacer& shared(Loop& loop, const char* name, uint64_t turn_ns) {
  std::shared_ptr<void>& place = loop.shared(name);
  if (place == nullptr) place = std::make_shared<Pacer>(loop, turn_ns);
  return *static_cast<Pacer*>(place.get());
}

}  // namespace

Pacer& Pacer::of_handshakes(Loop& loop) { return shared(loop, "handshakes", kHandshakesNs); }

Pacer& Pacer::of_reading(Loop& loop) { return shared(loop, "reading", kReadingNs); }

void Pacer::wait(Client& client, std::string_view address, Line which) {
  line(which).push(client, network_of(address));
  end_turn_later();
}

void Pacer::forget(Client& client, std::string_view address, Line which) {
  line(which).remove(client, network_of(address));
}

void Pacer::end_turn_later() {
  if (posted_) return;
  posted_ = true;
  loop_.post([this] { end_turn(); });
}

// Those who wait go on where the turn ends, as far as this turn has time left; a task posted from here runs in the next
// turn, after the sockets were looked at.
void Pacer::end_turn() {
  posted_ = false;
  for (Queue& queue : lines_) serve(queue);
  if (std::any_of(lines_.begin(), lines_.end(), [](const Queue& queue) { return !queue.empty(); })) end_turn_later();
}

void Pacer::serve(Queue& queue) {
  while (!queue.empty() && queue.spent_ns < turn_ns_) {
    running_ = &queue;
    queue.pop()->on_turn();
    running_ = nullptr;
  }
  queue.spent_ns = 0;
}

void Pacer::Queue::push(Client& client, std::string network) {
  Networks::value_type& waiting = *networks_.try_emplace(std::move(network)).first;
  if (waiting.second.empty()) turns_.push_back(&waiting);
  waiting.second.push_back(&client);
}

void Pacer::Queue::remove(Client& client, const std::string& network) {
  const auto waiting = networks_.find(network);
  if (waiting == networks_.end()) return;
  std::deque<Client*>& clients = waiting->second;
  clients.erase(std::remove(clients.begin(), clients.end(), &client), clients.end());
  if (!clients.empty()) return;
  turns_.erase(std::find(turns_.begin(), turns_.end(), &*waiting));
  networks_.erase(waiting);
}

Pacer::Client* Pacer::Queue::pop() {
  Networks::value_type& waiting = *turns_.front();
  turns_.pop_front();
  Client* const client = waiting.second.front();
  waiting.second.pop_front();
  if (waiting.second.empty()) {
    networks_.erase(networks_.find(waiting.first));
  } else {
    turns_.push_back(&waiting);
  }
  return client;
}

}  // namespace matchbus::net

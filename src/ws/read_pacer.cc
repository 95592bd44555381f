#include "ws/read_pacer.h"

#include <uv.h>

#include <algorithm>

namespace matchbus::ws {

bool ReadPacer::is_used_up(uint64_t begun_ns) const { return piece_ns_ != 0 && uv_hrtime() - begun_ns >= piece_ns_; }

void ReadPacer::wait(Client& client, bool admitted) {
  (admitted ? admitted_ : others_).push_back(&client);
  run_later();
}

void ReadPacer::forget(Client& client) {
  for (Line* line : {&admitted_, &others_})
    std::replace(line->begin(), line->end(), &client, static_cast<Client*>(nullptr));
}

void ReadPacer::spent(uint64_t ns) {
  rest_until_ns_ = std::max(rest_until_ns_, uv_hrtime()) + ns;  // as long as it took
}

void ReadPacer::run_later() {
  if (!timer_.is_set()) loop_.timers().set(timer_, 0);
}

void ReadPacer::serve(Line& line, uint64_t end) {
  while (!line.empty() && uv_hrtime() < end) {
    Client* const client = line.front();
    line.pop_front();
    if (client != nullptr) client->on_read_turn();
  }
}

void ReadPacer::on_timer(Timer& /*timer*/) {
  const uint64_t now = uv_hrtime();
  serve(admitted_, now + kTurnNs);
  // One at a time, since each makes the others rest.
  while (!others_.empty() && uv_hrtime() < now + kTurnNs && uv_hrtime() >= rest_until_ns_) {
    Client* const client = others_.front();
    others_.pop_front();
    if (client == nullptr) continue;
    const uint64_t begun = uv_hrtime();
    client->on_read_turn();
    if (is_used_up(begun)) spent(uv_hrtime() - begun);
  }
  if (!admitted_.empty()) return run_later();
  if (others_.empty()) return;
  const uint64_t then = uv_hrtime();
  if (then >= rest_until_ns_) return run_later();
  loop_.timers().set(timer_, static_cast<int64_t>((rest_until_ns_ - then + 999'999) / 1'000'000));
}

}  // namespace matchbus::ws

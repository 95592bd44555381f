#include "bus/stats.h"

namespace matchbus::bus {

void write_stats(json::Writer& out, const BusStats& stats) {
  const auto put = [&out](std::string_view key, uint64_t value) { out.key(key).integer(static_cast<int64_t>(value)); };
  put("sockets", stats.sockets);
  put("users", stats.users);
  put("rooms", stats.rooms);
  put("subscriptions", stats.subscriptions);
  put("departures", stats.departures);
  put("replay_events", stats.replay_events);
  put("replay_bytes", stats.replay_bytes);
  put("queued", stats.queued);
  put("connects", stats.connects);
  put("recovered", stats.recovered);
  put("resyncs", stats.resyncs);
  put("superseded", stats.superseded);
  put("timed_out", stats.timed_out);
  put("expired", stats.expired);
  put("stalled", stats.stalled);
  put("flooding", stats.flooding);
  put("events", stats.events);
  put("deliveries", stats.deliveries);
  put("replayed", stats.replayed);
  put("dropped", stats.dropped);
  put("overflows", stats.overflows);
  put("messages", stats.messages);
  put("refused", stats.refused);
  put("moves", stats.moves);
  put("slices", stats.slices);
}

}  // namespace matchbus::bus

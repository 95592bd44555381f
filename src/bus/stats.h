// What the bus counts, for metrics, `GET /api/v1/bus/stats` and `system:stats`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "json/writer.h"

namespace matchbus::bus {

struct BusStats {
  // Now.
  size_t sockets = 0;
  size_t users = 0;
  size_t rooms = 0;          // with topics
  size_t subscriptions = 0;  // of sockets to topics
  size_t departures = 0;     // sockets that may come back
  size_t replay_events = 0;
  size_t replay_bytes = 0;
  size_t queued = 0;  // messages waiting for sockets

  // Since the start.
  uint64_t connects = 0;
  uint64_t recovered = 0;   // connects that missed nothing in the end
  uint64_t resyncs = 0;     // clients told to fetch the state again
  uint64_t superseded = 0;  // sockets closed with 4001
  uint64_t timed_out = 0;   // 4008
  uint64_t expired = 0;     // 4401 after the connect
  uint64_t stalled = 0;     // 1013: took nothing
  uint64_t flooding = 0;    // 4002
  uint64_t events = 0;      // sends
  uint64_t deliveries = 0;  // messages given to sockets, answers and replays included
  uint64_t replayed = 0;    // of them
  uint64_t dropped = 0;     // messages taken from full queues
  uint64_t overflows = 0;   // queues cleared
  uint64_t messages = 0;    // from clients
  uint64_t refused = 0;     // of them, answered with an error
  uint64_t moves = 0;
  uint64_t slices = 0;  // turns in which sending had to stop and go on later
};

// As members of an object, in the order above and under these names.
void write_stats(json::Writer& out, const BusStats& stats);

}  // namespace matchbus::bus

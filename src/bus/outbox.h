// What waits to be sent to one socket: a list of references whose nodes come from the bus's pool, so that an idle
// socket's outbox is two empty pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bus/event.h"
#include "bus/pool.h"

namespace matchbus::bus {

struct OutboxNode {
  EventRef event;
  OutboxNode* next = nullptr;
  bool is_counted = false;  // against the bounds
};

// The owner clears it before it is destroyed.
class Outbox {
 public:
  using Nodes = Pool<OutboxNode>;

  bool empty() const { return first_ == nullptr; }
  // Of what is counted.
  size_t count() const { return count_; }
  size_t bytes() const { return bytes_; }

  void push(Nodes& nodes, const EventRef& event, bool is_counted);
  // The oldest, taken out. Not to be called when empty.
  EventRef pop(Nodes& nodes);
  // Drops cosmetic messages, oldest first, until not more than `count` messages and `bytes` are left; how many.
  size_t drop_cosmetic(Nodes& nodes, size_t count, size_t bytes);
  // Drops all; how many.
  size_t clear(Nodes& nodes);

 private:
  void uncount(const OutboxNode& node);

  OutboxNode* first_ = nullptr;
  OutboxNode* last_ = nullptr;
  uint32_t bytes_ = 0;  // bounds are far below what this holds
  uint32_t count_ = 0;
};

}  // namespace matchbus::bus

#include "bus/outbox.h"

#include <utility>

namespace matchbus::bus {

void Outbox::push(Nodes& nodes, const EventRef& event, bool is_counted) {
  OutboxNode& node = nodes.take();
  node.event = event;
  node.is_counted = is_counted;
  (last_ == nullptr ? first_ : last_->next) = &node;
  last_ = &node;
  if (!is_counted) return;
  ++count_;
  bytes_ += static_cast<uint32_t>(event->size());
}

void Outbox::uncount(const OutboxNode& node) {
  if (!node.is_counted) return;
  --count_;
  bytes_ -= static_cast<uint32_t>(node.event->size());
}

EventRef Outbox::pop(Nodes& nodes) {
  OutboxNode& node = *first_;
  uncount(node);
  first_ = node.next;
  if (first_ == nullptr) last_ = nullptr;
  EventRef event = std::move(node.event);
  nodes.give_back(node);
  return event;
}

size_t Outbox::drop_cosmetic(Nodes& nodes, size_t count, size_t bytes) {
  size_t dropped = 0;
  OutboxNode* previous = nullptr;
  for (OutboxNode* node = first_; node != nullptr && (count_ > count || bytes_ > bytes);) {
    OutboxNode* const next = node->next;
    if (!node->event->is_cosmetic() || !node->is_counted) {
      previous = node;
    } else {
      uncount(*node);
      (previous == nullptr ? first_ : previous->next) = next;
      if (next == nullptr) last_ = previous;
      node->event = {};
      nodes.give_back(*node);
      ++dropped;
    }
    node = next;
  }
  return dropped;
}

size_t Outbox::clear(Nodes& nodes) {
  size_t dropped = 0;
  for (; !empty(); ++dropped) pop(nodes);
  return dropped;
}

}  // namespace matchbus::bus

// One message on its way to any number of sockets, encoded and framed once.
//
// Events are counted references (everything lives on the loop's thread) and go back to their pool when the last one is
// gone, with the memory of their frame if it is not large: a steady stream of events allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "bus/message_class.h"
#include "ws/connection.h"

namespace matchbus::bus {

class EventPool;

class Event {
 public:
  explicit Event(EventPool& pool) : pool_(pool) {}

  int64_t id() const { return id_; }
  bool is_cosmetic() const { return class_ == MessageClass::kCosmetic; }
  // Bytes of the plain frame: what the event counts for in queues and buffers.
  size_t size() const { return plain_.size(); }
  // The JSON text.
  std::string_view text() const;
  // Sends the frame that suits the connection.
  void send(ws::Connection& to) const;

 private:
  friend class EventPool;
  friend class EventRef;

  EventPool& pool_;
  uint32_t references_ = 0;
  MessageClass class_ = MessageClass::kNormal;
  mutable bool is_deflated_ = false;
  int64_t id_ = 0;
  size_t text_size_ = 0;
  Bytes plain_;
  mutable Bytes deflated_;  // made on first need
};

class EventRef {
 public:
  EventRef() = default;
  EventRef(const EventRef& other) : event_(other.event_) {
    if (event_ != nullptr) ++event_->references_;
  }
  EventRef(EventRef&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  EventRef& operator=(EventRef other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  ~EventRef() {
    if (event_ != nullptr && --event_->references_ == 0) release();
  }

  explicit operator bool() const { return event_ != nullptr; }
  const Event& operator*() const { return *event_; }
  const Event* operator->() const { return event_; }

 private:
  friend class EventPool;
  explicit EventRef(Event& event) : event_(&event) { ++event.references_; }
  void release();

  Event* event_ = nullptr;
};

// Makes events; outlives them. Borrows `context`.
class EventPool {
 public:
  EventPool(ws::Context& context, size_t deflate_threshold, int deflate_level)
      : context_(context), deflate_threshold_(deflate_threshold), deflate_level_(deflate_level) {}

  EventRef make(int64_t id, MessageClass message_class, std::string_view text);

 private:
  friend class Event;
  friend class EventRef;
  void give_back(Event& event);

  ws::Context& context_;
  size_t deflate_threshold_;
  int deflate_level_;
  std::vector<std::unique_ptr<Event>> free_;
};

}  // namespace matchbus::bus

#include "bus/event.h"

namespace matchbus::bus {
namespace {

constexpr size_t kKeptEvents = 1'024;  // unused ones
constexpr size_t kKeptFrame = 1'024;   // bytes of a frame whose memory stays with its event

}  // namespace

std::string_view Event::text() const { return plain_.view().substr(plain_.size() - text_size_); }

void Event::send(ws::Connection& to) const {
  if (text_size_ < pool_.deflate_threshold_ || !to.deflate_negotiated()) return to.send_frame(plain_);
  if (!is_deflated_) {
    is_deflated_ = true;
    deflated_ = pool_.context_.encode_deflated(ws::Opcode::kText, text(), pool_.deflate_level_, std::move(deflated_));
  }
  to.send_frame(deflated_);
}

void EventRef::release() { event_->pool_.give_back(*event_); }

EventRef EventPool::make(int64_t id, MessageClass message_class, std::string_view text) {
  std::unique_ptr<Event> event;
  if (free_.empty()) {
    event = std::make_unique<Event>(*this);
  } else {
    event = std::move(free_.back());
    free_.pop_back();
  }
  event->id_ = id;
  event->class_ = message_class;
  event->is_deflated_ = false;
  event->text_size_ = text.size();
  event->plain_ = context_.encode(ws::Opcode::kText, text, std::move(event->plain_));
  return EventRef(*event.release());  // owned by its references from here to give_back
}

void EventPool::give_back(Event& event) {
  std::unique_ptr<Event> unused(&event);
  if (free_.size() >= kKeptEvents) return;
  if (unused->plain_.size() > kKeptFrame) unused->plain_ = {};
  unused->deflated_ = {};
  free_.push_back(std::move(unused));
}

}  // namespace matchbus::bus

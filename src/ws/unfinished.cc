#include "ws/unfinished.h"

#include <algorithm>

namespace matchbus::ws {

void UnfinishedMessage::leave() {
  if (list_ != nullptr) list_->remove(*this);
}

UnfinishedMessages::UnfinishedMessages(TimerWheel& timers, int timeout_ms, size_t max_bytes)
    : timers_(timers), timeout_ms_(timeout_ms), max_bytes_(max_bytes) {}

void UnfinishedMessages::update(UnfinishedMessage& message, UnfinishedMessage::Owner& owner, size_t bytes) {
  if (!message.is_listed()) enter(message, owner);
  stats_.bytes += bytes - message.bytes_;
  message.bytes_ = bytes;
  while (max_bytes_ != 0 && stats_.bytes > max_bytes_) end_oldest(UnfinishedEnd::kTooMuch);
}

void UnfinishedMessages::enter(UnfinishedMessage& message, UnfinishedMessage::Owner& owner) {
  message.list_ = this;
  message.owner_ = &owner;
  message.since_ms_ = timers_.now_ms();
  message.previous_ = newest_;
  (newest_ != nullptr ? newest_->next_ : oldest_) = &message;
  newest_ = &message;
  ++stats_.messages;
  // Left alone once set: most messages are gone long before, and moving it for each would cost more than a look.
  if (!timer_.is_set()) set_timer();
}

void UnfinishedMessages::remove(UnfinishedMessage& message) {
  (message.previous_ != nullptr ? message.previous_->next_ : oldest_) = message.next_;
  (message.next_ != nullptr ? message.next_->previous_ : newest_) = message.previous_;
  message.list_ = nullptr;
  message.previous_ = message.next_ = nullptr;
  --stats_.messages;
  stats_.bytes -= message.bytes_;
  message.bytes_ = 0;
  if (oldest_ == nullptr) timer_.cancel();
}

void UnfinishedMessages::end_oldest(UnfinishedEnd why) {
  ++(why == UnfinishedEnd::kTooLong ? stats_.too_long : stats_.too_much);
  UnfinishedMessage::Owner& owner = *oldest_->owner_;
  remove(*oldest_);
  owner.on_unfinished_end(why);
}

void UnfinishedMessages::set_timer() {
  if (timeout_ms_ == 0 || oldest_ == nullptr) return;
  timers_.set(timer_, std::max<int64_t>(oldest_->since_ms_ + timeout_ms_ - timers_.now_ms(), 0));
}

void UnfinishedMessages::on_timer(Timer&) {
  const int64_t now = timers_.now_ms();
  while (oldest_ != nullptr && now - oldest_->since_ms_ >= timeout_ms_) end_oldest(UnfinishedEnd::kTooLong);
  set_timer();
}

}  // namespace matchbus::ws

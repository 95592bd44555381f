#include "hub/message.h"

namespace matchbus::hub {

void Message::reset() {
  for (Form* form : {&plain_, &deflated_, &shared_}) form->is_made = false;
  number_ = previous_number_ = 0;
  previous_ = {};
  if (!payload_.empty()) spare_ = std::exchange(payload_, {});
}

void Message::set_history(uint64_t number, const Message* previous) {
  number_ = number;
  if (previous == nullptr || previous->empty()) return;
  previous_number_ = previous->number_;
  previous_ = previous->payload_;
}

uint64_t Message::send(ws::Connection& to, uint64_t window) const {
  if (!to.deflate_negotiated() || payload_.size() < encoding_.deflate_threshold) {
    to.send_frame(plain());
    return window;
  }
  const bool follows = window != 0 && window == previous_number_ && to.history_negotiated();
  to.send_frame(follows ? shared() : deflated());
  return number_;
}

const Bytes& Message::plain() const {
  if (!plain_.is_made) {
    plain_ = {encoding_.context.encode(ws::Opcode::kText, payload_.view(), std::move(plain_.bytes)), true};
    count(&EncodingStats::plain);
  }
  return plain_.bytes;
}

const Bytes& Message::deflated() const {
  if (!deflated_.is_made) {
    deflated_ = {encoding_.context.encode_deflated(ws::Opcode::kText, payload_.view(), encoding_.deflate_level,
                                                   std::move(deflated_.bytes)),
                 true};
    count(&EncodingStats::deflated);
  }
  return deflated_.bytes;
}

const Bytes& Message::shared() const {
  if (!shared_.is_made) {
    shared_ = {encoding_.context.encode_deflated_after(ws::Opcode::kText, previous_.view(), payload_.view(),
                                                       encoding_.deflate_level, std::move(shared_.bytes)),
               true};
    previous_ = {};
    count(&EncodingStats::shared);
  }
  return shared_.bytes;
}

}  // namespace matchbus::hub

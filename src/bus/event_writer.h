// Writes the messages that go to clients: each gets the next event id, as its first member, here and nowhere else.
#pragma once

#include <cstdint>
#include <utility>

#include "base/bytes.h"
#include "bus/event.h"
#include "bus/event_ids.h"
#include "json/writer.h"

namespace matchbus::bus {

class EventWriter {
 public:
  // Borrows both.
  EventWriter(EventIds& ids, EventPool& pool) : ids_(ids), pool_(pool) {}

  // `write` gets a json::Writer inside the object and writes the other members.
  template <typename Write>
  EventRef make(Write&& write, MessageClass message_class = MessageClass::kNormal) {
    return make_with_id(ids_.next(), std::forward<Write>(write), message_class);
  }
  // The same under an id that was chosen before.
  template <typename Write>
  EventRef make_with_id(int64_t id, Write&& write, MessageClass message_class = MessageClass::kNormal) {
    BytesWriter out(std::move(scratch_));
    json::Writer writer(out);
    writer.begin_object().key("event_id").integer(id);
    write(writer);
    writer.end_object();
    scratch_ = out.take();
    EventRef event = pool_.make(id, message_class, scratch_.view());
    if (scratch_.size() > kKeptScratch) scratch_ = {};
    return event;
  }

 private:
  static constexpr size_t kKeptScratch = 64 * 1024;

  EventIds& ids_;
  EventPool& pool_;
  Bytes scratch_;  // its memory is written again and again
};

}  // namespace matchbus::bus

// When what has happened is on record, so that a crash cannot take it back: asked by the ingest door, answered by the
// journal.
#pragma once

#include <cstdint>

namespace matchbus::gateway {

class RecordGate {
 public:
  virtual ~RecordGate() = default;
  // Has everything that has happened until now recorded soon. Returns the number of the batch that will have it, or 0
  // if nothing is left to record.
  virtual uint64_t record_soon() = 0;
};

}  // namespace matchbus::gateway

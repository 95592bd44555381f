// How bus processes tell each other what happened (realtime-bus section 7). The broker carries payloads; what they mean
// is the bus's business.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace matchbus::broker {

class Broker {
 public:
  virtual ~Broker() = default;
  // Whether there is anybody to tell: if not, `publish` need not be called, nor payloads be made.
  virtual bool is_shared() const = 0;
  // Tells the other processes. Never blocks and never fails; what cannot be sent is lost.
  virtual void publish(std::string_view channel, Bytes payload) = 0;
};

}  // namespace matchbus::broker

// Topics whose state is made elsewhere (`match:<groupCode>`): newer state replaces older, so that nothing is replayed
// and a slow socket is brought up to date with one message.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace matchbus::bus {

class TopicSource {
 public:
  // Whether this source makes the topic's state. Called for names of topic form only.
  virtual bool has(std::string_view topic) const = 0;
  // The topic got its first subscriber, or lost its last one. Must not call back into the bus.
  virtual void on_subscribed(std::string_view topic) = 0;
  virtual void on_unsubscribed(std::string_view topic) = 0;
  // The members of an object without its braces, `"type":"match_data",...`: the state for a socket that has just
  // subscribed, has come back, or fell behind. Empty: there is none yet. Must not call back into the bus.
  virtual Bytes snapshot(std::string_view topic) = 0;

 protected:
  ~TopicSource() = default;
};

}  // namespace matchbus::bus

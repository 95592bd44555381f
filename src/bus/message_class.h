// What back-pressure may do with a message (realtime-bus section 6).
#pragma once

#include <cstdint>

namespace matchbus::bus {

enum class MessageClass : uint8_t {
  kNormal,
  kCritical,  // like normal; for senders that want to say so
  kCosmetic,  // dropped first when a socket cannot keep up
};

}  // namespace matchbus::bus

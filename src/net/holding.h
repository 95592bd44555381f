// What one client makes this process hold, so that somebody who has to make room can tell whom to end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace matchbus::net {

// What is known of a client.
enum class Standing : uint8_t {
  kStranger,
  kGuest,    // has said whom it is here for: a viewer
  kTrusted,  // has shown that it may do more: an observer, a player
};

struct Holding {
  size_t bytes = 0;  // as far as nobody else needs them too
  Standing standing = Standing::kStranger;
  void* client = nullptr;
  // Ends the client. What it holds is free at the end of the turn.
  void (*end)(void* client) = nullptr;
};

}  // namespace matchbus::net

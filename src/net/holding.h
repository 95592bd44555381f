// What one client makes this process hold, so that somebody who has to make room can tell whom to end.
#pragma once

#include <cstddef>

namespace matchbus::net {

struct Holding {
  size_t bytes = 0;    // as far as nobody else needs them too
  bool known = false;  // whose it is; see PolledSocket::become_known
  void* client = nullptr;
  // Ends the client. What it holds is free at the end of the turn.
  void (*end)(void* client) = nullptr;
};

}  // namespace matchbus::net

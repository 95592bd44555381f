// Signals as calls on the loop: SIGTERM and SIGINT end the program, SIGHUP makes it read its files again.
//
// The thread no longer takes them by itself from here on, nor does any thread that it starts; they wait in a descriptor
// that the loop reads. To be made before anything uses libuv's pool, whose threads would end the process otherwise. It
// stays so when this object has gone: nothing can be cut short any more by the time the loop has ended, and a handler
// that is taken away leaves a moment in which a late signal kills the process in its orderly end.
#pragma once

#include <uv.h>

#include <functional>

#include "net/loop.h"

namespace matchbus::app {

class Signals {
 public:
  // `on_stop` is called for every SIGTERM and SIGINT. Borrows `loop`.
  Signals(net::Loop& loop, std::function<void()> on_stop, std::function<void()> on_reload);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Watch;
  Watch* watch_;  // libuv frees nothing: it must live until its close callback, which may come after this object's end
};

}  // namespace matchbus::app

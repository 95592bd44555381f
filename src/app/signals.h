// Signals as calls on the loop: SIGTERM and SIGINT end the program, SIGHUP makes it read its files again.
//
// From `hold` on no thread takes them by itself; they wait in a descriptor that the loop reads. That lasts until the
// process ends: nothing can be cut short any more when the loop has ended, and a handler that is taken away leaves a
// moment in which a late signal kills the process in its orderly end.
#pragma once

#include <uv.h>

#include <functional>

#include "net/loop.h"

namespace matchbus::app {

class Signals {
 public:
  // To be called by main() before anything else: a thread that there is already, such as those of libuv's pool, would
  // go on taking them. Signals that come before there is a loop wait for it.
  static void hold();
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

// Signals as calls on the loop: SIGTERM and SIGINT end the server, SIGHUP makes it read its files again.
#pragma once

#include <uv.h>

#include <array>
#include <functional>

#include "net/loop.h"

namespace matchbus::app {

class Signals {
 public:
  Signals(net::Loop& loop, std::function<void()> on_stop, std::function<void()> on_reload);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  // libuv frees nothing: a handle must live until its close callback, which may come after this object's end.
  struct Handle {
    uv_signal_t uv{};
    std::function<void()> call;
  };
  void watch(net::Loop& loop, size_t index, int signal, std::function<void()> call);
  std::array<Handle*, 3> handles_{};
};

}  // namespace matchbus::app

#include "app/signals.h"

#include <csignal>
#include <memory>
#include <utility>

namespace matchbus::app {

Signals::Signals(net::Loop& loop, std::function<void()> on_stop, std::function<void()> on_reload) {
  watch(loop, 0, SIGTERM, on_stop);
  watch(loop, 1, SIGINT, std::move(on_stop));
  watch(loop, 2, SIGHUP, std::move(on_reload));
}

Signals::~Signals() {
  // Without a handler a second SIGTERM would kill the process in the middle of its orderly end: it is not taken any
  // more.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  for (Handle* handle : handles_) {
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->uv),
             [](uv_handle_t* closed) { std::unique_ptr<Handle> freed(static_cast<Handle*>(closed->data)); });
  }
}

void Signals::watch(net::Loop& loop, size_t index, int signal, std::function<void()> call) {
  auto handle = std::make_unique<Handle>();
  handle->call = std::move(call);
  uv_signal_init(loop.uv(), &handle->uv);
  handle->uv.data = handle.get();
  uv_signal_start(
      &handle->uv, [](uv_signal_t* fired, int) { static_cast<Handle*>(fired->data)->call(); }, signal);
  // A signal handle alone must not keep the loop's last run alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&handle->uv));
  handles_[index] = handle.release();  // libuv holds it until its close callback
}

}  // namespace matchbus::app

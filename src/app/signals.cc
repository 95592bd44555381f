#include "app/signals.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "net/descriptor.h"

namespace matchbus::app {
namespace {

sigset_t all() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

net::Descriptor open_descriptor() {
  const sigset_t set = all();
  return net::Descriptor(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

}  // namespace

struct Signals::Watch {
  net::Descriptor descriptor = open_descriptor();
  uv_poll_t uv{};
  std::function<void()> on_stop;
  std::function<void()> on_reload;

  void read() const {
    signalfd_siginfo taken{};
    while (::read(descriptor.get(), &taken, sizeof taken) == sizeof taken) {
      taken.ssi_signo == SIGHUP ? on_reload() : on_stop();
    }
  }
};

// Threads inherit it from the one that starts them.
void Signals::hold() {
  const sigset_t set = all();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(net::Loop& loop, std::function<void()> on_stop, std::function<void()> on_reload) {
  auto watch = std::make_unique<Watch>();
  watch->on_stop = std::move(on_stop);
  watch->on_reload = std::move(on_reload);
  const int error =
      watch->descriptor ? uv_poll_init(loop.uv(), &watch->uv, watch->descriptor.get()) : uv_translate_sys_error(errno);
  if (error != 0) throw std::runtime_error(std::string("cannot watch signals: ") + uv_strerror(error));
  watch->uv.data = watch.get();
  uv_poll_start(&watch->uv, UV_READABLE, [](uv_poll_t* poll, int, int) { static_cast<Watch*>(poll->data)->read(); });
  // Waiting for signals alone must not keep the loop's last run alive.
  uv_unref(reinterpret_cast<uv_handle_t*>(&watch->uv));
  watch_ = watch.release();  // libuv holds it until its close callback
}

Signals::~Signals() {
  uv_close(reinterpret_cast<uv_handle_t*>(&watch_->uv),
           [](uv_handle_t* closed) { std::unique_ptr<Watch> freed(static_cast<Watch*>(closed->data)); });
}

}  // namespace matchbus::app

// One listening socket: binding it, and accepting from it until the kernel has no more or it is others' turn.
#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/timer_wheel.h"
#include "net/loop.h"
#include "net/socket_address.h"

namespace matchbus::net {

// An open file descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  void reset();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

struct BindFailure {
  std::string message;
  bool lacking = false;  // the machine has no such address family
  bool in_use = false;
};

// Binds and listens. Connections it will accept have TCP_NODELAY set (Linux inherits it). On success `failure` stays as
// it is.
Descriptor listen_on(const std::string& address, uint16_t port, BindFailure& failure);
uint16_t local_port(const Descriptor& socket);

// Accepts connections of one listening socket.
class ListenerSocket final : private Timer::Handler {
 public:
  class Handler {
   public:
    // A connected, non-blocking socket, the handler's to close.
    virtual void on_accept(int socket, const SocketAddress& peer) = 0;
    // The process has no descriptor left; a waiting connection was refused for it, or accepting rests for a while.
    virtual void on_out_of_files() = 0;

   protected:
    ~Handler() = default;
  };

  // The socket keeps its handler alive while it accepts. Released by `close`.
  struct Closer {
    void operator()(ListenerSocket* socket) const { socket->close(); }
  };
  using Owner = std::unique_ptr<ListenerSocket, Closer>;
  static Result<Owner> start(Loop& loop, Descriptor socket, std::shared_ptr<Handler> handler);

 private:
  ListenerSocket(Loop& loop, Descriptor socket, std::shared_ptr<Handler> handler);
  void close();
  void watch();
  void on_readable();
  void refuse();
  void on_timer(Timer&) override { watch(); }

  uv_poll_t poll_{};
  Loop& loop_;
  Descriptor socket_;
  Descriptor reserve_;  // given up to accept, and refuse, a connection when there is no other
  std::shared_ptr<Handler> handler_;
  Timer rest_;
};

}  // namespace matchbus::net

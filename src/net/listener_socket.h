// One listening socket: binding it, and accepting from it until the kernel has no more or it is others' turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/timer_wheel.h"
#include "net/descriptor.h"
#include "net/loop.h"
#include "net/poller.h"
#include "net/socket_address.h"

namespace matchbus::net {

struct BindFailure {
  std::string message;
  bool lacking = false;  // the machine has no such address family
  bool in_use = false;
};

// Binds and listens. Connections it will accept have TCP_NODELAY and TCP_NOTSENT_LOWAT set (Linux inherits them). On
// success `failure` stays as it is.
Descriptor listen_on(const std::string& address, uint16_t port, BindFailure& failure);
uint16_t local_port(const Descriptor& socket);

// Accepts connections of one listening socket.
class ListenerSocket final : public Deferred, private PolledSocket, private Timer::Handler {
 public:
  class Handler {
   public:
    // `socket` does not block.
    virtual void on_accept(Descriptor socket, const SocketAddress& peer) = 0;
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
  bool watch();
  void on_readable() override;
  void refuse();
  void rest();
  void on_timer(Timer&) override;

  Loop& loop_;
  Descriptor reserve_;  // given up to accept, and refuse, a connection when there is no other
  std::shared_ptr<Handler> handler_;
  Timer rest_;
};

}  // namespace matchbus::net

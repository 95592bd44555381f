// WebSocket connections whose users are gone, kept until their close handshake is over.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::socketio {

class WebSocketCloser {
 public:
  // Borrows `loop`.
  explicit WebSocketCloser(net::Loop& loop);
  // Drops the connections that are still closing.
  ~WebSocketCloser();
  WebSocketCloser(const WebSocketCloser&) = delete;
  WebSocketCloser& operator=(const WebSocketCloser&) = delete;

  // Sends a close frame and keeps the connection until the peer's answer (or the connection's time limit); what the
  // peer still sends is thrown away. Allowed inside the connection's callbacks.
  void close(std::unique_ptr<ws::Connection> connection, uint16_t code, std::string_view reason);
  size_t size() const { return closing_.size(); }

 private:
  class Closing;
  void remove(Closing& closing);

  net::Loop& loop_;
  std::vector<std::unique_ptr<Closing>> closing_;
};

}  // namespace matchbus::socketio

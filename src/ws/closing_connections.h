// Connections that nobody uses any more, kept until their close handshake is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::ws {

class ClosingConnections {
 public:
  // Borrows `loop`.
  explicit ClosingConnections(net::Loop& loop);
  // Drops the connections that are still closing.
  ~ClosingConnections();
  ClosingConnections(const ClosingConnections&) = delete;
  ClosingConnections& operator=(const ClosingConnections&) = delete;

  // Sends a close frame, unless one is sent already, and keeps the connection until the peer's answer (or the
  // connection's time limit); what the peer still sends is thrown away. The connection must not have ended
  // (Handler::on_ws_closed). Allowed inside its other callbacks.
  void close(std::unique_ptr<Connection> connection, uint16_t code, std::string_view reason);
  size_t size() const { return closing_.size(); }

 private:
  class Closing;
  void remove(Closing& closing);

  net::Loop& loop_;
  std::vector<std::unique_ptr<Closing>> closing_;
};

}  // namespace matchbus::ws

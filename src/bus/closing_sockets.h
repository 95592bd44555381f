// Connections that nobody uses any more, kept until their close handshake is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::bus {

class ClosingSockets {
 public:
  // Borrows `loop`.
  explicit ClosingSockets(net::Loop& loop);
  // Drops the connections that are still closing.
  ~ClosingSockets();
  ClosingSockets(const ClosingSockets&) = delete;
  ClosingSockets& operator=(const ClosingSockets&) = delete;

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

}  // namespace matchbus::bus

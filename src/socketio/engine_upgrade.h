// An Engine.IO session's change from polling to WebSocket, on the server's side: the client probes the new connection
// ("2probe", answered "3probe"), stops polling, and says "5"; only then is the connection the session's.
// https://socket.io/docs/v4/engine-io-protocol/#upgrade
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/timer_wheel.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::socketio {

class EngineContext;
class PollingTransport;
class Session;

class Upgrade final : public net::Deferred, private ws::Handler, private Timer::Handler {
 public:
  Upgrade(EngineContext& context, Session& session, PollingTransport& polling,
          std::unique_ptr<ws::Connection> connection);
  // Closes the connection unless it has become the session's.
  ~Upgrade() override;

  // Takes what came right behind the WebSocket handshake. May complete or abandon the upgrade.
  void start(std::span<char> early) { connection_->start(early); }
  // A poll waits while the upgrade holds the queue: it gets a noop soon.
  void release_poll_soon();

 private:
  void on_ws_message(ws::Opcode opcode, std::span<char> payload) override;
  void on_ws_closed(uint16_t code, std::string_view reason) override;
  void on_timer(Timer& timer) override;

  EngineContext& context_;
  Session& session_;
  PollingTransport& polling_;
  std::unique_ptr<ws::Connection> connection_;
  Timer timer_{*this};
  int64_t deadline_ms_;
  bool probed_ = false;
};

}  // namespace matchbus::socketio

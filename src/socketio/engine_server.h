// The Engine.IO server's front: tells handshakes from requests of known sessions, and opens sessions.
// https://socket.io/docs/v4/engine-io-protocol/
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "socketio/engine.h"
#include "socketio/engine_context.h"

namespace matchbus::socketio {

class EngineServerImpl final : public EngineServer {
 public:
  EngineServerImpl(net::Loop& loop, ws::Context& ws, Acceptor& acceptor, const EngineOptions& options)
      : acceptor_(acceptor), context_(loop, ws, options) {}

  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override;
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override;
  void collect(std::vector<net::Holding>& holdings) const override;
  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) override;
  size_t body_limit(const net::HttpRequest& head) override;
  void on_body_lost(const net::HttpRequest& head) override;
  const EngineStats& stats() const override { return context_.stats; }
  void close_all() override;

 private:
  // Counts and logs a handshake for which there is no room. Nothing: there is room.
  std::optional<EngineError> check_session(const net::HttpRequest& request, Session*& session);
  std::optional<net::HttpResponse> refuse_when_full(const std::string& peer, bool polling);
  void open_polling(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply);
  void open_websocket(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early);
  // Asks the acceptor. False: it does not want the session, which is gone.
  bool offer(Session& session, const net::HttpRequest& request);

  Acceptor& acceptor_;
  EngineContext context_;
};

}  // namespace matchbus::socketio

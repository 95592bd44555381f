// The Socket.IO server: its namespaces, what all its connections share, and the sockets that are about to end.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "json/document.h"
#include "socketio/end_of_turn.h"
#include "socketio/recovery.h"
#include "socketio/server.h"
#include "socketio/socket.h"
#include "ws/unfinished.h"

namespace matchbus::socketio {

class ServerImpl final : public Server, private EngineServer::Acceptor {
 public:
  ServerImpl(net::Loop& event_loop, ws::Context& ws, const ServerOptions& server_options);
  ~ServerImpl() override;

  // Server.
  void add_namespace(std::string name, SocketHandler& handler) override;
  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override;
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override;
  void collect(std::vector<net::Holding>& holdings) const override { engine_->collect(holdings); }
  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) override {
    return engine_->refuse_body(head);
  }
  size_t body_limit(const net::HttpRequest& head) override { return engine_->body_limit(head); }
  void on_body_lost(const net::HttpRequest& head) override { engine_->on_body_lost(head); }
  const ServerStats& stats() const override { return counters; }
  const EngineStats& engine_stats() const override { return engine_->stats(); }
  void close_all() override;

  // For its connections and sockets.
  Namespace* find_namespace(std::string_view name);
  bool recovers() const { return options.recovery_window_ms > 0; }
  // Has the socket's on_disconnect called, and the socket destroyed, at the end of the turn.
  void end_later(ServerSocket& socket);
  // The socket is ended by somebody else, before the end of the turn.
  void forget_ending(ServerSocket& socket);
  // Calls on_disconnect and destroys the socket now; the socket is nobody's any more. `reason`: for on_disconnect.
  void end_now(std::unique_ptr<ServerSocket> socket, std::string_view reason);
  // A connected socket has lost its connection: kept for recovery, if there is room.
  void suspend(std::unique_ptr<ServerSocket> socket, EngineClose reason);
  // A line for the operator about something that a client did; at most one a second for each `topic`.
  void complain(std::string_view topic, std::string_view text) { loop.log().limited(LogLevel::kInfo, topic, text); }
  // Why sockets end with their session, in the words of the documentation.
  std::string_view describe(EngineClose reason) const;

  net::Loop& loop;
  ws::UnfinishedMessages& unfinished;  // where packets are listed whose attachments are coming
  const ServerOptions options;
  ServerStats counters;
  json::Document document;  // of the packet that is being read
  Bytes scratch;            // a block to write packets in, taken and put back by whoever writes one
  RecoveryTable recoveries;

 private:
  EngineHandler* on_engine_open(EngineSession& session, const net::HttpRequest& request) override;
  void end_sockets();

  std::vector<std::unique_ptr<Namespace>> namespaces_;
  std::vector<ServerSocket*> ending_;
  std::vector<ServerSocket*> ending_now_;  // empty between turns; kept for its memory
  bool shutting_down_ = false;
  EndOfTurn end_of_turn_;
  std::unique_ptr<EngineServer> engine_;  // last: it ends first, and with it all connections
};

}  // namespace matchbus::socketio

// What all sessions of one Engine.IO server share.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "net/loop.h"
#include "socketio/end_of_turn.h"
#include "socketio/engine.h"
#include "socketio/engine_handshake.h"
#include "socketio/polling_crowd.h"
#include "socketio/session_table.h"
#include "ws/closing_connections.h"
#include "ws/connection.h"

namespace matchbus::socketio {

class EngineContext {
 public:
  EngineContext(net::Loop& event_loop, ws::Context& ws_context, const EngineOptions& engine_options);
  // Ends all sessions.
  ~EngineContext();
  EngineContext(const EngineContext&) = delete;
  EngineContext& operator=(const EngineContext&) = delete;

  // Has `session.finish()` called at the end of the turn.
  void finish_later(Session& session);
  // Destroys `object` at the end of the turn, or with this context.
  void retire(std::unique_ptr<net::Deferred> object);
  // Counts a bad request of `peer`; its answer.
  net::HttpResponse refusal(EngineError error, std::string_view peer);
  // A line for the operator about something that a client did; at most one a second for each `topic`.
  void complain(std::string_view topic, std::string_view text) { loop.log().limited(LogLevel::kInfo, topic, text); }

  net::Loop& loop;
  ws::Context& ws;
  const EngineOptions options;
  EngineStats stats;
  const Bytes ping_frame;  // a WebSocket frame with a ping packet
  Bytes scratch;           // a block to write packets in, taken and put back by whoever writes one
  ws::ClosingConnections closing;
  PollingCrowd polling_crowd;
  SessionTable sessions;

 private:
  void finish_turn();

  std::vector<Session*> ending_;
  std::vector<Session*> finishing_;  // empty between turns; kept for its memory
  EndOfTurn end_of_turn_;
  std::vector<std::unique_ptr<net::Deferred>> retired_;
};

}  // namespace matchbus::socketio

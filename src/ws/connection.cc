// The server's opening handshake on a stream: decides, answers, and makes the connection.
#include "ws/connection.h"

#include <string>

#include "net/http_server.h"
#include "ws/context.h"
#include "ws/handshake.h"
#include "ws/peer_connection.h"

namespace matchbus::ws {

std::unique_ptr<Connection> Connection::accept(Context& context, net::Loop& loop, const net::HttpRequest& request,
                                               net::StreamPtr stream, const Options& options) {
  LoopContext& shared = LoopContext::of(context);
  const HandshakeDecision decision = decide_handshake(request, options);
  if (decision.status != 101) {
    ++shared.stats().refused_handshakes;
    std::string text = "websocket handshake of " + request.peer;
    text.append(" refused with ").append(std::to_string(decision.status)).append(": ").append(decision.problem);
    loop.log().limited(LogLevel::kInfo, "websocket handshake refused: " + std::string(decision.problem), text);
    net::refuse_upgrade(std::move(stream), handshake_refusal(decision), loop);
    return nullptr;
  }
  ++shared.stats().handshakes;
  stream->write(switching_protocols(decision));
  return std::make_unique<PeerConnection>(shared, Role::kServer, std::move(stream), options, decision.deflate);
}

}  // namespace matchbus::ws

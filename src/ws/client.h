// The client's side of a WebSocket handshake (RFC 6455 section 4.1), for this project's own tools: player of journals,
// load generator.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http_message.h"
#include "ws/connection.h"

namespace matchbus::ws {

struct ClientOptions {
  std::string host;          // for the Host header
  std::string target = "/";  // path and query
  net::HttpHeaders headers;  // more headers
  Options ws;                // deflate: offer permessage-deflate; client_no_context_takeover is offered always
  bool offer_context_takeover =
      true;  // let the server keep its compression history (as browsers do); costs an inflater per connection
  int timeout_ms = 10'000;
};

// A handshake under way. Destroying it gives it up.
class ClientHandshake {
 public:
  // The connection masks what it sends. Call `start` on it with no bytes after setting its handler.
  using Done = std::function<void(Result<std::unique_ptr<Connection>>)>;
  // `done` is called once, never inside `begin`, and may destroy this object.
  static std::unique_ptr<ClientHandshake> begin(Context& context, net::Loop& loop, net::StreamPtr stream,
                                                ClientOptions options, Done done);
  virtual ~ClientHandshake() = default;
};

}  // namespace matchbus::ws

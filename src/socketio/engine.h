// Engine.IO v4 server: sessions over HTTP long-polling and WebSocket, upgrades between them, heartbeats.
// https://socket.io/docs/v4/engine-io-protocol/
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "hub/message.h"
#include "json/document.h"
#include "net/holding.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "ws/connection.h"

namespace matchbus::socketio {

struct EngineOptions {
  int ping_interval_ms = 25'000;
  int ping_timeout_ms = 20'000;
  int upgrade_timeout_ms = 10'000;
  int64_t read_piece_us = 0;  // of taking in one polling body before others have their turn (net::Pacer); 0 = no limit
  // 0 = no limit, for all of these.
  size_t max_payload = 1'000'000;  // bytes of a polling body or a WebSocket message; told to the client as maxPayload
  size_t max_message = 0;          // of a WebSocket message; 0: as max_payload
  size_t max_first = 0;            // the same until the session is admitted; 0: as max_message
  size_t max_queued = 1'000;       // packets queued for a client on polling; beyond it the session is closed
  size_t max_pending = 4'000'000;  // bytes queued for a client that does not take them; beyond it the session is closed
  size_t max_sessions = 0;         // beyond it a handshake answers 503
  // Sessions of one client address (a network of 64 bits with IPv6) that are on polling while none of their polls
  // waits, so that no connection stands for them; beyond it a polling handshake answers 503.
  size_t max_unpolled = 0;
  ws::Options ws;  // max_message and max_first are those above
};

struct EngineStats {
  uint64_t sessions = 0;  // ever opened
  size_t open = 0;
  size_t open_polling = 0;        // of those, now on polling
  size_t unpolled = 0;            // of those, without a waiting poll
  uint64_t refused_total = 0;     // handshakes, at EngineOptions::max_sessions
  uint64_t refused_unpolled = 0;  // handshakes, at EngineOptions::max_unpolled
  uint64_t upgrades = 0;          // completed
  uint64_t packets_in = 0;
  uint64_t packets_out = 0;
  uint64_t bad_requests = 0;  // answered with an Engine.IO error code
  uint64_t parse_errors = 0;  // sessions closed for malformed packets
  uint64_t ping_timeouts = 0;
  uint64_t overflows = 0;  // sessions closed because max_pending was exceeded
};

// Why a session ended, in the words of the Socket.IO documentation.
enum class EngineClose : uint8_t {
  kTransportClose,
  kTransportError,
  kPingTimeout,
  kParseError,
  kServer,
  kClient,
  kOverflow
};

class EngineSession;

// What runs on top of a session: Socket.IO, or a plain echo.
class EngineHandler {
 public:
  // One message, borrowed for the call; may be changed in place. Text is valid UTF-8.
  virtual void on_engine_text(std::span<char> text) = 0;
  virtual void on_engine_binary(std::span<char> data) = 0;
  // Everything sent so far has been taken by the client's kernel buffer (or fetched by its poll), after it had been
  // held back.
  virtual void on_engine_drained() {}
  // Bytes that it keeps for the client.
  virtual size_t held() const { return 0; }
  // The session has ended; called once, last. The handler may destroy itself here; the session is destroyed after it.
  virtual void on_engine_closed(EngineClose reason) = 0;

 protected:
  ~EngineHandler() = default;
};

// A client's session, owned by its server. Reached by pointer until on_engine_closed.
class EngineSession {
 public:
  virtual std::string_view id() const = 0;
  virtual void set_handler(EngineHandler* handler) = 0;
  // Sends one message packet.
  virtual void send_text(std::string_view text) = 0;
  virtual void send_binary(std::string_view data) = 0;
  // The same for a message encoded once; its payload starts with the Engine.IO packet type '4' already.
  virtual void send_prepared(const hub::Message& message) = 0;
  // Sends a text message whose bytes start with the Engine.IO packet type '4' already; shared, not copied, while it
  // waits for a poll.
  virtual void send_encoded(const Bytes& packet) = 0;
  // Bytes sent but not yet taken by the client.
  virtual size_t pending() const = 0;
  // Hands queued bytes to the kernel now.
  virtual void flush() = 0;
  // Closes the session: a close packet (polling) or a close frame (WebSocket). on_engine_closed(kServer) follows at the
  // end of the turn.
  virtual void close() = 0;
  // Closes it for a packet that its handler could not read: on_engine_closed(kParseError).
  virtual void close_malformed() = 0;
  // The client is known by now: see EngineOptions::max_first and ws::Connection::admit.
  virtual void admit(net::Standing standing) = 0;
  virtual bool is_websocket() const = 0;
  virtual std::string peer_address() const = 0;

 protected:
  virtual ~EngineSession() = default;
};

class EngineServer {
 public:
  // Asked for every new session before its handshake is answered; returns its handler (which then must call
  // set_handler-like wiring itself).
  class Acceptor {
   public:
    virtual EngineHandler* on_engine_open(EngineSession& session, const net::HttpRequest& request) = 0;

   protected:
    ~Acceptor() = default;
  };

  // All references are borrowed for the server's life.
  static std::unique_ptr<EngineServer> create(net::Loop& loop, ws::Context& ws, Acceptor& acceptor,
                                              const EngineOptions& options);
  // Ends all sessions.
  virtual ~EngineServer() = default;

  // The requests of this server's path, handed on by whoever routes the port.
  virtual void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) = 0;
  virtual void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) = 0;
  // Adds what sessions hold that no connection stands for.
  virtual void collect(std::vector<net::Holding>& holdings) const = 0;
  // For net::HttpHandler::refuse_body: the answer to a body that no session takes.
  virtual std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) = 0;
  // For net::HttpHandler::body_limit: the largest body of a request whose head has arrived. Being asked also tells the
  // server that a POST is under way, so that a second one beside it can be refused.
  virtual size_t body_limit(const net::HttpRequest& head) = 0;
  // For net::HttpHandler::on_body_lost.
  virtual void on_body_lost(const net::HttpRequest& head) = 0;
  virtual const EngineStats& stats() const = 0;
  // Closes every session (server shutdown).
  virtual void close_all() = 0;
};

}  // namespace matchbus::socketio

// Socket.IO v5 server over Engine.IO sessions: namespaces, events, acks, binary attachments, connection state recovery.
// https://socket.io/docs/v4/socket-io-protocol/
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "json/document.h"
#include "socketio/engine.h"

namespace matchbus::socketio {

struct ServerOptions {
  EngineOptions engine;
  int connect_timeout_ms = 45'000;          // a session that joins no namespace in this time is closed
  int recovery_window_ms = 0;               // connection state recovery: how long a lost socket is kept; 0 = off
  size_t recovery_max_events = 1'000;       // sent events kept for one lost socket; beyond it the socket is given up
  size_t recovery_max_sockets = 10'000;     // lost sockets kept at a time, of Standing::kKnown and of all others each
  size_t recovery_max_of_party = 32;        // of them, those of one party; beyond, its oldest is given up
  size_t max_attachments = 10;              // binary attachments of one packet, 0 = none; more closes the session
  size_t max_attachment_bytes = 4'000'000;  // of one packet together; more closes the session
  size_t max_namespaces = 8;                // namespaces of one session
};

struct ServerStats {
  size_t sockets = 0;    // connected now
  size_t suspended = 0;  // lost, waiting for recovery
  uint64_t connects = 0;
  uint64_t refused = 0;  // CONNECT_ERROR
  uint64_t recovered = 0;
  uint64_t events_in = 0;
  uint64_t events_out = 0;
  uint64_t malformed = 0;  // sessions closed for a malformed Socket.IO packet
};

class Socket;

// An event from a client.
struct Event {
  std::string_view name;
  json::Value args;  // the packet's array; args.at(0) is the name, args.at(1) the first argument
  std::span<const std::string_view>
      attachments;  // binary arguments: {"_placeholder":true,"num":n} in args stands for attachments[n]
  bool wants_ack = false;
  uint64_t ack_id = 0;  // for Socket::ack

  size_t size() const { return args.size() == 0 ? 0 : args.size() - 1; }
  json::Value arg(size_t index) const { return args.at(index + 1); }
  // Argument `index` as text: a string, or the bytes of an attachment; nothing for other types.
  std::optional<std::string_view> text(size_t index) const;
};

// What a socket is worth to the application when its connection is lost and places for lost sockets are few.
struct Standing {
  enum class Kind : uint8_t {
    kStranger,  // has a tenth of the places of guests at most; so has a socket without data
    kGuest,
    kKnown,  // has places that no other kind takes, and one is always free for a party that has none
  };
  Kind kind = Kind::kGuest;
  std::string_view party;  // who shares places with whom; "": nobody
};

// What an application keeps with a socket.
class SocketData {
 public:
  virtual ~SocketData() = default;
  virtual Standing standing() const { return {}; }
};

// A client in one namespace. Owned by the server; valid until on_disconnect returns. Survives the loss of its
// connection while recovery is on: events emitted meanwhile are kept and sent when it comes back.
class Socket {
 public:
  virtual std::string_view id() const = 0;
  virtual std::string_view namespace_name() const = 0;
  virtual std::string peer_address() const = 0;
  virtual bool is_websocket() const = 0;

  // Emits `event` with one string argument (the double-encoded form of this server's protocols).
  virtual void emit(std::string_view event, std::string_view text) = 0;
  // Emits `event` with arguments given as JSON texts, comma-separated: `"a",1`. Binary arguments stand as placeholders
  // and follow in `attachments`.
  virtual void emit_raw(std::string_view event, std::string_view args_json,
                        std::span<const std::string_view> attachments = {}) = 0;
  // The same, and `on_ack` is called with the client's answer, unless the socket ends first. At most 100 wait at a
  // time.
  virtual void emit_with_ack(
      std::string_view event, std::string_view args_json,
      std::function<void(json::Value args, std::span<const std::string_view> attachments)> on_ack) = 0;
  // Answers an event's ack.
  virtual void ack(uint64_t ack_id, std::string_view args_json, std::span<const std::string_view> attachments = {}) = 0;
  // Sends an event packet encoded once with Server::encode_event. Not for sockets with recovery (they need an offset
  // each).
  virtual void send_prepared(const hub::Message& message) = 0;
  // Bytes sent but not yet taken by the client; 0 while its connection is lost.
  virtual size_t pending() const = 0;
  virtual void flush() = 0;
  // A text that the client brings back when it connects again, also to a server that knows nothing of this socket: see
  // offset_note. From the next event on; with recovery only.
  virtual void set_offset_note(std::string_view note) = 0;
  // The client is known by now, also when this socket is lost and comes back: it may send long messages, and is read
  // before strangers where there is not time for all.
  virtual void admit(net::Standing standing) = 0;
  // Leaves the namespace (DISCONNECT packet); with `close_session` the whole connection is closed too. on_disconnect
  // follows at the end of the turn.
  virtual void disconnect(bool close_session) = 0;

  std::unique_ptr<SocketData> data;  // the application's

 protected:
  virtual ~Socket() = default;
};

// The note of the last event that the client got from an earlier socket, wherever that was; empty without one. It comes
// from the client: whoever reads it has to check it. `auth` as in SocketHandler::on_connect.
std::string_view offset_note(json::Value auth);

// An application: what happens in one namespace.
class SocketHandler {
 public:
  // A client asks to connect; an error is sent as CONNECT_ERROR with its message. `auth` is the CONNECT packet's
  // payload, missing if there was none.
  virtual Result<void> on_connecting(Socket& socket, json::Value auth) {
    (void)socket, (void)auth;
    return {};
  }
  // The CONNECT answer has been sent; events may be emitted. `auth` as above. Not called again when a lost socket comes
  // back.
  virtual void on_connect(Socket& socket, json::Value auth) = 0;
  virtual void on_event(Socket& socket, const Event& event) = 0;
  // Everything emitted has been taken, after it had been held back.
  virtual void on_drained(Socket& socket) { (void)socket; }
  // Its connection is lost and recovery is waiting; on_recovered or on_disconnect follows.
  virtual void on_suspended(Socket& socket) { (void)socket; }
  virtual void on_recovered(Socket& socket) { (void)socket; }
  // The socket has ended. Last call.
  virtual void on_disconnect(Socket& socket, std::string_view reason) = 0;

 protected:
  ~SocketHandler() = default;
};

class Server {
 public:
  static std::unique_ptr<Server> create(net::Loop& loop, ws::Context& ws, const ServerOptions& options);
  virtual ~Server() = default;

  // Serves namespace `name` ("/" or "/custom"); unknown ones are refused with "Invalid namespace". `handler` is
  // borrowed.
  virtual void add_namespace(std::string name, SocketHandler& handler) = 0;

  // The requests of this server's path (usually /socket.io/).
  virtual void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) = 0;
  virtual void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) = 0;
  virtual void collect(std::vector<net::Holding>& holdings) const = 0;
  // For net::HttpHandler::refuse_body and body_limit; see EngineServer.
  virtual std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) = 0;
  // See EngineServer::body_limit.
  virtual size_t body_limit(const net::HttpRequest& head) = 0;
  virtual void on_body_lost(const net::HttpRequest& head) = 0;

  // The Engine.IO text (type '4' included) of an EVENT packet in the main namespace, for hub::Message:
  // `42["event",args]`.
  static Bytes encode_event(std::string_view event, std::string_view args_json, Bytes recycle = {});

  virtual const ServerStats& stats() const = 0;
  virtual const EngineStats& engine_stats() const = 0;
  // Disconnects everybody (server shutdown).
  virtual void close_all() = 0;
};

}  // namespace matchbus::socketio

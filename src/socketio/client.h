// A Socket.IO v5 client over one WebSocket, for this project's own tools: connects, joins a namespace, emits and
// receives events, answers pings, and comes back after a loss as the official client does, connection state recovery
// included.
// https://socket.io/docs/v4/socket-io-protocol/ and https://socket.io/docs/v4/engine-io-protocol/
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/timer_wheel.h"
#include "json/document.h"
#include "net/connector.h"
#include "net/http_url.h"
#include "net/loop.h"
#include "socketio/attachments.h"
#include "socketio/backoff.h"
#include "socketio/packet.h"
#include "socketio/server.h"
#include "ws/client.h"
#include "ws/connection.h"

namespace matchbus::socketio {

struct ClientOptions {
  // ws, wss, http or https, and without a scheme ws. The URL's path is the namespace, its query is sent with the
  // handshake.
  std::string url;
  std::string path = "/socket.io/";
  std::string auth;  // JSON object for the CONNECT packet; "": none
  bool verify_certificate = true;
  std::string ca_file;       // see net::ConnectOptions
  int timeout_ms = 20'000;   // from an attempt's start until the namespace is joined
  bool reconnect = true;     // after a failed attempt or a loss; never after a refusal or a disconnect by the server
  int reconnect_ms = 1'000;  // first wait, see Backoff
  int reconnect_max_ms = 5'000;
  double reconnect_jitter = 0.5;
  ws::Options ws;
};

// Who uses a client. The client must not be destroyed inside these calls.
class ClientHandler {
 public:
  // The namespace is joined. `recovered`: the server took the session up again, and what it sent meanwhile follows.
  virtual void on_client_connect(bool recovered) = 0;
  // An event. `wants_ack` is never answered.
  virtual void on_client_event(const Event& event) = 0;
  // All that was emitted has been taken by the kernel, after it had been held back.
  virtual void on_client_drained() {}
  // The connection is gone. `reason` is in the official client's words, such as "transport close".
  virtual void on_client_disconnect(std::string_view reason, bool will_reconnect) = 0;
  // An attempt failed, or (then without another) the server refused the namespace.
  virtual void on_client_error(const std::string& message, bool will_retry) = 0;

 protected:
  ~ClientHandler() = default;
};

class Client final : private ws::Handler, private Timer::Handler {
 public:
  // Borrows all references for its life. An error is one of the URL.
  static Result<std::unique_ptr<Client>> create(net::Loop& loop, ws::Context& ws, ClientOptions options,
                                                ClientHandler& handler);
  // Drops the connection; nobody is told.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Starts the first attempt, or another one after the last has been given up.
  void connect();
  bool is_connected() const { return state_ == State::kConnected; }
  // The socket's id while connected.
  const std::string& id() const { return id_; }

  // Emits `event` with one string argument. Dropped, and false, unless connected.
  bool emit(std::string_view event, std::string_view text);
  // The same with arguments given as JSON texts, comma-separated.
  bool emit_raw(std::string_view event, std::string_view args_json);
  // Bytes emitted that the kernel has not taken yet.
  size_t pending() const { return connection_ ? connection_->pending() : 0; }
  // Hands them to the kernel now, as far as it takes them; otherwise that happens at the end of the turn.
  void flush() {
    if (connection_) connection_->flush();
  }

  // Leaves, once all that was emitted is sent; on_client_disconnect("io client disconnect") follows if it was
  // connected. No further attempts.
  void close();
  // Ends the connection as if the network had failed.
  void drop();

 private:
  enum class State : uint8_t {
    kIdle,
    kWaiting,     // for the next attempt
    kConnecting,  // TCP and TLS
    kUpgrading,   // WebSocket handshake
    kOpening,     // the Engine.IO open packet is awaited
    kJoining,     // the answer to CONNECT is awaited
    kConnected,
    kLeaving,
  };

  Client(net::Loop& loop, ws::Context& ws, ClientOptions options, net::HttpUrl url, ClientHandler& handler);

  void on_stream(Result<net::StreamPtr> stream);
  void on_upgraded(Result<std::unique_ptr<ws::Connection>> connection);
  void on_ws_message(ws::Opcode opcode, std::span<char> payload) override;
  void on_ws_drained() override;
  void on_ws_closed(uint16_t code, std::string_view reason) override;
  void on_timer(Timer& timer) override;

  void on_open(std::span<char> text);
  void on_packet(std::span<char> text);
  void on_joined(json::Value payload);
  void on_refused(json::Value payload);
  void on_event(const PacketHead& head, std::span<const std::string_view> attachments);
  void send_connect();
  void send_packet();
  void expect_ping();

  // Ends the connection under way. If the namespace was joined that is a disconnect, otherwise a failed attempt.
  void lose(std::string_view reason);
  void fail_attempt(const std::string& message, bool may_retry);
  void wait_for_next_attempt();
  void release();

  net::Loop& loop_;
  ws::Context& ws_;
  ClientOptions options_;
  net::HttpUrl url_;
  std::string namespace_;
  ClientHandler& handler_;

  State state_ = State::kIdle;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<ws::ClientHandshake> handshake_;
  std::unique_ptr<ws::Connection> connection_;
  Timer timer_;  // the next attempt, the end of this attempt, or the end of the server's silence
  Backoff backoff_;
  int silence_ms_ = 0;  // how long the server may send no ping

  std::string id_;
  std::string pid_;                     // for recovery; "" if the server offers none
  std::string last_offset_;             // of the last event
  std::unique_ptr<Assembly> assembly_;  // a packet whose attachments are coming
  json::Document document_;
  BytesWriter out_;
};

}  // namespace matchbus::socketio

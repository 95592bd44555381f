// One Engine.IO session: its life from handshake to end, its heartbeat, and which transport carries it.
//
// A session stands on exactly one transport: polling (a PollingTransport, which may have an upgrade under way) or a
// WebSocket connection. It ends in two steps, because ends come from everywhere, also from inside its handler's own
// calls: `end` notes the reason and stops all traffic at once, `finish`, at the end of the turn, tells the handler and
// closes the transport. A session on polling that the server closes stays a little longer, until a poll has fetched
// what was sent before, and the close packet.
//
// There is one of these for every viewer: it holds nothing that an idle WebSocket session does not need.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/timer_wheel.h"
#include "net/http_server.h"
#include "socketio/engine.h"
#include "socketio/engine_packet.h"
#include "ws/connection.h"

namespace matchbus::socketio {

class EngineContext;
class PollingTransport;

class Session final : public EngineSession, private ws::Handler, private Timer::Handler {
 public:
  static constexpr size_t kIdLength = 20;

  // A session on polling; `peer` is the client's address.
  Session(EngineContext& context, std::string peer);
  // A session on a WebSocket connection, which still has to be started.
  Session(EngineContext& context, std::unique_ptr<ws::Connection> connection);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Sends the open packet and starts the heartbeat.
  void open();
  // Reads what came right behind the WebSocket handshake.
  void start_connection(std::span<char> early) { connection_->start(early); }

  // The session's HTTP requests. Every one is answered, now or later.
  void on_poll(std::unique_ptr<net::HttpReply> reply);
  void on_post(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply);
  // A POST's head has arrived.
  void on_post_begun();
  // Its body will not come.
  void on_post_lost();
  // The largest body of a POST; 0: no limit.
  size_t max_body() const;
  // Somebody wants to go on with this session on a WebSocket.
  void on_upgrade(std::unique_ptr<ws::Connection> connection, std::span<char> early);

  // True if a client may use the session: not after its end, except to fetch the rest of a session that the server
  // closed.
  bool is_known() const {
    return state_ == State::kOpen || (state_ != State::kDone && reason_ == EngineClose::kServer);
  }
  bool is_open() const { return state_ == State::kOpen; }
  net::Standing standing() const { return standing_; }
  // Bytes that it makes this process hold, beside its connection's.
  size_t held() const override;

  // Ends the session for this reason, at the end of the turn.
  void end(EngineClose reason);
  // Second step, for EngineContext: true if the session can be destroyed.
  bool finish();
  // Ends at once, with the server.
  void shut_down();

  // For the transports: one packet from the client. False: read no further.
  bool take_packet(const EnginePacket& packet);
  // A POST's packets are all taken, or as many as the session lived for.
  void finish_post(std::unique_ptr<net::HttpReply> reply);
  void complete_upgrade(std::unique_ptr<ws::Connection> connection);
  void drained();

  // EngineSession.
  std::string_view id() const override { return {id_.data(), id_.size()}; }
  void set_handler(EngineHandler* handler) override { handler_ = handler; }
  void send_text(std::string_view text) override;
  void send_binary(std::string_view data) override;
  void send_prepared(const hub::Message& message) override;
  void send_encoded(const Bytes& packet) override;
  size_t pending() const override;
  void flush() override;
  void close() override { end(EngineClose::kServer); }
  void close_malformed() override { end(EngineClose::kParseError); }
  void admit(net::Standing standing) override;
  bool is_websocket() const override { return connection_ != nullptr; }
  std::string peer_address() const override;

 private:
  friend class SessionTable;

  enum class State : uint8_t {
    kOpen,
    kEnding,     // `finish` is coming
    kLingering,  // finished for the handler; a poll may still fetch what is left, or the end of an upgrade take it
    kDone,
  };

  void on_ws_message(ws::Opcode opcode, std::span<char> payload) override;
  void on_ws_drained() override { drained(); }
  void on_ws_closed(uint16_t code, std::string_view reason) override;
  void on_timer(Timer& timer) override;

  void send_ping();
  void check_heartbeat();
  void tell_handler();
  void close_connection();
  bool close_polling();
  bool holds_too_much() const;
  void check_overflow();
  void refuse(net::HttpReply& reply);

  EngineContext& context_;
  EngineHandler* handler_ = nullptr;
  std::unique_ptr<PollingTransport> polling_;
  std::unique_ptr<ws::Connection> connection_;
  std::unique_ptr<Session> next_;  // SessionTable's
  Timer timer_{*this};             // next ping; then its pong's deadline; then the end of lingering
  std::array<char, kIdLength> id_;
  uint64_t window_ = 0;  // see hub::Message::send
  State state_ = State::kOpen;
  EngineClose reason_ = EngineClose::kServer;
  net::Standing standing_ = net::Standing::kStranger;
  bool awaiting_pong_ = false;
  bool counted_ = false;  // in the statistics of open sessions
};

}  // namespace matchbus::socketio

#include "socketio/engine_session.h"

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "socketio/engine_context.h"
#include "socketio/engine_handshake.h"
#include "socketio/polling_transport.h"
#include "ws/utf8_validator.h"

namespace matchbus::socketio {
namespace {

// A timer that goes off so late shows that this process stood still, not that the client did.
constexpr int64_t kStalledMs = 1'000;
// Ordinary lateness of a ping does not put off its pong's deadline.
constexpr int64_t kTimerSlackMs = 20;
constexpr std::string_view kClosePacket = "1";

}  // namespace

Session::Session(EngineContext& context, std::string peer)
    : context_(context), polling_(std::make_unique<PollingTransport>(context, *this, std::move(peer))) {
  random_id().copy(id_.data(), id_.size());
}

Session::Session(EngineContext& context, std::unique_ptr<ws::Connection> connection)
    : context_(context), connection_(std::move(connection)) {
  random_id().copy(id_.data(), id_.size());
  connection_->set_handler(this);
}

Session::~Session() = default;

void Session::open() {
  counted_ = true;
  ++context_.stats.sessions;
  ++context_.stats.open;
  if (polling_) ++context_.stats.open_polling;
  send_encoded(encode_open(id(), polling_ != nullptr, context_.options));
  context_.loop.timers().set(timer_, context_.options.ping_interval_ms);
}

// --- The client's requests ---

void Session::refuse(net::HttpReply& reply) { reply.send(context_.refusal(EngineError::kBadRequest, peer_address())); }

void Session::on_poll(std::unique_ptr<net::HttpReply> reply) {
  check_heartbeat();
  if (!is_known() || !polling_) {
    refuse(*reply);
    return;
  }
  // The close packet comes alone: clients act on it at once, but on the messages before it a little later.
  const bool is_last = state_ == State::kLingering && !polling_->is_held() && polling_->pending() == 0;
  if (is_last) polling_->push(Bytes::copy(kClosePacket), false);
  if (!polling_->set_poll(reply)) {
    end(EngineClose::kTransportError);
    refuse(*reply);
  } else if (is_last) {
    state_ = State::kDone;
    context_.finish_later(*this);
  }
}

void Session::on_post_begun() {
  if (polling_ && !polling_->begin_post()) end(EngineClose::kTransportError);
}

void Session::on_post_lost() {
  if (polling_) polling_->end_post();
}

void Session::on_post(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) {
  if (!is_known() || !polling_) {
    refuse(*reply);
    return;
  }
  if (const size_t limit = max_body(); limit != 0 && request.body.size() > limit) {
    polling_->end_post();
    ++context_.stats.bad_requests;
    reply->send(net::HttpResponse::text(413, "Payload too large"));
    return;
  }
  if (state_ == State::kLingering && request.body == kClosePacket) {
    state_ = State::kDone;
    timer_.cancel();
    context_.finish_later(*this);
  } else if (!ws::is_utf8(request.body)) {
    end(EngineClose::kParseError);
  } else if (is_open()) {
    return polling_->take_post(std::move(request.body), std::move(reply));
  }
  finish_post(std::move(reply));
}

void Session::finish_post(std::unique_ptr<net::HttpReply> reply) {
  if (polling_) polling_->end_post();
  if (!is_open() && reason_ == EngineClose::kParseError) return refuse(*reply);
  net::HttpResponse response;
  response.headers = {{"Content-Type", "text/html"}, {"Cache-Control", "no-store"}};
  response.body = Bytes::copy("ok");
  reply->send(std::move(response));
}

// A stranger's may be gathered from some small messages, or be a logon.
size_t Session::max_body() const {
  constexpr size_t kGathered = 64 * 1024;
  const EngineOptions& options = context_.options;
  if (standing_ == net::Standing::kTrusted || options.max_first == 0) return options.max_payload;
  const size_t most = std::max(options.max_first, kGathered);
  return options.max_payload == 0 ? most : std::min(options.max_payload, most);
}

void Session::on_upgrade(std::unique_ptr<ws::Connection> connection, std::span<char> early) {
  if (!is_open() || !polling_ || !polling_->begin_upgrade(connection, early)) {
    context_.closing.close(std::move(connection), ws::kPolicy, "no upgrade possible");
  }
}

void Session::on_ws_message(ws::Opcode opcode, std::span<char> payload) {
  if (!is_open()) return;
  if (opcode == ws::Opcode::kBinary) {
    take_packet({EnginePacketType::kMessage, true, payload});
  } else if (const std::optional<EnginePacket> packet = decode_packet(payload)) {
    take_packet(*packet);
  } else {
    end(EngineClose::kParseError);
  }
}

bool Session::take_packet(const EnginePacket& packet) {
  ++context_.stats.packets_in;
  switch (packet.type) {
    case EnginePacketType::kMessage:
      if (handler_ == nullptr) break;
      packet.binary ? handler_->on_engine_binary(packet.data) : handler_->on_engine_text(packet.data);
      break;
    case EnginePacketType::kPong:
      // Who never polls has not been asked yet.
      if (!awaiting_pong_ || (polling_ && polling_->has_ping())) break;
      awaiting_pong_ = false;
      context_.loop.timers().set(timer_, context_.options.ping_interval_ms);
      break;
    case EnginePacketType::kNoop:
      break;
    case EnginePacketType::kClose:
      end(EngineClose::kClient);
      break;
    case EnginePacketType::kOpen:
    case EnginePacketType::kPing:
    case EnginePacketType::kUpgrade:
      end(EngineClose::kParseError);
      break;
  }
  return is_open();
}

void Session::complete_upgrade(std::unique_ptr<ws::Connection> connection) {
  ++context_.stats.upgrades;
  if (counted_) --context_.stats.open_polling;
  connection_ = std::move(connection);
  connection_->set_handler(this);
  if (standing_ != net::Standing::kStranger) connection_->admit(standing_);
  const std::vector<PollingTransport::Queued> queue = polling_->release();
  context_.retire(std::move(polling_));
  for (const PollingTransport::Queued& packet : queue) {
    connection_->send(packet.binary ? ws::Opcode::kBinary : ws::Opcode::kText, packet.bytes.view());
  }
  if (state_ == State::kLingering) {
    timer_.cancel();
    close_connection();
    state_ = State::kDone;
    context_.finish_later(*this);
    return;
  }
  if (queue.empty()) return;
  connection_->flush();
  if (connection_->pending() == 0) drained();
}

// --- Sending ---

void Session::send_text(std::string_view text) {
  if (!is_open()) return;
  BytesWriter out(connection_ ? std::move(context_.scratch) : Bytes(), text.size() + 1);
  out.append('4');
  out.append(text);
  const Bytes packet = out.take();
  send_encoded(packet);
  if (connection_) context_.scratch = packet;
}

void Session::send_encoded(const Bytes& packet) {
  if (!is_open()) return;
  ++context_.stats.packets_out;
  if (connection_) {
    connection_->send(ws::Opcode::kText, packet.view());
  } else {
    polling_->push(packet, false);
  }
  check_overflow();
}

void Session::send_binary(std::string_view data) {
  if (!is_open()) return;
  ++context_.stats.packets_out;
  if (connection_) {
    connection_->send(ws::Opcode::kBinary, data);
  } else {
    polling_->push(Bytes::copy(data), true);
  }
  check_overflow();
}

void Session::send_prepared(const hub::Message& message) {
  if (!is_open()) return;
  ++context_.stats.packets_out;
  if (connection_) {
    window_ = message.send(*connection_, window_);
  } else {
    polling_->push(message.payload(), false);
  }
  check_overflow();
}

size_t Session::held() const {
  // A session on polling need have no connection.
  const size_t polling = polling_ ? sizeof(Session) + sizeof(PollingTransport) + polling_->held() : 0;
  return polling + (handler_ != nullptr ? handler_->held() : 0);
}

bool Session::holds_too_much() const {
  const EngineOptions& options = context_.options;
  if (polling_ && options.max_queued != 0 && polling_->queued() > options.max_queued) return true;
  return options.max_pending != 0 && pending() > options.max_pending;
}

void Session::check_overflow() {
  if (!holds_too_much()) return;
  flush();  // what was sent in this turn may not have been offered to the kernel yet
  if (holds_too_much()) end(EngineClose::kOverflow);
}

size_t Session::pending() const {
  if (!is_open()) return 0;
  return connection_ ? connection_->pending() : polling_->pending();
}

void Session::flush() {
  if (!is_open()) return;
  connection_ ? connection_->flush() : polling_->flush();
}

void Session::admit(net::Standing standing) {
  standing_ = standing;
  if (connection_) connection_->admit(standing);
}

void Session::drained() {
  if (is_open() && handler_ != nullptr) handler_->on_engine_drained();
}

std::string Session::peer_address() const { return connection_ ? connection_->peer_address() : polling_->peer(); }

// --- The heartbeat ---

void Session::send_ping() {
  ++context_.stats.packets_out;
  if (connection_) {
    connection_->send_frame(context_.ping_frame);
  } else {
    polling_->push(Bytes::copy("2"), false);
  }
}

void Session::on_timer(Timer& timer) {
  TimerWheel& timers = context_.loop.timers();
  const int64_t late = timers.now_ms() - timer.deadline_ms();
  if (state_ == State::kLingering) {
    state_ = State::kDone;
    context_.finish_later(*this);
  } else if (!awaiting_pong_) {
    awaiting_pong_ = true;
    send_ping();
    timers.set(timer, context_.options.ping_timeout_ms - std::min(late, kTimerSlackMs));
  } else if (late > kStalledMs) {
    timers.set(timer, std::min<int64_t>(late, context_.options.ping_timeout_ms));
  } else {
    end(EngineClose::kPingTimeout);
  }
}

// Timers go off a little late; a client that polls after its time must not be taken for alive.
void Session::check_heartbeat() {
  if (is_open() && awaiting_pong_ && context_.loop.timers().now_ms() >= timer_.deadline_ms()) {
    end(EngineClose::kPingTimeout);
  }
}

// --- The end ---

void Session::on_ws_closed(uint16_t, std::string_view) { end(EngineClose::kTransportClose); }

void Session::end(EngineClose reason) {
  if (!is_open()) return;
  state_ = State::kEnding;
  reason_ = reason;
  timer_.cancel();
  if (reason == EngineClose::kPingTimeout) ++context_.stats.ping_timeouts;
  if (reason == EngineClose::kOverflow) {
    ++context_.stats.overflows;
    context_.complain("engine.io overflow", "a session was closed: " + peer_address() + " does not take what is sent");
  }
  if (reason == EngineClose::kParseError) {
    ++context_.stats.parse_errors;
    context_.complain("engine.io packet", "a session was closed: malformed packet from " + peer_address());
  }
  context_.finish_later(*this);
}

bool Session::finish() {
  if (state_ == State::kDone) return true;
  tell_handler();
  if (connection_) {
    close_connection();
    return true;
  }
  return close_polling();
}

void Session::shut_down() {
  timer_.cancel();
  if (state_ == State::kOpen) {
    state_ = State::kEnding;
    reason_ = EngineClose::kServer;
  }
  tell_handler();
  if (polling_) polling_->answer(kClosePacket);
}

void Session::tell_handler() {
  if (std::exchange(counted_, false)) {
    --context_.stats.open;
    if (polling_) --context_.stats.open_polling;
  }
  if (EngineHandler* handler = std::exchange(handler_, nullptr)) handler->on_engine_closed(reason_);
}

void Session::close_connection() {
  // Behind what overflowed a close frame would never leave.
  if (reason_ == EngineClose::kOverflow || !connection_->is_open()) {
    connection_.reset();
    return;
  }
  const uint16_t code = reason_ == EngineClose::kParseError ? ws::kPolicy : ws::kNormal;
  context_.closing.close(std::move(connection_), code, {});
}

// True if the session is over.
bool Session::close_polling() {
  const bool last_words = reason_ == EngineClose::kServer;
  // A client that has probed polls no more: what is left goes over its new connection once the upgrade is complete.
  if (!last_words || !polling_->is_held()) polling_->abandon_upgrade();
  if (!last_words) {
    polling_->answer(reason_ == EngineClose::kClient ? "6" : kClosePacket);
    return true;
  }
  polling_->flush();
  if (polling_->has_poll() && !polling_->is_held()) {
    polling_->answer(kClosePacket);
    return true;
  }
  state_ = State::kLingering;
  context_.loop.timers().set(timer_, context_.options.ping_timeout_ms);
  return false;
}

}  // namespace matchbus::socketio

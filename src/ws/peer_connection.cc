#include "ws/peer_connection.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

#include <uv.h>

#include "ws/close_payload.h"

namespace matchbus::ws {
namespace {

// While more than this waits for the kernel, pongs wait too, and only the latest is kept (RFC 6455 section 5.5.3 allows
// to answer only the most recent ping). So a peer that sends pings and reads nothing costs no memory.
constexpr size_t kPongBacklog = 64 * 1024;

// Bytes counts in 32 bits; a message this near the end could not be framed any more. 0 = no limit.
uint32_t clamp_max_message(size_t wanted) {
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max() - 64 * 1024;
  return static_cast<uint32_t>(wanted == 0 ? kMost : std::min(wanted, kMost));
}

}  // namespace

PeerConnection::PeerConnection(LoopContext& context, Role role, net::StreamPtr stream, const Options& options,
                               const std::optional<DeflateParams>& deflate)
    : context_(context),
      stream_(std::move(stream)),
      max_message_(clamp_max_message(options.max_first != 0 ? options.max_first : options.max_message)),
      max_admitted_(clamp_max_message(options.max_message)),
      deflate_threshold_(
          static_cast<uint32_t>(std::min<size_t>(options.deflate_threshold, std::numeric_limits<uint32_t>::max()))),
      close_timeout_ms_(options.close_timeout_ms),
      deflate_level_(static_cast<int8_t>(std::clamp(options.deflate_level, 0, 9))),
      role_(role) {
  if (deflate) {
    deflate_ = true;
    history_ = !deflate->server_no_context_takeover;
    if (role_ == Role::kServer) window_bits_ = deflate->server_window_bits();
    if (role_ == Role::kClient && history_) extra().history = std::make_unique<Inflater>();
  }
  stream_->set_handler(this);
}

PeerConnection::~PeerConnection() {
  leave_line();
  if (destroyed_ != nullptr) *destroyed_ = true;
}

PeerConnection::Extra& PeerConnection::extra() {
  if (!extra_) extra_ = std::make_unique<Extra>(*this);
  return *extra_;
}

void PeerConnection::Extra::on_timer(Timer& /*timer*/) { owner.on_close_timeout(); }

void PeerConnection::drop_unused_extra() {
  if (!extra_ || state_ != State::kOpen) return;
  const bool used = !extra_->held.empty() || !extra_->pong.empty() || extra_->history;
  if (!used) extra_.reset();
}

// Reading.

void PeerConnection::start(std::span<char> early) {
  paused_ = false;
  if (extra_ && !extra_->held.empty()) {
    hold({early.data(), early.size()});
    read_held();
  } else if (!early.empty()) {
    on_stream_data(early);
  }
}

void PeerConnection::hold(std::string_view bytes) {
  if (!bytes.empty()) extra().held.append(bytes);
}

void PeerConnection::pause_reading() {
  if (state_ != State::kOpen) return;  // the close handshake needs to hear the peer
  paused_ = true;
  if (reading_) reading_->unfinished.leave();  // it is not the peer who takes long now
  stream_->pause_reading();
}

void PeerConnection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  const bool unread = reading_ != nullptr || (extra_ && !extra_->held.empty());
  if (destroyed_ == nullptr && unread) {
    // Not here: the caller does not expect messages inside this call.
    read_later();
  } else {
    stream_->resume_reading();
  }
}

void PeerConnection::admit() {
  admitted_ = true;
  max_message_ = max_admitted_;
}

void PeerConnection::on_stream_data(std::span<char> data) {
  const std::string_view input(data.data(), data.size());
  if (paused_ || destroyed_ != nullptr || in_line_ || (extra_ && !extra_->held.empty())) return hold(input);
  if (used_up_) {
    hold(input);
    return read_later();
  }
  const uint64_t begun = uv_hrtime();
  const std::optional<size_t> unread = read(input);
  if (!unread) return;
  if (used_up_ && !admitted_) context_.pacer().spent(uv_hrtime() - begun);
  if (*unread != 0) extra().held.insert(0, input.substr(input.size() - *unread));
  if (!paused_ && (has_unread_ || (extra_ && !extra_->held.empty()))) read_later();
}

// In its turn; until then nothing more is read from the stream.
void PeerConnection::read_later() {
  if (in_line_ || state_ >= State::kEnding) return;
  in_line_ = true;
  stream_->pause_reading();
  context_.pacer().wait(*this, admitted_);
}

void PeerConnection::leave_line() {
  if (in_line_) context_.pacer().forget(*this);
  in_line_ = false;
}

void PeerConnection::on_read_turn() {
  in_line_ = false;
  read_held();
}

void PeerConnection::read_held() {
  if (paused_) return;
  std::string held = std::move(extra().held);
  extra_->held.clear();
  const size_t used = std::exchange(extra_->held_used, 0);
  const std::optional<size_t> unread = read(std::string_view(held).substr(used));
  if (!unread) return;
  if (*unread != 0) {
    Extra& rest = extra();
    rest.held_used = held.size() - *unread;
    held.append(rest.held);  // what arrived while handlers ran
    rest.held = std::move(held);
  }
  if (paused_) return;
  if (has_unread_ || (extra_ && !extra_->held.empty())) return read_later();
  stream_->resume_reading();
  drop_unused_extra();
}

ReaderRules PeerConnection::rules() const {
  return {.expect_masked = role_ == Role::kServer,
          .deflate = deflate_,
          .max_message = max_message_,
          .history = extra_ ? extra_->history.get() : nullptr};
}

// Reads until `input` is used up, a handler pauses, or the connection ends. How many bytes are left to be read later;
// nothing if a handler destroyed this connection.
std::optional<size_t> PeerConnection::read(std::string_view input) {
  used_up_ = has_unread_ = false;
  if (state_ >= State::kEnding) return 0;
  const uint64_t begun = uv_hrtime();
  // The reader is a local's while handlers run: a payload must outlive a connection that its handler destroys.
  std::unique_ptr<Reading> reading = reading_ ? std::move(reading_) : context_.take_reading();
  MessageReader& reader = reading->messages;
  reader.feed(input, rules());
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!paused_ && state_ < State::kEnding) {
    reader.set_max_message(max_message_);
    if (state_ == State::kClosing) reader.discard_messages();
    const ReaderEvent event = reader.next();
    if (event.kind == ReaderEvent::Kind::kNeedMore) break;
    if (!reader.in_message()) reading->unfinished.leave();  // what follows has a time of its own
    dispatch(event);
    if (destroyed) return std::nullopt;
    used_up_ = context_.pacer().is_used_up(begun);
    has_unread_ = used_up_ && !reader.idle();
    if (has_unread_) break;
  }
  destroyed_ = nullptr;
  if (state_ >= State::kEnding) return 0;
  return keep(std::move(reading));
}

// How many bytes it has left unread.
size_t PeerConnection::keep(std::unique_ptr<Reading> reading) {
  constexpr size_t kReader = 5'000;  // what a reader itself takes, most of it wslay's buffer
  const size_t unread = reading->messages.unread();
  if (reading->messages.idle()) {
    reading->unfinished.leave();
    context_.give_back(std::move(reading));
    return unread;
  }
  reading_ = std::move(reading);
  if (paused_ || has_unread_) {
    reading_->unfinished.leave();
  } else {
    context_.unfinished().update(reading_->unfinished, *this, kReader + reading_->messages.held());
  }
  return unread;
}

void PeerConnection::on_unfinished_end(UnfinishedEnd why) {
  reading_.reset();
  if (why == UnfinishedEnd::kTooLong) {
    fail(kPolicy, "a message took too long");
  } else {
    fail(kTryAgainLater, "too much waits for the rest of messages");
  }
}

void PeerConnection::dispatch(const ReaderEvent& event) {
  const std::string_view payload(event.payload.data(), event.payload.size());
  switch (event.kind) {
    case ReaderEvent::Kind::kMessage:
      if (state_ != State::kOpen) return;
      ++context_.stats().messages_in;
      if (handler_ != nullptr) handler_->on_ws_message(event.opcode, event.payload);
      return;
    case ReaderEvent::Kind::kPing:
      return answer_ping(payload);
    case ReaderEvent::Kind::kClose:
      return on_peer_close(event.code, payload);
    case ReaderEvent::Kind::kError:
      return fail(event.code, event.problem);
    case ReaderEvent::Kind::kPong:
    case ReaderEvent::Kind::kNeedMore:
      return;
  }
}

void PeerConnection::answer_ping(std::string_view payload) {
  if (state_ != State::kOpen) return;
  Bytes pong = context_.frame(Opcode::kPong, payload, {.compressed = false, .masked = role_ == Role::kClient});
  // What was only written in this turn is not held back by anybody yet; the kernel decides.
  if (stream_->pending() >= kPongBacklog) stream_->flush();
  if (stream_->pending() >= kPongBacklog) {
    extra().pong = std::move(pong);
    return;
  }
  if (extra_) extra_->pong = {};
  stream_->write(std::move(pong));
}

void PeerConnection::on_peer_close(uint16_t code, std::string_view reason) {
  extra().peer_code = code;
  extra_->peer_reason = reason;
  if (state_ == State::kOpen) send_close(code, {});
  state_ = State::kEnding;
  if (role_ == Role::kClient) {
    set_close_timer();  // it is the server who closes TCP (RFC 6455 section 7.1.1)
    return;
  }
  extra_->close_timer.cancel();
  stream_->finish();
}

// Fails the connection (RFC 6455 section 7.1.7).
void PeerConnection::fail(uint16_t code, std::string_view problem) {
  if (code != kPolicy && code != kTryAgainLater) ++context_.stats().protocol_errors;
  std::string text = "websocket of " + stream_->peer_address();
  text.append(" failed with ").append(std::to_string(code)).append(": ").append(problem);
  context_.loop().log().limited(LogLevel::kInfo, "websocket failed: " + std::string(problem), text);
  if (state_ == State::kOpen) send_close(code, problem);
  if (extra_) extra_->close_timer.cancel();
  state_ = State::kEnding;
  stream_->finish();
}

// Sending.

void PeerConnection::send(Opcode opcode, std::string_view payload) {
  if (state_ != State::kOpen) return;
  ++context_.stats().messages_out;
  const bool masked = role_ == Role::kClient;
  // A window that zlib cannot keep to gets plain frames: they are allowed at any time (RFC 7692 section 6).
  const bool can_deflate = deflate_ && window_bits_ >= Deflater::kLeastWindowBits && (masked || !history_negotiated());
  if (can_deflate && payload.size() >= deflate_threshold_) {
    stream_->write(context_.shortest_frame(opcode, payload, deflate_level_, window_bits_, masked));
  } else {
    stream_->write(context_.frame(opcode, payload, {.compressed = false, .masked = masked}));
  }
}

void PeerConnection::send_frame(Bytes frame) {
  assert(role_ == Role::kServer && "a client's frames are masked, each with its own key");
  if (state_ != State::kOpen) return;
  ++context_.stats().messages_out;
  stream_->write(std::move(frame));
}

void PeerConnection::ping(std::string_view payload) {
  if (state_ == State::kOpen) send_control(Opcode::kPing, payload.substr(0, kMaxControlPayload));
}

void PeerConnection::send_control(Opcode opcode, std::string_view payload) {
  stream_->write(context_.frame(opcode, payload, {.compressed = false, .masked = role_ == Role::kClient}));
}

void PeerConnection::on_stream_drained() {
  if (extra_ && !extra_->pong.empty()) {
    if (state_ == State::kOpen) stream_->write(std::move(extra_->pong));
    extra_->pong = {};
    drop_unused_extra();
  }
  if (handler_ != nullptr && state_ == State::kOpen) handler_->on_ws_drained();
}

// Ending.

void PeerConnection::send_close(uint16_t code, std::string_view reason) {
  send_control(Opcode::kClose, ClosePayload(code, reason).view());
}

void PeerConnection::close(uint16_t code, std::string_view reason) {
  if (state_ != State::kOpen) return;
  send_close(code, reason);
  resume_reading();
  state_ = State::kClosing;
  set_close_timer();
}

void PeerConnection::set_close_timer() {
  if (close_timeout_ms_ > 0) context_.loop().timers().set(extra().close_timer, close_timeout_ms_);
}

void PeerConnection::on_close_timeout() {
  stream_->abort();
  end();
}

void PeerConnection::on_stream_closed(net::CloseReason /*reason*/) { end(); }

void PeerConnection::end() {
  if (std::exchange(state_, State::kEnded) == State::kEnded) return;
  leave_line();
  if (reading_) reading_->unfinished.leave();
  uint16_t code = kAbnormal;
  std::string reason;
  if (extra_) {
    extra_->close_timer.cancel();
    code = extra_->peer_code.value_or(kAbnormal);
    reason = std::move(extra_->peer_reason);
  }
  if (handler_ != nullptr) handler_->on_ws_closed(code, reason);
}

}  // namespace matchbus::ws

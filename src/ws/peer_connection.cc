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

constexpr size_t kReader = 5'000;  // what a reader itself takes, most of it wslay's buffer

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

void PeerConnection::Extra::on_timer(Timer& timer) {
  if (&timer == &close_timer) return owner.on_close_timeout();
  owner.enter_line();
}

void PeerConnection::drop_unused_extra() {
  if (!extra_ || state_ != State::kOpen) return;
  const bool used = !extra_->held.empty() || !extra_->pong.empty() || extra_->history || extra_->rest_timer.is_set();
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
  if (waits_) return;
  const bool unread = reading_ != nullptr || (extra_ && !extra_->held.empty());
  if (destroyed_ == nullptr && unread) {
    // Not here: the caller does not expect messages inside this call.
    read_later();
  } else {
    stream_->resume_reading();
  }
}

void PeerConnection::admit(net::Standing standing) {
  leave_line();
  standing_ = standing;
  stream_->set_standing(standing);
  if (is_trusted()) max_message_ = max_admitted_;
  if (waits_ && !(extra_ && extra_->rest_timer.is_set())) enter_line();
}

size_t PeerConnection::held() const {
  const size_t reading = reading_ ? kReader + reading_->messages.held() : 0;
  const size_t extra = extra_ ? sizeof(Extra) + extra_->held.capacity() + extra_->pong.held() : 0;
  return reading + extra + (handler_ != nullptr ? handler_->held() : 0);
}

void PeerConnection::on_stream_data(std::span<char> data) {
  const std::string_view input(data.data(), data.size());
  if (state_ >= State::kEnding) return;
  if (paused_ || destroyed_ != nullptr || waits_ || (extra_ && !extra_->held.empty())) return hold(input);
  if (used_up_) {
    hold(input);
    return read_later();
  }
  const std::optional<Piece> piece = read(input);
  if (!piece) return;
  if (piece->unread != 0) extra().held.insert(0, input.substr(input.size() - piece->unread));
  if (!paused_) wait_after(*piece);
}

// False if there is no reason to.
bool PeerConnection::wait_after(const Piece& piece) {
  const size_t rate = context_.options().max_inflate_rate;
  const int64_t rest_ms =
      rate != 0 && piece.inflated > kFreeInflated ? static_cast<int64_t>(piece.inflated * 1'000 / rate) : 0;
  if (rest_ms == 0 && !has_unread_ && !(extra_ && !extra_->held.empty())) return false;
  read_later(rest_ms);
  return true;
}

// In its turn, after a rest; until then nothing more is read from the stream.
void PeerConnection::read_later(int64_t rest_ms) {
  if (waits_ || state_ >= State::kEnding) return;
  waits_ = true;
  stream_->pause_reading();
  if (rest_ms > 0) {
    context_.loop().timers().set(extra().rest_timer, rest_ms);
  } else {
    enter_line();
  }
}

void PeerConnection::enter_line() {
  in_line_ = true;
  context_.pacer().wait(*this, stream_->peer_address(), line());
}

void PeerConnection::leave_line() {
  if (in_line_) context_.pacer().forget(*this, stream_->peer_address(), line());
  in_line_ = false;
}

void PeerConnection::on_turn() {
  const uint64_t begun = uv_hrtime();
  net::Pacer& pacer = context_.pacer();  // which outlives this connection
  in_line_ = waits_ = false;
  read_held();
  pacer.spent(uv_hrtime() - begun);
}

void PeerConnection::read_held() {
  if (paused_) return;
  std::string held = std::move(extra().held);
  extra_->held.clear();
  const size_t used = std::exchange(extra_->held_used, 0);
  const std::optional<Piece> piece = read(std::string_view(held).substr(used));
  if (!piece) return;
  if (piece->unread != 0) {
    Extra& rest = extra();
    rest.held_used = held.size() - piece->unread;
    held.append(rest.held);  // what arrived while handlers ran
    rest.held = std::move(held);
  }
  if (paused_ || wait_after(*piece)) return;
  stream_->resume_reading();
  drop_unused_extra();
}

ReaderRules PeerConnection::rules() const {
  return {.expect_masked = role_ == Role::kServer,
          .deflate = deflate_,
          .max_message = max_message_,
          .max_ratio = max_ratio(),
          .history = extra_ ? extra_->history.get() : nullptr};
}

// Reads until `input` or its time is used up, a handler pauses, or the connection ends. Nothing if a handler destroyed
// this connection.
std::optional<PeerConnection::Piece> PeerConnection::read(std::string_view input) {
  used_up_ = has_unread_ = false;
  if (state_ >= State::kEnding) return Piece{};
  const auto piece_ns = static_cast<uint64_t>(context_.options().read_piece_us) * 1'000;
  const uint64_t begun = uv_hrtime();
  // The reader is a local's while handlers run: a payload must outlive a connection that its handler destroys.
  std::unique_ptr<Reading> reading = reading_ ? std::move(reading_) : context_.take_reading();
  MessageReader& reader = reading->messages;
  reader.feed(input, rules());
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!paused_ && state_ < State::kEnding) {
    reader.set_limits(max_message_, max_ratio());
    if (state_ == State::kClosing) reader.discard_messages();
    const ReaderEvent event = reader.next();
    if (event.kind == ReaderEvent::Kind::kNeedMore) break;
    if (!reader.in_message()) reading->unfinished.leave();  // what follows has a time of its own
    dispatch(event);
    if (destroyed) return std::nullopt;
    used_up_ = piece_ns != 0 && uv_hrtime() - begun >= piece_ns;
    has_unread_ = used_up_ && !reader.idle();
    if (has_unread_) break;
  }
  destroyed_ = nullptr;
  if (state_ >= State::kEnding) return Piece{};
  const size_t inflated = reader.inflated();
  return Piece{.unread = keep(std::move(reading)), .inflated = inflated};
}

// How many bytes it has left unread.
size_t PeerConnection::keep(std::unique_ptr<Reading> reading) {
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
  // Of what is too big an operator can do something about: the limit is an option.
  const LogLevel level = code == kTooBig ? LogLevel::kWarning : LogLevel::kInfo;
  context_.loop().log().limited(level, "websocket failed: " + std::string(problem), text);
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
    extra_->rest_timer.cancel();
    code = extra_->peer_code.value_or(kAbnormal);
    reason = std::move(extra_->peer_reason);
  }
  if (handler_ != nullptr) handler_->on_ws_closed(code, reason);
}

}  // namespace matchbus::ws

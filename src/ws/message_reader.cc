// A message's payload is gathered in one buffer: plain pieces are appended, compressed ones inflated behind what is
// there. The copy out of wslay's buffer is at most 4 KiB for a small message, and is what lets handlers change
// payloads in place, which wslay does not allow.
#include "ws/message_reader.h"

#include <algorithm>

namespace matchbus::ws {
namespace {

constexpr size_t kKeptMessage = 64 * 1024;  // a larger message's buffer is not kept

bool is_control(uint8_t opcode) { return (opcode & 0x8) != 0; }

}  // namespace

MessageReader::~MessageReader() { return_inflater(); }

void MessageReader::feed(std::string_view input, const ReaderRules& rules) {
  rules_ = rules;
  frames_.feed(input);
}

void MessageReader::clean() {
  delivered_ = false;
  if (message_.size() > kKeptMessage) {
    message_.take();
  } else {
    message_.truncate(0);
  }
}

ReaderEvent MessageReader::fail(uint16_t code, std::string_view problem) {
  return {.kind = Event::Kind::kError, .code = code, .payload = {}, .problem = problem};
}

ReaderEvent MessageReader::next() {
  if (delivered_) clean();
  for (;;) {
    const FrameReader::Status status = frames_.next(piece_);
    if (status == FrameReader::Status::kNeedMore) return {};
    if (status == FrameReader::Status::kMalformed) return fail(kProtocolError, "malformed frame");
    const Event event = take(piece_);
    if (event.kind != Event::Kind::kNeedMore) return event;
  }
}

ReaderEvent MessageReader::take(const FramePiece& piece) {
  if (piece.begins) {
    const Event event = check_header(piece);
    if (event.kind != Event::Kind::kNeedMore) return event;
  }
  return is_control(piece.opcode) ? take_control(piece) : take_data(piece);
}

ReaderEvent MessageReader::check_header(const FramePiece& piece) {
  if (piece.masked != rules_.expect_masked) {
    return fail(kProtocolError, rules_.expect_masked ? "frame is not masked" : "frame is masked");
  }
  const uint8_t allowed_rsv = rules_.deflate ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE;
  if ((piece.rsv & ~allowed_rsv) != 0) return fail(kProtocolError, "reserved bit is set");
  return is_control(piece.opcode) ? begin_control(piece) : begin_data(piece);
}

ReaderEvent MessageReader::begin_control(const FramePiece& piece) {
  if (piece.opcode > WSLAY_PONG) return fail(kProtocolError, "reserved opcode");
  if (piece.rsv != 0) return fail(kProtocolError, "compressed control frame");
  control_size_ = 0;
  return {};
}

ReaderEvent MessageReader::begin_data(const FramePiece& piece) {
  if (piece.opcode == WSLAY_CONTINUATION_FRAME) {
    if (!in_message_) return fail(kProtocolError, "continuation of nothing");
    if (piece.rsv != 0) return fail(kProtocolError, "RSV1 on a continuation");
  } else {
    if (piece.opcode > WSLAY_BINARY_FRAME) return fail(kProtocolError, "reserved opcode");
    if (in_message_) return fail(kProtocolError, "message inside a message");
    in_message_ = true;
    opcode_ = static_cast<Opcode>(piece.opcode);
    compressed_ = piece.rsv != 0;
    utf8_.reset();
    if (compressed_) {
      lent_ = rules_.history == nullptr ? inflaters_.take() : nullptr;
      inflater_ = rules_.history == nullptr ? lent_.get() : rules_.history;
      if (inflater_ == nullptr) return fail(kTryAgainLater, "too many compressed messages at once");
      inflater_->begin(rules_.history != nullptr);
    }
  }
  if (!compressed_ && piece.frame_length > rules_.max_message - message_.size()) {
    return fail(kTooBig, "message is too big");
  }
  return {};
}

ReaderEvent MessageReader::take_control(const FramePiece& piece) {
  // wslay has refused control frames over 125 bytes.
  std::copy(piece.data.begin(), piece.data.end(), control_.begin() + static_cast<ptrdiff_t>(control_size_));
  control_size_ += piece.data.size();
  return piece.ends ? control_event(piece) : Event{};
}

ReaderEvent MessageReader::control_event(const FramePiece& piece) {
  const std::span<char> payload(control_.data(), control_size_);
  const auto opcode = static_cast<Opcode>(piece.opcode);
  if (opcode != Opcode::kClose) {
    const Event::Kind kind = opcode == Opcode::kPing ? Event::Kind::kPing : Event::Kind::kPong;
    return {.kind = kind, .opcode = opcode, .payload = payload, .problem = {}};
  }
  const ParsedClose close = parse_close({payload.data(), payload.size()});
  if (close.error != 0) return fail(close.error, "bad close frame");
  return {.kind = Event::Kind::kClose,
          .opcode = opcode,
          .code = close.code,
          .payload = payload.last(close.reason.size()),
          .problem = {}};
}

ReaderEvent MessageReader::take_data(const FramePiece& piece) {
  const size_t before = message_.size();
  Event event;
  if (compressed_) {
    event = inflated(inflater_->feed(piece.data, message_, rules_.max_message));
  } else {
    message_.append(piece.data);
  }
  if (event.kind != Event::Kind::kNeedMore) return event;
  event = check_text(before);
  if (event.kind != Event::Kind::kNeedMore) return event;
  return piece.ends && piece.fin ? finish_message() : Event{};
}

ReaderEvent MessageReader::inflated(Inflater::Status status) {
  switch (status) {
    case Inflater::Status::kOk:
      return {};
    case Inflater::Status::kTooBig:
      return fail(kTooBig, "message is too big");
    case Inflater::Status::kCorrupt:
      break;
  }
  return fail(kInvalidPayload, "corrupt compressed message");
}

ReaderEvent MessageReader::check_text(size_t from) {
  if (opcode_ == Opcode::kText && !utf8_.feed(message_.view().substr(from))) {
    return fail(kInvalidPayload, "text is not UTF-8");
  }
  return {};
}

ReaderEvent MessageReader::finish_message() {
  if (compressed_) {
    const size_t before = message_.size();
    Event event = inflated(inflater_->finish(message_, rules_.max_message));
    if (event.kind == Event::Kind::kNeedMore) event = check_text(before);
    if (event.kind != Event::Kind::kNeedMore) return event;
    return_inflater();
  }
  if (opcode_ == Opcode::kText && !utf8_.complete()) return fail(kInvalidPayload, "text ends inside a character");
  in_message_ = false;
  delivered_ = true;
  return {.kind = Event::Kind::kMessage, .opcode = opcode_, .payload = message_.mutable_view(), .problem = {}};
}

void MessageReader::return_inflater() {
  inflater_ = nullptr;
  if (lent_) inflaters_.give_back(std::move(lent_));
}

}  // namespace matchbus::ws

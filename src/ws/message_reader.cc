// A message's payload is gathered in one buffer. The copy out of wslay's buffer is at most 4 KiB for a small message,
// and is what lets handlers change payloads in place, which wslay does not allow.
#include "ws/message_reader.h"

#include <algorithm>

namespace matchbus::ws {
namespace {

bool is_control(uint8_t opcode) { return (opcode & 0x8) != 0; }

// The most that a compressed message may have on the wire: what does not get shorter gets a little longer, and a sender
// that flushes often a little more.
uint64_t packed_limit(size_t max_message) { return uint64_t{max_message} + max_message / 8 + 64; }

void empty(BytesWriter& buffer, ShrinkRule& rule) {
  if (rule.is_unneeded(buffer.size(), buffer.capacity())) {
    buffer.take();
  } else {
    buffer.truncate(0);
  }
}

}  // namespace

void MessageReader::feed(std::string_view input, const ReaderRules& rules) {
  rules_ = rules;
  discards_ = false;
  inflated_ = 0;
  frames_.feed(input);
}

void MessageReader::clean() {
  delivered_ = false;
  empty(message_, message_rule_);
  if (packed_.size() != 0) empty(packed_, packed_rule_);
}

ReaderEvent MessageReader::fail(uint16_t code, std::string_view problem) {
  return {.kind = Event::Kind::kError, .code = code, .payload = {}, .problem = problem};
}

ReaderEvent MessageReader::next() {
  if (delivered_) clean();
  for (;;) {
    const FrameReader::Status status = frames_.next(piece_);
    if (status == FrameReader::Status::kNeedMore) return check_announced();
    if (status == FrameReader::Status::kMalformed) return fail(kProtocolError, "malformed frame");
    const Event event = take(piece_);
    if (event.kind != Event::Kind::kNeedMore) return event;
  }
}

// A frame that cannot be taken is refused by its header, before any of its payload comes.
ReaderEvent MessageReader::check_announced() const {
  const std::optional<FramePiece> piece = frames_.announced();
  return piece ? check_header(*piece) : Event{};
}

ReaderEvent MessageReader::take(const FramePiece& piece) {
  if (piece.begins) {
    const Event event = check_header(piece);
    if (event.kind != Event::Kind::kNeedMore) return event;
    begin(piece);
  }
  return is_control(piece.opcode) ? take_control(piece) : take_data(piece);
}

ReaderEvent MessageReader::check_header(const FramePiece& piece) const {
  if (piece.masked != rules_.expect_masked) {
    return fail(kProtocolError, rules_.expect_masked ? "frame is not masked" : "frame is masked");
  }
  const uint8_t allowed_rsv = rules_.deflate ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE;
  if ((piece.rsv & ~allowed_rsv) != 0) return fail(kProtocolError, "reserved bit is set");
  return is_control(piece.opcode) ? check_control(piece) : check_data(piece);
}

ReaderEvent MessageReader::check_control(const FramePiece& piece) {
  if (piece.opcode > WSLAY_PONG) return fail(kProtocolError, "reserved opcode");
  if (piece.rsv != 0) return fail(kProtocolError, "compressed control frame");
  return {};
}

ReaderEvent MessageReader::check_data(const FramePiece& piece) const {
  bool compressed = compressed_;
  if (piece.opcode == WSLAY_CONTINUATION_FRAME) {
    if (!in_message_) return fail(kProtocolError, "continuation of nothing");
    if (piece.rsv != 0) return fail(kProtocolError, "RSV1 on a continuation");
  } else {
    if (piece.opcode > WSLAY_BINARY_FRAME) return fail(kProtocolError, "reserved opcode");
    if (in_message_) return fail(kProtocolError, "message inside a message");
    compressed = piece.rsv != 0;
  }
  if (discards_) return {};
  const uint64_t limit = compressed ? packed_limit(rules_.max_message) : rules_.max_message;
  return piece.frame_length > limit - held() ? fail(kTooBig, "message is too big") : Event{};
}

void MessageReader::begin(const FramePiece& piece) {
  if (is_control(piece.opcode)) {
    control_size_ = 0;
  } else if (piece.opcode != WSLAY_CONTINUATION_FRAME) {
    in_message_ = true;
    opcode_ = static_cast<Opcode>(piece.opcode);
    compressed_ = piece.rsv != 0;
    utf8_.reset();
  }
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
  if (discards_) {
    in_message_ = in_message_ && !(piece.ends && piece.fin);
    return {};
  }
  if (compressed_) {
    packed_.append(piece.data);
  } else {
    const size_t before = message_.size();
    message_.append(piece.data);
    const Event event = check_text(before);
    if (event.kind != Event::Kind::kNeedMore) return event;
  }
  return piece.ends && piece.fin ? finish_message() : Event{};
}

ReaderEvent MessageReader::inflate() {
  Inflater& inflater = rules_.history != nullptr ? *rules_.history : shared_;
  size_t limit = rules_.max_message;
  if (rules_.max_ratio != 0) limit = std::min(limit, std::max(kFreeInflated, packed_.size() * rules_.max_ratio));
  inflater.begin(rules_.history != nullptr);
  Inflater::Status status = inflater.feed(packed_.view(), message_, limit);
  if (status == Inflater::Status::kOk) status = inflater.finish(message_, limit);
  inflated_ += message_.size();
  switch (status) {
    case Inflater::Status::kOk:
      return check_text(0);
    case Inflater::Status::kTooBig:
      return fail(kTooBig, limit < rules_.max_message ? "message inflates too far" : "message is too big");
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
    const Event event = inflate();
    if (event.kind != Event::Kind::kNeedMore) return event;
    empty(packed_, packed_rule_);
  }
  if (opcode_ == Opcode::kText && !utf8_.complete()) return fail(kInvalidPayload, "text ends inside a character");
  in_message_ = false;
  delivered_ = true;
  return {.kind = Event::Kind::kMessage, .opcode = opcode_, .payload = message_.mutable_view(), .problem = {}};
}

}  // namespace matchbus::ws

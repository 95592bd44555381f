// Bytes in, messages out (RFC 6455 sections 5.4 to 5.6, RFC 7692): joins fragments, inflates, checks UTF-8 (of plain
// text as it comes), and enforces the size limit and every rule about the sequence of frames. Pure: no stream, no
// clock.
//
// A compressed message is kept compressed until it is whole, and inflated then in one go.
//
// A reader belongs to a connection only while a frame or a message is half read; between messages connections share
// one. So an idle connection costs no buffer, and reading a small message allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/shrink_rule.h"
#include "ws/close_payload.h"
#include "ws/connection.h"
#include "ws/frame_reader.h"
#include "ws/inflater.h"
#include "ws/utf8_validator.h"

namespace matchbus::ws {

// Nobody need ask what inflates to less.
constexpr size_t kFreeInflated = 64 * 1024;

// What a connection negotiated.
struct ReaderRules {
  bool expect_masked = true;  // a server's peers must mask, a client's must not (section 5.1)
  bool deflate = false;
  size_t max_message = 1'000'000;  // bytes after inflating; at least 1
  size_t max_ratio = 0;            // of those to the bytes on the wire, where they are more than kFreeInflated; 0: any
  Inflater* history = nullptr;     // of a peer that keeps its compression history; null: the shared one
};

struct ReaderEvent {
  enum class Kind {
    kNeedMore,  // all input is used up
    kMessage,   // a whole text or binary message
    kPing,
    kPong,
    kClose,  // `code` may be kNoStatus; `payload` is the reason
    kError,  // the connection must fail with `code`; `problem` says why. Nothing can be read any more.
  };
  Kind kind = Kind::kNeedMore;
  Opcode opcode = Opcode::kText;
  uint16_t code = 0;
  std::span<char> payload;  // valid until the next call of `next`; may be changed
  std::string_view problem;
};

class MessageReader {
 public:
  // Borrows what readers share.
  explicit MessageReader(Inflater& shared) : shared_(shared) {}
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // Gives input, borrowed until `next` says kNeedMore or the reader is dropped. The rules stay the same until `idle`.
  void feed(std::string_view input, const ReaderRules& rules);
  ReaderEvent next();
  // Of the messages that begin from now on.
  void set_limits(size_t max_message, size_t max_ratio) {
    rules_.max_message = max_message;
    rules_.max_ratio = max_ratio;
  }
  // Until `feed`, messages are passed over, without being kept or inflated; control frames are still told.
  void discard_messages() { discards_ = true; }
  // Bytes that messages have inflated to since `feed`.
  size_t inflated() const { return inflated_; }
  // Bytes of the input not yet taken in.
  size_t unread() const { return frames_.unread(); }
  // True if no frame and no message is half read: another connection may use the reader.
  bool idle() const { return !in_message_ && frames_.at_boundary() && unread() == 0; }
  // True between a message's first frame and its last.
  bool in_message() const { return in_message_; }
  // Bytes of the message that is being read.
  size_t held() const { return delivered_ ? 0 : message_.size() + packed_.size(); }
  // Forgets the last message, and gives back the memory of a large one if the next ones do not need it.
  void clean();

 private:
  using Event = ReaderEvent;
  // These return kNeedMore when there is nothing to tell.
  Event take(const FramePiece& piece);
  Event check_header(const FramePiece& piece) const;
  static Event check_control(const FramePiece& piece);
  Event check_data(const FramePiece& piece) const;
  void begin(const FramePiece& piece);
  Event take_control(const FramePiece& piece);
  Event take_data(const FramePiece& piece);
  Event control_event(const FramePiece& piece);
  Event check_announced() const;
  Event inflate();
  Event check_text(size_t from);
  Event finish_message();
  static Event fail(uint16_t code, std::string_view problem);

  FrameReader frames_;
  FramePiece piece_;
  ReaderRules rules_;
  Inflater& shared_;

  bool in_message_ = false;
  bool compressed_ = false;
  bool discards_ = false;
  size_t inflated_ = 0;
  bool delivered_ = false;  // `message_` was handed out and is to be emptied
  Opcode opcode_ = Opcode::kText;
  Utf8Validator utf8_;
  BytesWriter message_;
  BytesWriter packed_;  // of a compressed message, until it is whole
  ShrinkRule message_rule_;
  ShrinkRule packed_rule_;

  std::array<char, kMaxControlPayload> control_;
  size_t control_size_ = 0;
};

}  // namespace matchbus::ws

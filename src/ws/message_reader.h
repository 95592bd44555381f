// Bytes in, messages out (RFC 6455 sections 5.4 to 5.6, RFC 7692): joins fragments, inflates, checks UTF-8 as it comes,
// and enforces the size limit and every rule about the sequence of frames. Pure: no stream, no clock.
//
// A reader belongs to a connection only while a frame or a message is half read; between messages connections share
// one. So an idle connection costs no buffer, and reading a small message allocates nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "ws/close_payload.h"
#include "ws/connection.h"
#include "ws/frame_reader.h"
#include "ws/inflater.h"
#include "ws/utf8_validator.h"

namespace matchbus::ws {

// What a connection negotiated.
struct ReaderRules {
  bool expect_masked = true;  // a server's peers must mask, a client's must not (section 5.1)
  bool deflate = false;
  size_t max_message = 1'000'000;  // bytes after inflating; at least 1
  Inflater* history = nullptr;     // of a peer that keeps its compression history; null: the pool's
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
  explicit MessageReader(InflaterPool& inflaters) : inflaters_(inflaters) {}
  ~MessageReader();
  MessageReader(const MessageReader&) = delete;
  MessageReader& operator=(const MessageReader&) = delete;

  // Gives input, borrowed until `next` says kNeedMore or the reader is dropped. The rules stay the same until `idle`.
  void feed(std::string_view input, const ReaderRules& rules);
  ReaderEvent next();
  // Bytes of the input not yet taken in.
  size_t unread() const { return frames_.unread(); }
  // True if no frame and no message is half read: another connection may use the reader.
  bool idle() const { return !in_message_ && frames_.at_boundary() && unread() == 0; }
  // Forgets the last message, and gives back the memory of a large one.
  void clean();

 private:
  using Event = ReaderEvent;
  // These return kNeedMore when there is nothing to tell.
  Event take(const FramePiece& piece);
  Event check_header(const FramePiece& piece);
  Event begin_control(const FramePiece& piece);
  Event begin_data(const FramePiece& piece);
  Event take_control(const FramePiece& piece);
  Event take_data(const FramePiece& piece);
  Event control_event(const FramePiece& piece);
  Event inflated(Inflater::Status status);
  Event check_text(size_t from);
  Event finish_message();
  void return_inflater();
  static Event fail(uint16_t code, std::string_view problem);

  FrameReader frames_;
  FramePiece piece_;
  ReaderRules rules_;
  InflaterPool& inflaters_;

  bool in_message_ = false;  // between a message's first frame and its last
  bool compressed_ = false;
  bool delivered_ = false;  // `message_` was handed out and is to be emptied
  Opcode opcode_ = Opcode::kText;
  Utf8Validator utf8_;
  BytesWriter message_;
  Inflater* inflater_ = nullptr;  // of the message being read: lent_ or the connection's
  std::unique_ptr<Inflater> lent_;

  std::array<char, kMaxControlPayload> control_;
  size_t control_size_ = 0;
};

}  // namespace matchbus::ws

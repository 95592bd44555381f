// Bytes in, frames out (RFC 6455 section 5.2), by wslay's frame API. Pure: no stream, no clock.
//
// wslay checks what concerns a frame alone: shortest form of the length, control frames whole and not over 125 bytes.
// It hands payloads on unmasked, in pieces of its 4 KiB buffer. What concerns the sequence of frames is the
// MessageReader's.
#pragma once

#include <wslay/wslay.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace matchbus::ws {

// A part of a frame, or all of it.
struct FramePiece {
  bool begins = false;  // the frame's first piece; the header's fields below are checked here
  bool ends = false;    // its last; both for a frame in one piece
  bool fin = false;
  bool masked = false;
  uint8_t rsv = 0;  // RSV1 is 4, RSV2 is 2, RSV3 is 1
  uint8_t opcode = 0;
  uint64_t frame_length = 0;  // of the whole frame's payload
  std::string_view data;      // unmasked; valid until the next call of `next`
};

class FrameReader {
 public:
  enum class Status { kPiece, kNeedMore, kMalformed };

  FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  // Gives input, borrowed until `next` says kNeedMore or the reader is dropped. Only when none is left.
  void feed(std::string_view input) { input_ = input; }
  // The next piece. After kMalformed the reader is of no more use.
  Status next(FramePiece& piece);
  // After kNeedMore: the frame whose header is there, but nothing of its payload yet.
  std::optional<FramePiece> announced() const;
  // Bytes of the input not yet taken in.
  size_t unread() const { return input_.size(); }
  // True if everything taken in so far were whole frames, all handed out.
  bool at_boundary() const { return remaining_ == 0 && !in_frame_ && buffered_ == 0; }

 private:
  static ssize_t on_receive(uint8_t* buffer, size_t size, int flags, void* self);
  void remember(std::span<const uint8_t> taken);
  void account(const wslay_frame_iocb& frame, size_t size, FramePiece& piece);

  struct Deleter {
    void operator()(wslay_frame_context* context) const { wslay_frame_context_free(context); }
  };
  std::unique_ptr<wslay_frame_context, Deleter> wslay_;
  std::string_view input_;
  uint64_t remaining_ = 0;  // of the current frame's payload
  bool in_frame_ = false;
  // What wslay took in beyond the pieces it has handed out: the beginning of a header, or further frames. It does not
  // tell, so it is counted.
  uint64_t buffered_ = 0;
  // The last bytes taken in, the newest at the end: as many as a header may have.
  std::array<uint8_t, 14> tail_{};
};

}  // namespace matchbus::ws

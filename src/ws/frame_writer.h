// Whole frames as bytes on the wire (RFC 6455 section 5.2), by wslay's frame API.
#pragma once

#include <wslay/wslay.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "ws/connection.h"

namespace matchbus::ws {

// How a frame is sent.
struct FrameForm {
  bool compressed = false;  // sets RSV1; the payload is compressed already
  bool masked = false;      // clients mask, servers do not (section 5.1)
};

class FrameWriter {
 public:
  FrameWriter();
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;

  // One frame with FIN. `recycle`: see BytesWriter.
  Bytes frame(Opcode opcode, std::string_view payload, FrameForm form, Bytes recycle = {});

 private:
  static ssize_t on_send(const uint8_t* data, size_t size, int flags, void* self);
  static int on_mask(uint8_t* key, size_t size, void* self);

  struct Deleter {
    void operator()(wslay_frame_context* context) const { wslay_frame_context_free(context); }
  };
  using Wslay = std::unique_ptr<wslay_frame_context, Deleter>;
  Wslay make_wslay();

  // Two, because one that has masked a frame masks all that follow, asked for or not.
  Wslay plain_;
  Wslay masking_;
  BytesWriter* out_ = nullptr;  // of the frame being written
  // Masking keys must be unpredictable (section 5.3); drawn many at a time, a system call per frame would cost more.
  std::array<char, 1024> random_;
  size_t random_used_ = sizeof random_;
};

}  // namespace matchbus::ws

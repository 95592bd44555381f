// Cuts what a server sends into WebSocket frames without looking into them, for receivers by the thousand: no unmasking
// (servers do not mask), no inflating.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace matchbus::load {

struct ScannedFrame {
  uint8_t opcode = 0;
  bool compressed = false;   // RSV1
  std::string_view payload;  // as on the wire
  size_t wire_bytes = 0;     // header and payload
};

class FrameScanner {
 public:
  // Calls `on_frame(const ScannedFrame&)` for each whole frame; a frame cut off at the end is kept for the next call.
  // False: `on_frame` said stop by returning false, or a length is absurd.
  template <typename OnFrame>
  bool feed(std::string_view bytes, OnFrame&& on_frame) {
    if (!rest_.empty()) {
      rest_.append(bytes);
      bytes = rest_;
    }
    while (true) {
      ScannedFrame frame;
      const size_t size = next(bytes, frame);
      if (size == 0) break;
      if (!on_frame(frame)) return false;
      bytes.remove_prefix(size);
    }
    std::string rest(bytes);
    rest_.swap(rest);
    if (rest_.empty()) rest_.shrink_to_fit();
    return rest_.size() < kMaxFrame;
  }

 private:
  static constexpr size_t kMaxFrame = 64 << 20;
  // Size of the first frame in `bytes`; 0 if it is not whole.
  static size_t next(std::string_view bytes, ScannedFrame& frame) {
    if (bytes.size() < 2) return 0;
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
    size_t head = 2;
    uint64_t length = byte(1) & 0x7f;
    if (length >= 126) {
      const size_t more = length == 126 ? 2 : 8;
      head += more;
      if (bytes.size() < head) return 0;
      length = 0;
      for (size_t i = 2; i < head; ++i) length = length << 8 | byte(i);
    }
    if (bytes.size() - head < length) return 0;
    frame.opcode = byte(0) & 0x0f;
    frame.compressed = (byte(0) & 0x40) != 0;
    frame.payload = bytes.substr(head, length);
    frame.wire_bytes = head + length;
    return frame.wire_bytes;
  }

  std::string rest_;
};

}  // namespace matchbus::load

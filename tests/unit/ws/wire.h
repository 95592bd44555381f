// Frames as bytes, made and taken apart the plain way, and messages (de)compressed with zlib in one go: what the tests
// of ws compare with.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace matchbus::test {

struct WireFrame {
  uint8_t opcode = 1;
  std::string payload;
  bool fin = true;
  uint8_t rsv = 0;  // RSV1 is 4
  bool masked = true;
  uint32_t key = 0x37fa213d;

  bool operator==(const WireFrame&) const = default;
};

inline std::string big_endian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

inline void apply_mask(std::string& payload, uint32_t key) {
  for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ (key >> (24 - i % 4 * 8)));
}

inline std::string encode(const WireFrame& frame) {
  std::string out(1, static_cast<char>((frame.fin ? 0x80 : 0) | frame.rsv << 4 | frame.opcode));
  const size_t length = frame.payload.size();
  const int mask_bit = frame.masked ? 0x80 : 0;
  if (length < 126) {
    out += static_cast<char>(mask_bit | static_cast<int>(length));
  } else if (length <= 0xFFFF) {
    out += static_cast<char>(mask_bit | 126);
    out += big_endian(length, 2);
  } else {
    out += static_cast<char>(mask_bit | 127);
    out += big_endian(length, 8);
  }
  std::string payload = frame.payload;
  if (frame.masked) {
    out += big_endian(frame.key, 4);
    apply_mask(payload, frame.key);
  }
  return out + payload;
}

// The frames in `bytes`, which must end with one.
inline std::vector<WireFrame> decode_frames(std::string_view bytes) {
  const auto take = [&bytes](size_t size) {
    if (bytes.size() < size) throw std::runtime_error("half a frame");
    const std::string_view taken = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return taken;
  };
  const auto number = [&take](size_t size) {
    uint64_t value = 0;
    for (const char c : take(size)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  };
  std::vector<WireFrame> frames;
  while (!bytes.empty()) {
    const uint64_t first = number(1);
    const uint64_t second = number(1);
    WireFrame frame{.opcode = static_cast<uint8_t>(first & 0xF),
                    .payload = {},
                    .fin = (first & 0x80) != 0,
                    .rsv = static_cast<uint8_t>(first >> 4 & 7),
                    .masked = (second & 0x80) != 0,
                    .key = 0};
    uint64_t length = second & 0x7F;
    const uint64_t short_length = length;
    if (short_length == 126) length = number(2);
    if (short_length == 127) length = number(8);
    if (frame.masked) frame.key = static_cast<uint32_t>(number(4));
    frame.payload = take(length);
    if (frame.masked) apply_mask(frame.payload, frame.key);
    frames.push_back(std::move(frame));
  }
  return frames;
}

inline std::string masked(uint8_t opcode, std::string payload, bool fin = true, uint8_t rsv = 0) {
  return encode({.opcode = opcode, .payload = std::move(payload), .fin = fin, .rsv = rsv});
}
inline std::string unmasked(uint8_t opcode, std::string payload, bool fin = true, uint8_t rsv = 0) {
  return encode({.opcode = opcode, .payload = std::move(payload), .fin = fin, .rsv = rsv, .masked = false});
}
inline std::string close_body(uint16_t code, std::string reason = {}) { return big_endian(code, 2) + reason; }

// A raw DEFLATE stream that may stay open over several messages, as a peer with context takeover keeps it.
class PeerDeflate {
 public:
  explicit PeerDeflate(int window_bits = 15, int level = 6) {
    if (deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::runtime_error("deflateInit2");
    }
  }
  ~PeerDeflate() { deflateEnd(&stream_); }
  PeerDeflate(const PeerDeflate&) = delete;
  PeerDeflate& operator=(const PeerDeflate&) = delete;

  // Everything up to and with the flush; Z_FINISH sets BFINAL.
  std::string raw(std::string_view text, int flush = Z_SYNC_FLUSH) {
    std::string out(text.size() * 2 + 1024, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    deflate(&stream_, flush);
    out.resize(out.size() - stream_.avail_out);
    return out;
  }
  // A message as RFC 7692 section 7.2.1 sends it.
  std::string message(std::string_view text) {
    std::string out = raw(text);
    out.resize(out.size() - 4);
    return out;
  }

 private:
  z_stream stream_{};
};

inline std::string deflate_message(std::string_view text) { return PeerDeflate().message(text); }

// Inflates messages with a window of exactly `window_bits`, keeping the history between calls.
class PeerInflate {
 public:
  explicit PeerInflate(int window_bits = 15) {
    if (inflateInit2(&stream_, -window_bits) != Z_OK) throw std::runtime_error("inflateInit2");
  }
  ~PeerInflate() { inflateEnd(&stream_); }
  PeerInflate(const PeerInflate&) = delete;
  PeerInflate& operator=(const PeerInflate&) = delete;

  std::string message(std::string_view compressed) {
    std::string in(compressed);
    in += std::string("\x00\x00\xff\xff", 4);
    std::string out;
    std::string room(64 * 1024, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      const int code = inflate(&stream_, Z_SYNC_FLUSH);
      if (code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) throw std::runtime_error("inflate");
      if (code == Z_STREAM_END) inflateResetKeep(&stream_);
      out.append(room, 0, room.size() - stream_.avail_out);
    } while (stream_.avail_in != 0 || stream_.avail_out == 0);
    return out;
  }

 private:
  z_stream stream_{};
};

}  // namespace matchbus::test

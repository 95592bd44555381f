// Engine.IO v4 packets as bytes, pure: one packet in a WebSocket message, and many in a polling payload.
// https://socket.io/docs/v4/engine-io-protocol/#packet-encoding
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace matchbus::socketio {

enum class EnginePacketType : char {
  kOpen = '0',
  kClose = '1',
  kPing = '2',
  kPong = '3',
  kMessage = '4',
  kUpgrade = '5',
  kNoop = '6',
};

// Between the packets of a polling payload.
inline constexpr char kPayloadSeparator = '\x1e';
// In front of a binary message, in base64: in a polling payload, and in a text message of clients that are told to send
// no binary ones (forceBase64).
inline constexpr char kBase64Prefix = 'b';

// The data of a packet, borrowed from the text that it was read from.
struct EnginePacket {
  EnginePacketType type = EnginePacketType::kNoop;
  bool binary = false;  // a message of bytes
  std::span<char> data;
};

// The packet of a WebSocket text message or a part of a polling payload. Nothing: malformed. A binary message in base64
// is decoded in place. (A WebSocket binary message is a message as a whole.)
std::optional<EnginePacket> decode_packet(std::span<char> text);

// Reads the packets of a polling payload one by one.
class PayloadReader {
 public:
  // `payload` must be valid UTF-8 and outlive the packets.
  explicit PayloadReader(std::span<char> payload) : rest_(payload) {}

  // The next packet; nothing at the end, or if the payload is malformed there.
  std::optional<EnginePacket> next();
  bool malformed() const { return malformed_; }

 private:
  std::span<char> rest_;
  bool at_end_ = false;
  bool malformed_ = false;
};

// Writes a polling payload packet by packet.
class PayloadWriter {
 public:
  explicit PayloadWriter(BytesWriter& out) : out_(out) {}
  // A text packet as it stands, its type included.
  void text(std::string_view packet);
  // A binary message.
  void binary(std::string_view data);

 private:
  void separate();
  BytesWriter& out_;
  bool first_ = true;
};

}  // namespace matchbus::socketio

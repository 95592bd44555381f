#include "socketio/engine_packet.h"

#include <algorithm>

#include "base/base64.h"

namespace matchbus::socketio {

std::optional<EnginePacket> decode_packet(std::span<char> text) {
  if (!text.empty() && text[0] == kBase64Prefix) {
    const std::span<char> encoded = text.subspan(1);
    const std::optional<size_t> size = decode_base64({encoded.data(), encoded.size()}, encoded);
    if (!size) return std::nullopt;
    return EnginePacket{EnginePacketType::kMessage, true, encoded.first(*size)};
  }
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  return EnginePacket{EnginePacketType{text[0]}, false, text.subspan(1)};
}

std::optional<EnginePacket> PayloadReader::next() {
  if (at_end_ || malformed_) return std::nullopt;
  const auto separator = std::find(rest_.begin(), rest_.end(), kPayloadSeparator);
  const std::span<char> text(rest_.begin(), separator);
  if (separator == rest_.end()) {
    at_end_ = true;
  } else {
    rest_ = rest_.subspan(text.size() + 1);
  }
  if (std::optional<EnginePacket> packet = decode_packet(text)) return packet;
  malformed_ = true;
  return std::nullopt;
}

void PayloadWriter::separate() {
  if (!first_) out_.append(kPayloadSeparator);
  first_ = false;
}

void PayloadWriter::text(std::string_view packet) {
  separate();
  out_.append(packet);
}

void PayloadWriter::binary(std::string_view data) {
  separate();
  out_.append(kBase64Prefix);
  append_base64(out_, data);
}

}  // namespace matchbus::socketio

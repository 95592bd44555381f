#include "load/websocket_viewer.h"

namespace matchbus::load {
namespace {

constexpr uint8_t kText = 1;
constexpr uint8_t kClose = 8;
constexpr uint8_t kPing = 9;
constexpr uint8_t kPong = 10;

}  // namespace

void WebSocketViewer::begin() {
  if (kind_ == ViewerKind::kRaw) return ready();
  std::string request = "GET " + target() + " HTTP/1.1\r\nHost: " + options().host +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";
  if (options().deflate) request += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  send(request + more_headers() + "\r\n");
}

void WebSocketViewer::take_bytes(std::string_view bytes) {
  if (kind_ == ViewerKind::kRaw) return take_raw(bytes);
  upgraded_ ? take_frames(bytes) : take_head(bytes);
}

void WebSocketViewer::take_raw(std::string_view bytes) {
  if (raw_bytes_ == 0) take_marker(bytes);
  raw_bytes_ += bytes.size();
  const size_t messages = raw_bytes_ / options().raw_message;
  raw_bytes_ %= options().raw_message;
  count_raw(messages, bytes.size());
}

void WebSocketViewer::take_head(std::string_view bytes) {
  head_.append(bytes);
  const size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!head_.starts_with("HTTP/1.1 101")) return fail();
  upgraded_ = true;
  const std::string rest = head_.substr(end + 4);
  head_ = {};
  if (kind_ == ViewerKind::kWebSocket) ready();
  if (!rest.empty()) take_frames(rest);
}

void WebSocketViewer::take_frames(std::string_view bytes) {
  if (!frames_.feed(bytes, [this](const ScannedFrame& frame) { return take_frame(frame); })) fail();
}

bool WebSocketViewer::take_frame(const ScannedFrame& frame) {
  if (frame.opcode == kClose) return false;
  if (frame.opcode == kPing) send_frame(frame.payload, kPong);
  if (frame.opcode != kText) return true;
  if (kind_ == ViewerKind::kWebSocket) {
    take_message(read(frame.payload, frame.compressed), frame.compressed, frame.wire_bytes);
  } else {
    take_packet(frame);
  }
  return !is_gone();
}

void WebSocketViewer::take_packet(const ScannedFrame& frame) {
  // Some servers compress even the smallest ones.
  const BroadcastPtr broadcast = frame.compressed ? read(frame.payload, true) : nullptr;
  const std::string_view text = !frame.compressed ? frame.payload : broadcast ? std::string_view(broadcast->start) : "";
  if (text == "2") {
    send_frame("3", kText);
  } else if (text.starts_with("0{")) {
    send_frame("40", kText);
  } else if (text.starts_with("40{")) {
    if (kind_ == ViewerKind::kIdle) return ready();
    send_frame(logon_packet(), kText);
  } else if (text.starts_with("42[\"logon_success\"")) {
    ready();
  } else {
    take_message(frame.compressed ? broadcast : read(frame.payload, false), frame.compressed, frame.wire_bytes);
  }
}

// A masked frame; the mask is all zeros, which the RFC's servers must take like any other.
void WebSocketViewer::send_frame(std::string_view payload, uint8_t opcode) {
  constexpr size_t kShort = 126;
  std::string out;
  out += static_cast<char>(0x80 | opcode);
  if (payload.size() < kShort) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0x80 | kShort);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  out.append(std::string_view("\0\0\0\0", 4));
  out.append(payload);
  send(out);
}

}  // namespace matchbus::load

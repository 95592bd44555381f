#include "load/viewer.h"

#include <time.h>

#include <utility>

#include "base/bytes.h"

namespace matchbus::load {

int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

Viewer::Viewer(net::Loop& loop, const ViewerOptions& options, std::string group_code, ViewerTotals& totals,
               Judge& judge)
    : loop_(loop), options_(options), totals_(totals), judge_(judge), group_code_(std::move(group_code)) {}

Viewer::~Viewer() = default;

void Viewer::connect() {
  ++totals_.connecting;
  net::ConnectOptions to;
  to.host = options_.host;
  to.port = options_.port;
  connector_ = net::Connector::connect(loop_, to, [this](Result<net::StreamPtr> stream) {
    if (!stream) return fail();
    start(std::move(*stream));
  });
}

void Viewer::start(net::StreamPtr stream) {
  stream_ = std::move(stream);
  stream_->set_handler(this);
  if (options_.kind == ViewerKind::kRaw) return ready();
  std::string request = "GET " + options_.path + " HTTP/1.1\r\nHost: " + options_.host +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";
  if (options_.deflate) request += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  stream_->write(Bytes::copy(request + "\r\n"));
}

void Viewer::fail() {
  if (std::exchange(gone_, true)) return;
  if (ready_) {
    --totals_.connected;
    ++totals_.lost;
  } else {
    --totals_.connecting;
    ++totals_.failed;
  }
}

void Viewer::ready() {
  if (std::exchange(ready_, true)) return;
  --totals_.connecting;
  ++totals_.connected;
}

void Viewer::on_stream_closed(net::CloseReason /*reason*/) { fail(); }

void Viewer::on_stream_data(std::span<char> data) {
  const std::string_view bytes(data.data(), data.size());
  if (options_.kind == ViewerKind::kRaw) {
    raw_bytes_ += bytes.size();
    if (!totals_.measuring) return;
    totals_.bytes += bytes.size();
    for (; raw_bytes_ >= options_.raw_message; raw_bytes_ -= options_.raw_message) ++totals_.messages;
  } else if (!upgraded_) {
    take_head(bytes);
  } else if (!frames_.feed(bytes, [this](const ScannedFrame& frame) { return take_frame(frame); })) {
    stream_->abort();
    fail();
  }
}

void Viewer::take_head(std::string_view bytes) {
  head_.append(bytes);
  const size_t end = head_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  if (!head_.starts_with("HTTP/1.1 101")) {
    stream_->abort();
    return fail();
  }
  upgraded_ = true;
  const std::string rest = head_.substr(end + 4);
  head_ = {};
  if (options_.kind == ViewerKind::kWebSocket) ready();
  if (!rest.empty() && !frames_.feed(rest, [this](const ScannedFrame& frame) { return take_frame(frame); })) {
    stream_->abort();
    fail();
  }
}

bool Viewer::take_frame(const ScannedFrame& frame) {
  constexpr uint8_t kText = 1;
  constexpr uint8_t kClose = 8;
  constexpr uint8_t kPing = 9;
  if (frame.opcode == kClose) return false;
  if (frame.opcode == kPing) send_text(frame.payload, 10);
  if (frame.opcode != kText) return true;
  if (options_.kind == ViewerKind::kWebSocket) {
    take_message(frame);
    return true;
  }
  const std::string_view text = frame.compressed ? std::string_view() : frame.payload;
  if (text == "2") {
    send_text("3");
  } else if (text.starts_with("0{")) {
    send_text("40");
  } else if (text.starts_with("40{")) {
    if (options_.kind == ViewerKind::kIdle) {
      ready();
    } else {
      send_text("42[\"logon\",\"{\\\"groupCode\\\":\\\"" + group_code_ + "\\\"" +
                (options_.diff ? ",\\\"diff\\\":true" : "") + "}\"]");
    }
  } else if (text.starts_with("42[\"logon_success\"")) {
    ready();
  } else {
    take_message(frame);
  }
  return true;
}

void Viewer::take_message(const ScannedFrame& frame) {
  ++messages_;
  const std::optional<int64_t> marker = judge_.marker(frame);
  const bool newer = marker && *marker > last_marker_;
  const bool older = marker && *marker < last_marker_;
  if (marker) last_marker_ = *marker;
  if (!totals_.measuring) return;
  ++totals_.messages;
  totals_.bytes += frame.wire_bytes;
  totals_.compressed += frame.compressed ? 1 : 0;
  totals_.unmarked += marker ? 0 : 1;
  totals_.backwards += older ? 1 : 0;
  if (newer) totals_.latency.add(now_us() - *marker);
}

// A masked frame; the mask is all zeros, which the RFC's servers must take like any other.
void Viewer::send_text(std::string_view text, uint8_t opcode) {
  BytesWriter out({}, text.size() + 8);
  out.append(static_cast<char>(0x80 | opcode));
  if (text.size() < 126) {
    out.append(static_cast<char>(0x80 | text.size()));
  } else {
    out.append(static_cast<char>(0x80 | 126));
    out.append(static_cast<char>(text.size() >> 8));
    out.append(static_cast<char>(text.size() & 0xff));
  }
  out.append(std::string_view("\0\0\0\0", 4));
  out.append(text);
  stream_->write(out.take());
}

}  // namespace matchbus::load

#include "load/viewer.h"

#include <time.h>
#include <charconv>

#include <utility>

#include "base/bytes.h"
#include "load/bus_viewer.h"
#include "load/polling_viewer.h"
#include "load/websocket_viewer.h"

namespace matchbus::load {

int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

Viewer::Viewer(net::Loop& loop, const ViewerOptions& options, std::string group_code, ViewerTotals& totals,
               Judge& judge)
    : loop_(loop), options_(options), totals_(totals), judge_(judge), group_code_(std::move(group_code)) {}

Viewer::~Viewer() {
  if (gone_) return;
  if (ready_) {
    --totals_.connected;
  } else if (connector_) {
    --totals_.connecting;
  }
}

void Viewer::connect() {
  ++totals_.connecting;
  net::ConnectOptions to;
  to.host = options_.host;
  to.port = options_.port;
  to.timeout_ms = 30'000;  // of storms
  connector_ = net::Connector::connect(loop_, to, [this](Result<net::StreamPtr> stream) {
    if (!stream) return fail();
    stream_ = std::move(*stream);
    stream_->set_handler(this);
    begin();
  });
}

void Viewer::pause() {
  timed_ = false;
  if (stream_) stream_->pause_reading();
}

void Viewer::resume() {
  sipping_ = false;
  if (stream_) stream_->resume_reading();
}

void Viewer::sip() {
  sipping_ = true;
  if (stream_) stream_->resume_reading();
}

void Viewer::fail() {
  if (std::exchange(gone_, true)) return;
  if (stream_) stream_->abort();
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
  if (sipping_) stream_->pause_reading();
  take_bytes({data.data(), data.size()});
}

void Viewer::send(std::string_view bytes) {
  if (!gone_) stream_->write(Bytes::copy(bytes));
}

std::string Viewer::logon_packet() const {
  return "42[\"logon\",\"{\\\"groupCode\\\":\\\"" + group_code_ + "\\\"" + (options_.diff ? ",\\\"diff\\\":true" : "") +
         "}\"]";
}

void Viewer::count_raw(uint64_t messages, size_t bytes) {
  messages_ += messages;
  if (!totals_.measuring) return;
  totals_.messages += messages;
  totals_.bytes += bytes;
}

void Viewer::take_marker(std::string_view message) {
  if (!message.starts_with(kMarkerPrefix) || !totals_.measuring || !timed_) return;
  message.remove_prefix(kMarkerPrefix.size());
  int64_t marker = 0;
  if (std::from_chars(message.data(), message.data() + message.size(), marker).ec != std::errc()) return;
  totals_.latency.add(now_us() - marker);
}

BroadcastPtr Viewer::read(std::string_view payload, bool compressed) {
  BroadcastPtr broadcast = judge_.read(payload, compressed, last_compressed_);
  if (compressed && broadcast) last_compressed_ = broadcast;
  return broadcast;
}

void Viewer::take_message(const BroadcastPtr& broadcast, bool compressed, size_t wire_bytes) {
  count_raw(1, wire_bytes);
  const int64_t now = now_us();
  const int64_t before = std::exchange(last_at_us_, now);
  if (totals_.measuring) {
    totals_.compressed += compressed ? 1 : 0;
    if (before != 0 && timed_) totals_.between.add(now - before);
    if (before != 0) silence_us_ = std::max(silence_us_, now - before);
  }
  if (broadcast) take_contents(*broadcast);
}

void Viewer::take_contents(const Broadcast& broadcast) {
  const bool follows = !broadcast.is_patch || (last_seq_ != 0 && broadcast.base == last_seq_);
  const bool newer = broadcast.marker && *broadcast.marker > last_marker_;
  const bool older =
      (broadcast.marker && *broadcast.marker < last_marker_) || (broadcast.seq != 0 && broadcast.seq <= last_seq_);
  last_hash_ = broadcast.text_hash;
  last_seq_ = broadcast.seq;
  if (broadcast.marker) last_marker_ = *broadcast.marker;
  if (!totals_.measuring) return;
  totals_.patches += broadcast.is_patch ? 1 : 0;
  totals_.gaps += follows ? 0 : 1;
  totals_.unmarked += broadcast.is_patch || broadcast.marker ? 0 : 1;
  totals_.backwards += older ? 1 : 0;
  if (newer && timed_) totals_.latency.add(last_at_us_ - *broadcast.marker);
}

std::unique_ptr<Viewer> make_viewer(ViewerKind kind, net::Loop& loop, const ViewerOptions& options, ViewerPlace place,
                                    ViewerTotals& totals, Judge& judge) {
  if (kind == ViewerKind::kBus) return std::make_unique<BusViewer>(loop, options, std::move(place), totals, judge);
  if (kind == ViewerKind::kPolling)
    return std::make_unique<PollingViewer>(loop, options, std::move(place.group_code), totals, judge);
  return std::make_unique<WebSocketViewer>(kind, loop, options, std::move(place.group_code), totals, judge);
}

}  // namespace matchbus::load

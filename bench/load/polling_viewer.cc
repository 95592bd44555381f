#include "load/polling_viewer.h"

#include <algorithm>
#include <utility>

namespace matchbus::load {
namespace {

constexpr char kRecordSeparator = '\x1e';  // between the packets of a payload

}  // namespace

std::string PollingViewer::request_line(std::string_view method) const {
  const std::string& path = options().path;
  std::string line = std::string(method) + " " + path.substr(0, path.find('?')) + "?EIO=4&transport=polling";
  if (!sid_.empty()) line += "&sid=" + sid_;
  return line + " HTTP/1.1\r\nHost: " + options().host + "\r\n";
}

void PollingViewer::poll() {
  posting_ = false;
  send(request_line("GET") + "\r\n");
}

void PollingViewer::post() {
  posting_ = true;
  const std::string body = std::exchange(out_, {});
  send(request_line("POST") +
       "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

void PollingViewer::take_bytes(std::string_view bytes) {
  constexpr size_t kMaxHead = 16 << 10;
  constexpr size_t kMaxBody = 16 << 20;
  while (!bytes.empty() && !is_gone()) {
    if (!reader_) reader_.emplace(false, kMaxHead, kMaxBody);
    const size_t taken = reader_->feed(bytes);
    answer_bytes_ += taken;
    bytes.remove_prefix(taken);
    if (reader_->state() == net::HttpAnswerReader::State::kMore) return;
    if (reader_->state() == net::HttpAnswerReader::State::kFailed) return fail();
    const net::HttpAnswer answer = std::move(reader_->answer());
    reader_.reset();
    take_answer(answer);
    answer_bytes_ = 0;
  }
}

void PollingViewer::take_answer(const net::HttpAnswer& answer) {
  if (answer.status != 200) return fail();
  if (!posting_) take_payload(answer.body);
  if (is_gone()) return;
  out_.empty() ? poll() : post();
}

void PollingViewer::take_payload(std::string_view payload) {
  while (!payload.empty()) {
    const size_t end = std::min(payload.find(kRecordSeparator), payload.size());
    take_packet(payload.substr(0, end));
    payload.remove_prefix(std::min(end + 1, payload.size()));
  }
}

void PollingViewer::take_packet(std::string_view packet) {
  if (packet.starts_with("0{")) {
    constexpr std::string_view kSid = "\"sid\":\"";
    const size_t at = packet.find(kSid);
    if (at == std::string_view::npos) return fail();
    packet.remove_prefix(at + kSid.size());
    sid_ = packet.substr(0, packet.find('"'));
    say("40");
  } else if (packet == "2") {
    say("3");
  } else if (packet == "1") {
    fail();
  } else if (packet.starts_with("40{")) {
    say(logon_packet());
  } else if (packet.starts_with("42[\"logon_success\"")) {
    ready();
  } else if (packet.starts_with("42")) {
    take_message(read(packet, false), false, std::exchange(answer_bytes_, 0));
  }
}

void PollingViewer::say(std::string_view packet) {
  if (!out_.empty()) out_ += kRecordSeparator;
  out_ += packet;
}

}  // namespace matchbus::load

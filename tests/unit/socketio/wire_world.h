// A server on fake streams and a fake clock: tests speak HTTP and WebSocket to it as bytes.
#pragma once

#include <uv.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "support/fake_stream.h"
#include "unit/ws/wire.h"
#include "ws/connection.h"

namespace matchbus::test {

using Texts = std::vector<std::string>;

class QuietLog final : public Log {
 public:
  using Log::Log;
  Texts lines;

 protected:
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

struct Answer {
  int status = 0;  // 0: none yet
  std::string head;
  std::string body;
};

// A request on a connection of its own, and its answer.
class HttpCall {
 public:
  FakeStreamState stream;

  bool answered() const { return !stream.written.empty(); }
  Answer answer() const {
    const std::string& text = stream.written;
    const size_t end = text.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    return {std::stoi(text.substr(9, 3)), text.substr(0, end), text.substr(end + 4)};
  }
  std::string body() const { return answer().body; }
  int status() const { return answer().status; }
};

// A WebSocket client. Text messages are shown as they are, binary ones with "binary:" in front, closes as "close 1000".
class WsCall {
 public:
  FakeStreamState stream;
  int status = 0;

  void text(std::string_view payload) { send(1, payload); }
  void binary(std::string_view payload) { send(2, payload); }
  void close(uint16_t code) { send(8, big_endian(code, 2)); }
  void send(uint8_t opcode, std::string_view payload) {
    stream.feed(encode({.opcode = opcode, .payload = std::string(payload)}));
  }

  // What has come since the last call.
  Texts take() {
    std::string bytes = stream.take();
    if (status == 0) {
      const size_t end = bytes.find("\r\n\r\n");
      if (end == std::string::npos) return {};
      status = std::stoi(bytes.substr(9, 3));
      head = bytes.substr(0, end);
      bytes.erase(0, end + 4);
      if (status != 101) return {bytes};
    }
    Texts texts;
    for (const WireFrame& frame : decode_frames(bytes)) texts.push_back(show(frame));
    return texts;
  }
  std::string head;

 private:
  static std::string show(const WireFrame& frame) {
    switch (frame.opcode) {
      case 1:
        return (frame.rsv != 0 ? "deflated:" : "") + frame.payload;
      case 2:
        return "binary:" + frame.payload;
      case 8:
        return "close " + std::to_string(frame.payload.empty() ? 0
                                                               : static_cast<uint8_t>(frame.payload[0]) * 256 +
                                                                     static_cast<uint8_t>(frame.payload[1]));
      default:
        return "opcode " + std::to_string(frame.opcode);
    }
  }
};

// `Target` has on_request, on_upgrade, refuse_body, body_limit and on_body_lost: an EngineServer or a Server.
template <typename Target>
class WireWorld : private net::HttpHandler {
 public:
  WireWorld() : loop(clock, log), context(ws::Context::create(loop)), http_(loop, *this, {}) {}
  virtual ~WireWorld() {
    target.reset();
    turn();
  }

  FakeClock clock;
  QuietLog log{clock, LogLevel::kDebug};
  net::Loop loop;
  std::unique_ptr<ws::Context> context;
  std::unique_ptr<Target> target;

  // Lets the loop do what it has to do.
  void turn() {
    for (int i = 0; i < 3; ++i) uv_run(loop.uv(), UV_RUN_NOWAIT);
  }
  void advance(int64_t ms) {
    for (int64_t left = ms; left > 0; left -= 5) {
      clock.advance(std::min<int64_t>(left, 5));
      loop.timers().advance(clock.monotonic_ms());
      turn();
    }
  }
  // The process stands still for so long.
  void stall(int64_t ms) {
    clock.advance(ms);
    loop.timers().advance(clock.monotonic_ms());
    turn();
  }

  // Sends a request; `then` false leaves the turn open.
  HttpCall& request(std::string_view method, std::string_view query, std::string_view body = {}, bool then = true) {
    calls_.emplace_back();
    HttpCall& call = calls_.back();
    std::string text = std::string(method) + " /?" + std::string(query) + " HTTP/1.1\r\nHost: x\r\n";
    if (method != "GET") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n";
    text += body;
    http_.serve(FakeStream::make(call.stream));
    call.stream.feed(text);
    if (then) turn();
    return call;
  }
  HttpCall& get(std::string_view sid) { return request("GET", polling(sid)); }
  HttpCall& post(std::string_view sid, std::string_view body) { return request("POST", polling(sid), body); }

  // Opens a session on polling; its id.
  std::string open() {
    const std::string body = request("GET", "EIO=4&transport=polling").body();
    return body.size() > 28 ? body.substr(9, 20) : "";
  }

  WsCall& upgrade(std::string_view query, std::string_view early = {}, std::string_view extension = {}) {
    sockets_.emplace_back();
    WsCall& socket = sockets_.back();
    std::string text = "GET /?" + std::string(query) +
                       " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    if (!extension.empty()) text += "Sec-WebSocket-Extensions: " + std::string(extension) + "\r\n";
    http_.serve(FakeStream::make(socket.stream));
    socket.stream.feed(text + "\r\n" + std::string(early));
    turn();
    return socket;
  }
  // A WebSocket session; its open packet is still to be taken.
  WsCall& connect(std::string_view extension = {}) { return upgrade("EIO=4&transport=websocket", {}, extension); }
  WsCall& upgrade_session(const std::string& sid) { return upgrade("EIO=4&transport=websocket&sid=" + sid); }

  static std::string polling(std::string_view sid) { return "EIO=4&transport=polling&sid=" + std::string(sid); }
  static std::string text_frame(std::string_view payload) { return encode({.payload = std::string(payload)}); }

 private:
  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override {
    target->on_request(request, std::move(reply));
  }
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override {
    target->on_upgrade(request, std::move(stream), early);
  }
  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) override {
    return target->refuse_body(head);
  }
  size_t body_limit(const net::HttpRequest& head, const net::HttpLimits&) override { return target->body_limit(head); }
  void on_body_lost(const net::HttpRequest& head) override {
    if (target) target->on_body_lost(head);
  }

  std::deque<HttpCall> calls_;
  std::deque<WsCall> sockets_;
  net::HttpServer http_;
};

}  // namespace matchbus::test

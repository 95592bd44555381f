// An accepted connection on a fake stream, with a clock that is turned by hand, and what the tests of connections
// share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/fake_stream.h"
#include "unit/ws/wire.h"
#include "ws/connection.h"

namespace matchbus::ws {

using test::close_body;
using test::decode_frames;
using test::deflate_message;
using test::FakeStream;
using test::FakeStreamState;
using test::masked;
using test::unmasked;
using test::WireFrame;

class SilentLog final : public Log {
 public:
  using Log::Log;
  std::vector<std::string> lines;

 protected:
  void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
};

// Notes what it is told; a test may hang further doings on every message.
class Recorder final : public Handler {
 public:
  void on_ws_message(Opcode opcode, std::span<char> payload) override {
    events.push_back((opcode == Opcode::kText ? "text:" : "binary:") + std::string(payload.data(), payload.size()));
    if (on_message) on_message(payload);
  }
  void on_ws_drained() override { events.emplace_back("drained"); }
  void on_ws_closed(uint16_t code, std::string_view reason) override {
    events.push_back("closed:" + std::to_string(code) + ":" + std::string(reason));
    if (on_closed) on_closed();
  }
  std::vector<std::string> events;
  std::function<void(std::span<char>)> on_message;
  std::function<void()> on_closed;
};

using Events = std::vector<std::string>;

class ConnectionTest : public testing::Test {
 protected:
  static constexpr uint8_t kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
  static constexpr uint8_t kRsv1 = 4;

  static net::HttpRequest request(const std::string& extensions = {}) {
    net::HttpRequest request;
    request.method = "GET";
    request.target = "/";
    request.headers = {{"host", "localhost"},
                       {"upgrade", "websocket"},
                       {"connection", "Upgrade"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {"sec-websocket-version", "13"}};
    if (!extensions.empty()) request.headers.emplace_back("sec-websocket-extensions", extensions);
    return request;
  }

  // An accepted connection that has been started; its response is taken away.
  void open(const std::string& extensions = {}, const std::string& early = {}) {
    connection = Connection::accept(*context, loop, request(extensions), FakeStream::make(wire), options);
    ASSERT_TRUE(connection);
    response = wire.take();
    connection->set_handler(&handler);
    std::string bytes = early;
    connection->start(bytes);
  }
  void pass(int64_t ms) {
    clock.advance(ms);
    loop.timers().advance(clock.monotonic_ms());
    turn();
  }
  void turn() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
  std::vector<WireFrame> sent() { return decode_frames(wire.take()); }

  FakeClock clock;
  SilentLog log{clock};
  net::Loop loop{clock, log};
  std::unique_ptr<Context> context = Context::create(loop);
  Options options;
  FakeStreamState wire;
  Recorder handler;
  std::unique_ptr<Connection> connection;
  std::string response;
};

}  // namespace matchbus::ws

// An Engine.IO server with sessions over both transports and a clock that is turned by hand, and what the tests of its
// sessions share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "socketio/engine_server.h"
#include "unit/socketio/wire_world.h"

namespace matchbus::socketio {

using test::HttpCall;
using test::Texts;
using test::WsCall;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

inline constexpr int kInterval = 25'000;
inline constexpr int kTimeout = 20'000;

// Notes what a session says; a test may hang further doings on every message.
class Recorder final : public EngineHandler {
 public:
  void on_engine_text(std::span<char> text) override { note("text:" + std::string(text.data(), text.size())); }
  void on_engine_binary(std::span<char> data) override { note("binary:" + std::string(data.data(), data.size())); }
  void on_engine_drained() override { ++drained; }
  void on_engine_closed(EngineClose reason) override {
    closes.push_back(reason);
    if (on_closed) on_closed();
  }

  Texts messages;
  std::vector<EngineClose> closes;
  int drained = 0;
  EngineSession* session = nullptr;
  std::function<void(EngineSession&)> on_message;
  std::function<void()> on_closed;

 private:
  void note(std::string message) {
    messages.push_back(std::move(message));
    if (on_message) on_message(*session);
  }
};

class EngineTest : public testing::Test, public test::WireWorld<EngineServer>, private EngineServer::Acceptor {
 protected:
  EngineTest() { start({}); }
  ~EngineTest() override { target.reset(); }

  void start(const EngineOptions& options) { target = EngineServer::create(loop, *context, *this, options); }

  Recorder& last() { return *recorders.back(); }
  EngineSession& session() { return *last().session; }
  const EngineStats& stats() { return target->stats(); }
  hub::Message message(std::string_view text, size_t threshold = 1024) {
    return hub::Message({*context, threshold, 3}, Bytes::copy(text));
  }

  bool refuse = false;
  std::function<void(EngineSession&)> on_open;
  std::vector<std::unique_ptr<Recorder>> recorders;

 private:
  EngineHandler* on_engine_open(EngineSession& session, const net::HttpRequest&) override {
    if (refuse) return nullptr;
    recorders.push_back(std::make_unique<Recorder>());
    last().session = &session;
    if (on_open) on_open(session);
    return &last();
  }
};

}  // namespace matchbus::socketio

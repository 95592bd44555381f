// A Socket.IO server on fake streams with an application that a test scripts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "json/writer.h"
#include "socketio/server.h"
#include "unit/socketio/wire_world.h"

namespace matchbus::test {

inline std::string to_text(json::Value value) {
  BytesWriter out;
  if (value.exists()) json::write_value(out, value);
  return std::string(out.view());
}

// Notes everything that happens in a namespace, in one list, and keeps the sockets by name ("a", "b", ... as they
// connect).
class ScriptedApp final : public socketio::SocketHandler {
 public:
  Result<void> on_connecting(socketio::Socket& socket, json::Value auth) override {
    if (connecting) return connecting(socket, auth);
    return {};
  }
  void on_connect(socketio::Socket& socket, json::Value auth) override {
    names[&socket] = std::string(1, static_cast<char>('a' + count++));
    sockets[names[&socket]] = &socket;
    note(socket, "connect " + to_text(auth));
    if (connected) connected(socket);
  }
  void on_event(socketio::Socket& socket, const socketio::Event& event) override {
    std::string line = "event " + to_text(event.args);
    for (const std::string_view attachment : event.attachments) line += " +" + std::string(attachment);
    if (event.wants_ack) line += " ack " + std::to_string(event.ack_id);
    note(socket, line);
    if (on) on(socket, event);
  }
  void on_drained(socketio::Socket& socket) override { drained += names[&socket]; }
  void on_suspended(socketio::Socket& socket) override {
    note(socket, "suspended");
    if (suspended) suspended(socket);
  }
  void on_recovered(socketio::Socket& socket) override {
    note(socket, "recovered");
    if (recovered) recovered(socket);
  }
  void on_disconnect(socketio::Socket& socket, std::string_view reason) override {
    note(socket, "disconnect " + std::string(reason));
    socket.emit("too", "late");
    socket.disconnect(true);
    if (disconnected) disconnected(socket);
    sockets.erase(names[&socket]);
    names.erase(&socket);
  }

  socketio::Socket& socket(const std::string& name = "a") { return *sockets.at(name); }
  // What has happened since the last call.
  Texts take() { return std::exchange(lines, {}); }

  Texts lines;
  std::string drained;
  std::map<socketio::Socket*, std::string> names;
  std::map<std::string, socketio::Socket*> sockets;
  int count = 0;
  std::function<Result<void>(socketio::Socket&, json::Value)> connecting;
  std::function<void(socketio::Socket&)> connected;
  std::function<void(socketio::Socket&, const socketio::Event&)> on;
  std::function<void(socketio::Socket&)> suspended;
  std::function<void(socketio::Socket&)> recovered;
  std::function<void(socketio::Socket&)> disconnected;

 private:
  void note(socketio::Socket& socket, const std::string& line) { lines.push_back(names[&socket] + " " + line); }
};

class SocketWorld : public testing::Test, public WireWorld<socketio::Server> {
 protected:
  SocketWorld() { start({}); }
  ~SocketWorld() override { target.reset(); }

  void start(const socketio::ServerOptions& options) {
    target = socketio::Server::create(loop, *context, options);
    target->add_namespace("/", app);
    target->add_namespace("/custom", custom);
  }

  // A WebSocket client in the main namespace; everything it got so far is taken.
  WsCall& join(std::string_view connect_packet = "40") {
    WsCall& socket = connect();
    socket.text(connect_packet);
    turn();
    socket.take();
    return socket;
  }

  // The client's connection is lost.
  void lose(WsCall& socket) {
    socket.stream.close(net::CloseReason::kError);
    turn();
  }

  const socketio::ServerStats& stats() { return target->stats(); }

  ScriptedApp app;
  ScriptedApp custom;
};

}  // namespace matchbus::test

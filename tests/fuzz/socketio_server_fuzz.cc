// A Socket.IO server, with recovery, and clients that do whatever the input says, over both transports: it must not
// crash, every socket that connected ends once, and nothing is left at the end.
//
// The input is a list of lines: a letter for what to do, then its text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/writer.h"
#include "socketio/server.h"
#include "unit/socketio/wire_world.h"

namespace {

using namespace matchbus;

void require(bool condition) {
  if (!condition) std::abort();
}

class App final : public socketio::SocketHandler {
 public:
  void on_connect(socketio::Socket& socket, json::Value) override {
    require(sockets.insert(&socket).second);
    socket.emit("welcome", "x");
  }
  void on_event(socketio::Socket& socket, const socketio::Event& event) override {
    require(sockets.contains(&socket));
    BytesWriter args;
    for (size_t i = 0; i < event.size(); ++i) {
      if (i != 0) args.append(',');
      json::write_value(args, event.arg(i));
    }
    if (event.wants_ack) socket.ack(event.ack_id, args.view(), event.attachments);
    if (event.name == "leave") socket.disconnect(false);
    if (event.name == "close") socket.disconnect(true);
    if (event.name == "ask") socket.emit_with_ack("ask", args.view(), [](json::Value, auto) {});
    socket.emit_raw("back", args.view(), event.attachments);
  }
  void on_suspended(socketio::Socket& socket) override { require(sockets.contains(&socket)); }
  void on_recovered(socketio::Socket& socket) override { socket.emit("again", "x"); }
  void on_disconnect(socketio::Socket& socket, std::string_view) override { require(sockets.erase(&socket) == 1); }
  std::set<socketio::Socket*> sockets;
};

class World : public test::WireWorld<socketio::Server> {
 public:
  World() {
    socketio::ServerOptions options;
    options.recovery_window_ms = 1'000;
    options.recovery_max_events = 3;
    options.recovery_max_sockets = 20;
    options.connect_timeout_ms = 500;
    options.engine.ping_interval_ms = 300;
    options.engine.ping_timeout_ms = 200;
    options.engine.max_pending = 2'000;
    options.engine.max_payload = 1'000;
    target = socketio::Server::create(loop, *context, options);
    target->add_namespace("/", app);
    target->add_namespace("/custom", app);
  }
  ~World() override { target.reset(); }

  void act(char action, std::string_view text) {
    switch (action) {
      case 'o':
        if (sids_.size() < 20) sids_.push_back(open());
        return;
      case 'w':
        if (sockets_.size() < 20) sockets_.push_back(&connect());
        return;
      case 'u':
        if (!sids_.empty() && sockets_.size() < 20) sockets_.push_back(&upgrade_session(sids_.back()));
        return;
      case 'g':
        if (!sids_.empty()) polls_.push_back(&request("GET", polling(sids_.back()), {}, false));
        return;
      case 'p':
        if (!sids_.empty()) request("POST", polling(sids_.back()), text, false);
        return;
      case 'x':
        if (!polls_.empty()) polls_.back()->stream.close();
        return;
      case 'a':
        for (size_t steps = text.size() % 30; steps > 0; --steps) stall(50);
        return;
      case 's':
        target->close_all();
        return;
      case 'n':
        if (!sockets_.empty()) std::swap(sockets_.front(), sockets_.back());
        if (!sids_.empty()) std::swap(sids_.front(), sids_.back());
        return;
      default:
        break;
    }
    if (sockets_.empty()) return;
    test::WsCall& socket = *sockets_.back();
    if (action == 't') socket.text(text);
    if (action == 'b') socket.binary(text);
    if (action == 'c') socket.close(1000);
    if (action == 'l') socket.stream.close(net::CloseReason::kError);
    if (action == 'h') socket.stream.accept = text.size();
    if (action == 'd') socket.stream.drain();
    if (action == 'r') recover(socket, text);
  }

  App app;

 private:
  // Comes back on a new connection with the pid that the socket was given.
  void recover(test::WsCall& socket, std::string_view offset) {
    const std::string& got = socket.stream.written;  // server frames are not masked
    if (const size_t at = got.rfind("\"pid\":\""); at != std::string::npos) pid_ = got.substr(at + 7, 20);
    if (sockets_.size() >= 20) return;
    sockets_.push_back(&connect());
    sockets_.back()->text(R"(40{"pid":")" + pid_ + R"(","offset":")" + std::to_string(offset.size()) + R"("})");
  }

  std::vector<std::string> sids_;
  std::vector<test::WsCall*> sockets_;
  std::vector<test::HttpCall*> polls_;
  std::string pid_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  World world;
  for (int actions = 0; actions < 100 && !input.empty(); ++actions) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    if (line.empty()) {
      world.turn();
    } else {
      world.act(line[0], line.substr(1));
    }
  }
  world.turn();
  world.target.reset();
  require(world.app.sockets.empty());
  return 0;
}

// An echo server on the WebSocket, Engine.IO and Socket.IO libraries, for protocol test suites.
//
//   /engine.io/   Engine.IO: every message comes back.
//   /socket.io/   Socket.IO: on connection emits `auth` with the handshake's payload; answers `message` with
//                 `message-back` and `message-with-ack` through its ack, with the same arguments. Namespaces "/" and
//                 "/custom".
//   /echo         WebSocket: every message comes back, up to 16 MB.
#include <uv.h>

#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "json/writer.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "net/loop.h"
#include "socketio/engine.h"
#include "socketio/server.h"
#include "ws/connection.h"

namespace matchbus {
namespace {

constexpr size_t kMaxEchoMessage = 16 * 1024 * 1024;

struct Settings {
  uint16_t port = 3000;
  int ping_interval_ms = 25'000;
  int ping_timeout_ms = 20'000;
  size_t max_payload = 1'000'000;
  int connect_timeout_ms = 45'000;
  int recovery_window_ms = 0;
};

std::string_view as_view(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

class WebSocketEcho;
using WebSocketEchoes = std::unordered_map<WebSocketEcho*, std::unique_ptr<WebSocketEcho>>;

class WebSocketEcho final : public ws::Handler, public net::Deferred {
 public:
  // Joins `echoes` until the connection ends.
  static void run(net::Loop& loop, WebSocketEchoes& echoes, std::unique_ptr<ws::Connection> connection,
                  std::span<char> early) {
    auto echo = std::make_unique<WebSocketEcho>(loop, echoes, std::move(connection));
    WebSocketEcho& self = *echo;
    echoes.emplace(&self, std::move(echo));
    self.connection_->set_handler(&self);
    self.connection_->start(early);
  }

  WebSocketEcho(net::Loop& loop, WebSocketEchoes& echoes, std::unique_ptr<ws::Connection> connection)
      : loop_(loop), echoes_(echoes), connection_(std::move(connection)) {}

  void on_ws_message(ws::Opcode opcode, std::span<char> payload) override {
    connection_->send(opcode, as_view(payload));
    // Whoever sends faster than it reads has to wait.
    if (connection_->pending() > kMaxEchoMessage) connection_->pause_reading();
  }
  void on_ws_drained() override { connection_->resume_reading(); }
  void on_ws_closed(uint16_t, std::string_view) override {
    auto self = echoes_.extract(this);
    loop_.defer(std::move(self.mapped()));
  }

 private:
  net::Loop& loop_;
  WebSocketEchoes& echoes_;
  std::unique_ptr<ws::Connection> connection_;
};

class EngineEcho final : public socketio::EngineHandler {
 public:
  explicit EngineEcho(socketio::EngineSession& session) : session_(session) {}
  void on_engine_text(std::span<char> text) override { session_.send_text(as_view(text)); }
  void on_engine_binary(std::span<char> data) override { session_.send_binary(as_view(data)); }
  void on_engine_closed(socketio::EngineClose) override { const std::unique_ptr<EngineEcho> self(this); }

 private:
  socketio::EngineSession& session_;
};

class EngineAcceptor final : public socketio::EngineServer::Acceptor {
 public:
  socketio::EngineHandler* on_engine_open(socketio::EngineSession& session, const net::HttpRequest&) override {
    return std::make_unique<EngineEcho>(session).release();  // taken back in on_engine_closed
  }
};

class SocketEcho final : public socketio::SocketHandler {
 public:
  void on_connect(socketio::Socket& socket, json::Value auth) override {
    BytesWriter text;
    if (auth.exists()) {
      json::write_value(text, auth);
    } else {
      text.append("{}");
    }
    socket.emit_raw("auth", text.view());
  }

  void on_event(socketio::Socket& socket, const socketio::Event& event) override {
    BytesWriter text;
    for (size_t i = 0; i < event.size(); ++i) {
      if (i != 0) text.append(',');
      json::write_value(text, event.arg(i));
    }
    if (event.name == "message") {
      socket.emit_raw("message-back", text.view(), event.attachments);
    } else if (event.name == "message-with-ack" && event.wants_ack) {
      socket.ack(event.ack_id, text.view(), event.attachments);
    }
  }

  void on_disconnect(socketio::Socket&, std::string_view) override {}
};

socketio::ServerOptions socket_options(const Settings& settings) {
  socketio::ServerOptions options;
  options.engine.ping_interval_ms = settings.ping_interval_ms;
  options.engine.ping_timeout_ms = settings.ping_timeout_ms;
  options.engine.max_payload = settings.max_payload;
  options.connect_timeout_ms = settings.connect_timeout_ms;
  options.recovery_window_ms = settings.recovery_window_ms;
  return options;
}

class EchoServer final : public net::HttpHandler {
 public:
  EchoServer(net::Loop& loop, ws::Context& context, const Settings& settings)
      : loop_(loop),
        context_(context),
        engine_(socketio::EngineServer::create(loop, context, acceptor_, socket_options(settings).engine)),
        sockets_(socketio::Server::create(loop, context, socket_options(settings))) {
    sockets_->add_namespace("/", handler_);
    sockets_->add_namespace("/custom", handler_);
    echo_options_.max_message = kMaxEchoMessage;
    echo_options_.deflate_threshold = 0;
  }

  void on_request(net::HttpRequest& request, std::unique_ptr<net::HttpReply> reply) override {
    if (request.path() == "/engine.io/") {
      engine_->on_request(request, std::move(reply));
    } else if (request.path() == "/socket.io/") {
      sockets_->on_request(request, std::move(reply));
    } else {
      reply->send(net::HttpResponse::text(404, "Not found"));
    }
  }

  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override {
    if (request.path() == "/engine.io/") {
      engine_->on_upgrade(request, std::move(stream), early);
    } else if (request.path() == "/socket.io/") {
      sockets_->on_upgrade(request, std::move(stream), early);
    } else if (request.path() == "/echo") {
      auto connection = ws::Connection::accept(context_, loop_, request, std::move(stream), echo_options_);
      if (connection) WebSocketEcho::run(loop_, echoes_, std::move(connection), early);
    } else {
      net::refuse_upgrade(std::move(stream), net::HttpResponse::text(404, "Not found"), loop_);
    }
  }

  std::optional<net::HttpResponse> refuse_body(const net::HttpRequest& head) override {
    if (head.path() == "/engine.io/") return engine_->refuse_body(head);
    if (head.path() == "/socket.io/") return sockets_->refuse_body(head);
    return std::nullopt;
  }
  size_t body_limit(const net::HttpRequest& head, const net::HttpLimits& limits) override {
    if (head.path() == "/engine.io/") return engine_->body_limit(head);
    if (head.path() == "/socket.io/") return sockets_->body_limit(head);
    return limits.body_bytes;
  }
  void on_body_lost(const net::HttpRequest& head) override {
    if (head.path() == "/engine.io/") engine_->on_body_lost(head);
    if (head.path() == "/socket.io/") sockets_->on_body_lost(head);
  }

 private:
  net::Loop& loop_;
  ws::Context& context_;
  ws::Options echo_options_;
  EngineAcceptor acceptor_;
  SocketEcho handler_;
  std::unique_ptr<socketio::EngineServer> engine_;
  std::unique_ptr<socketio::Server> sockets_;
  WebSocketEchoes echoes_;
};

// Ends the loop on SIGTERM and SIGINT, so that sanitizers see a clean end. Must outlive the loop, which closes the
// handles.
class StopSignals {
 public:
  void start(net::Loop& loop) {
    for (auto& [number, handle] : handles_) {
      uv_signal_init(loop.uv(), &handle);
      handle.data = &loop;
      uv_signal_start(
          &handle, [](uv_signal_t* self, int) { static_cast<net::Loop*>(self->data)->stop(); }, number);
    }
  }

 private:
  std::array<std::pair<int, uv_signal_t>, 2> handles_{{{SIGTERM, {}}, {SIGINT, {}}}};
};

int run(const Settings& settings) {
  const SystemClock clock;
  Log log(clock, LogLevel::kWarning);
  net::ConnectionCounter counter({});
  StopSignals signals;
  net::Loop loop(clock, log);
  signals.start(loop);
  const std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  EchoServer server(loop, *context, settings);
  net::HttpServer http(loop, server, {});
  net::ListenOptions listen;
  listen.addresses = {"127.0.0.1", "::1"};
  listen.port = settings.port;
  listen.tls = net::TlsMode::kOff;
  auto listener = net::Listener::open(loop, listen, nullptr, counter,
                                      [&http](net::StreamPtr stream) { http.serve(std::move(stream)); });
  if (!listener.ok()) {
    std::fprintf(stderr, "conformance-echo: %s\n", listener.error().message.c_str());
    return 1;
  }
  std::printf("listening on %u\n", unsigned{(*listener)->port()});
  std::fflush(stdout);
  loop.run();
  return 0;
}

}  // namespace
}  // namespace matchbus

int main(int argc, char** argv) {
  matchbus::Settings settings;
  CLI::App app{"Echo server for WebSocket, Engine.IO and Socket.IO test suites"};
  app.add_option("--port", settings.port, "TCP port on the loopback addresses; 0: any free one")->capture_default_str();
  app.add_option("--ping-interval", settings.ping_interval_ms, "milliseconds")->capture_default_str();
  app.add_option("--ping-timeout", settings.ping_timeout_ms, "milliseconds")->capture_default_str();
  app.add_option("--max-payload", settings.max_payload, "bytes")->capture_default_str();
  app.add_option("--connect-timeout", settings.connect_timeout_ms, "milliseconds")->capture_default_str();
  app.add_option("--recovery-window", settings.recovery_window_ms, "milliseconds; 0: no connection state recovery")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return matchbus::run(settings);
}

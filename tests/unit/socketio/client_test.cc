// The Socket.IO client, against a server whose every byte the test decides, and against our own server.
#include "socketio/client.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "json/writer.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "socketio/server.h"
#include "support/net_fixture.h"

namespace matchbus::socketio {
namespace {

struct Recorder final : ClientHandler {
  void on_client_connect(bool recovered) override {
    log.push_back(recovered ? "recovered" : "connect");
    if (on_connect) on_connect();
  }
  void on_client_event(const Event& event) override {
    BytesWriter out;
    json::write_value(out, event.args);
    log.push_back("event " + std::string(out.view()) + (event.wants_ack ? " ack" : ""));
    for (const std::string_view attachment : event.attachments) log.back() += " +" + std::string(attachment);
    if (on_event) on_event();
  }
  void on_client_drained() override { ++drained; }
  void on_client_disconnect(std::string_view reason, bool will_reconnect) override {
    log.push_back("disconnect " + std::string(reason) + (will_reconnect ? ", again" : ""));
  }
  void on_client_error(const std::string& message, bool will_retry) override {
    log.push_back("error " + message + (will_retry ? ", again" : ""));
  }
  bool saw(const std::string& line) const { return std::find(log.begin(), log.end(), line) != log.end(); }
  int count(std::string_view beginning) const {
    int found = 0;
    for (const std::string& line : log) found += line.starts_with(beginning);
    return found;
  }

  std::vector<std::string> log;
  int drained = 0;
  std::function<void()> on_connect;
  std::function<void()> on_event;
};

// A port with whatever handler behind it.
class Port final : public net::HttpHandler {
 public:
  explicit Port(net::Loop& of) : loop_(of), http_(of, *this, {}) { open(0); }

  void open(uint16_t port) {
    net::ListenOptions options;
    options.addresses = {"127.0.0.1"};
    options.port = port;
    options.tls = net::TlsMode::kOff;
    auto listener = net::Listener::open(loop_, options, nullptr, counter_,
                                        [this](net::StreamPtr stream) { http_.serve(std::move(stream)); });
    ASSERT_TRUE(listener.ok());
    listener_ = std::move(*listener);
    number = listener_->port();
  }
  void close() { listener_.reset(); }
  std::string url(const std::string& rest = "") const { return "ws://127.0.0.1:" + std::to_string(number) + rest; }

  void on_request(net::HttpRequest&, std::unique_ptr<net::HttpReply> reply) override {
    reply->send(net::HttpResponse::text(404, "nothing here"));
  }
  void on_upgrade(net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) override {
    targets.push_back(request.target);
    on_socket(request, std::move(stream), early);
  }

  uint16_t number = 0;
  std::vector<std::string> targets;
  std::function<void(net::HttpRequest&, net::StreamPtr, std::span<char>)> on_socket;

 private:
  net::Loop& loop_;
  net::ConnectionCounter counter_{{}};
  net::HttpServer http_;
  std::unique_ptr<net::Listener> listener_;
};

// The server's side of a WebSocket, in the test's hands.
struct Wire final : ws::Handler {
  void on_ws_message(ws::Opcode, std::span<char> payload) override {
    received.emplace_back(payload.data(), payload.size());
  }
  void on_ws_closed(uint16_t code, std::string_view) override { close_code = code; }
  void send(std::string_view text) const { connection->send(ws::Opcode::kText, text); }

  std::unique_ptr<ws::Connection> connection;
  std::vector<std::string> received;
  int close_code = 0;
};

constexpr std::string_view kOpen =
    R"(0{"sid":"abc","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})";

class ClientTest : public test::NetTest {
 protected:
  // Every connection becomes a Wire.
  void script() {
    port.on_socket = [this](net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
      auto wire = std::make_unique<Wire>();
      wire->connection = ws::Connection::accept(*context, loop, request, std::move(stream), {});
      ASSERT_NE(wire->connection, nullptr);
      wire->connection->set_handler(wire.get());
      wire->connection->start(early);
      wires.push_back(std::move(wire));
    };
  }
  // Every connection goes to our own server.
  void serve(ServerOptions options, SocketHandler& handler) {
    server = Server::create(loop, *context, options);
    server->add_namespace("/", handler);
    port.on_socket = [this](net::HttpRequest& request, net::StreamPtr stream, std::span<char> early) {
      server->on_upgrade(request, std::move(stream), early);
    };
  }
  ClientOptions quick(const std::string& url) {
    ClientOptions options;
    options.url = url;
    options.reconnect_ms = 10;
    options.reconnect_max_ms = 20;
    return options;
  }
  void start(ClientOptions options) {
    auto made = Client::create(loop, *context, std::move(options), recorder);
    ASSERT_TRUE(made.ok());
    client = std::move(*made);
    client->connect();
  }
  // Brings a scripted connection to where the namespace is joined.
  void join(size_t wire, const std::string& answer = R"(40{"sid":"s1"})") {
    ASSERT_TRUE(run_until([&] { return wires.size() > wire; }));
    wires[wire]->send(kOpen);
    ASSERT_TRUE(run_until([&] { return !wires[wire]->received.empty(); }));
    wires[wire]->send(answer);
    ASSERT_TRUE(run_until([&] { return client->is_connected(); }));
  }
  bool saw(const std::string& line) {
    return run_until([&] { return recorder.saw(line); }, 3'000);
  }

  std::unique_ptr<ws::Context> context = ws::Context::create(loop);
  Port port{loop};
  std::vector<std::unique_ptr<Wire>> wires;
  std::unique_ptr<Server> server;
  Recorder recorder;
  std::unique_ptr<Client> client;
};

TEST_F(ClientTest, RefusesUrlsThatItCannotRead) {
  for (const char* url : {"", "ftp://host/", "ws://", "ws://user:password@host/", "ws://host:0/"}) {
    ClientOptions options;
    options.url = url;
    EXPECT_FALSE(Client::create(loop, *context, options, recorder).ok()) << url;
  }
}

TEST_F(ClientTest, JoinsTheMainNamespace) {
  script();
  start(quick(port.url()));
  join(0);
  EXPECT_EQ(port.targets[0], "/socket.io/?EIO=4&transport=websocket");
  EXPECT_EQ(wires[0]->received, (std::vector<std::string>{"40"}));
  EXPECT_EQ(recorder.log, (std::vector<std::string>{"connect"}));
  EXPECT_EQ(client->id(), "s1");
}

TEST_F(ClientTest, TakesUrlsOfEveryForm) {
  script();
  const std::string bare = "127.0.0.1:" + std::to_string(port.number);
  for (const std::string& url :
       {"ws://" + bare, "WS://" + bare + "/", "http://" + bare, bare, bare + "/?token=a%20b"}) {
    start(quick(url));
    join(wires.size());
    client.reset();
  }
  EXPECT_EQ(port.targets.back(), "/socket.io/?EIO=4&transport=websocket&token=a%20b");
}

TEST_F(ClientTest, JoinsANamespaceWithCredentials) {
  script();
  ClientOptions options = quick(port.url("/admin"));
  options.auth = R"( {"token" : "t", "n":[1]} )";
  start(options);
  ASSERT_TRUE(run_until([&] { return wires.size() == 1; }));
  wires[0]->send(kOpen);
  ASSERT_TRUE(run_until([&] { return !wires[0]->received.empty(); }));
  EXPECT_EQ(wires[0]->received[0], R"(40/admin,{"token":"t","n":[1]})");
  wires[0]->send(R"(40{"sid":"other namespace"})");
  wires[0]->send(R"(40/admin,{"sid":"s2"})");
  ASSERT_TRUE(saw("connect"));
  EXPECT_EQ(client->id(), "s2");
  EXPECT_TRUE(client->emit("a", "b"));
  ASSERT_TRUE(run_until([&] { return wires[0]->received.size() == 2; }));
  EXPECT_EQ(wires[0]->received[1], R"(42/admin,["a","b"])");
}

TEST_F(ClientTest, EmitsAndReceives) {
  script();
  start(quick(port.url()));
  EXPECT_FALSE(client->emit("too", "early"));
  join(0);
  EXPECT_TRUE(client->emit("obs_data", "{\"a\":\"ü\n\"}"));
  EXPECT_TRUE(client->emit_raw("raw", "1,[2]"));
  ASSERT_TRUE(run_until([&] { return wires[0]->received.size() == 3; }));
  EXPECT_EQ(wires[0]->received[1], "42[\"obs_data\",\"{\\\"a\\\":\\\"ü\\n\\\"}\"]");
  EXPECT_EQ(wires[0]->received[2], R"(42["raw",1,[2]])");

  wires[0]->send(R"(42["hello","{}",1])");
  wires[0]->send(R"(427["asked"])");
  wires[0]->send(R"(452-["two",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}])");
  wires[0]->connection->send(ws::Opcode::kBinary, "first");
  wires[0]->connection->send(ws::Opcode::kBinary, "second");
  wires[0]->send("6");
  wires[0]->send(R"(42/elsewhere,["not for us"])");
  wires[0]->send(R"(42["last"])");
  ASSERT_TRUE(saw(R"(event ["last"])"));
  EXPECT_EQ(recorder.log,
            (std::vector<std::string>{
                "connect", R"(event ["hello","{}",1])", R"(event ["asked"] ack)",
                R"(event ["two",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}] +first +second)",
                R"(event ["last"])"}));
}

TEST_F(ClientTest, AnswersPings) {
  script();
  start(quick(port.url()));
  join(0);
  wires[0]->send("2");
  ASSERT_TRUE(run_until([&] { return wires[0]->received.size() == 2; }));
  EXPECT_EQ(wires[0]->received[1], "3");
}

TEST_F(ClientTest, MissesPings) {
  script();
  ClientOptions options = quick(port.url());
  options.reconnect = false;
  start(options);
  ASSERT_TRUE(run_until([&] { return wires.size() == 1; }));
  wires[0]->send(R"(0{"sid":"abc","pingInterval":60,"pingTimeout":60})");
  wires[0]->send(R"(40{"sid":"s1"})");
  ASSERT_TRUE(saw("connect"));
  run_for(70);
  wires[0]->send("2");
  run_for(70);
  EXPECT_TRUE(client->is_connected()) << "a ping gives it another period";
  ASSERT_TRUE(saw("disconnect ping timeout"));
}

TEST_F(ClientTest, GivesUpWaitingForTheServer) {
  script();
  ClientOptions options = quick(port.url());
  options.reconnect = false;
  options.timeout_ms = 60;
  start(options);
  ASSERT_TRUE(saw("error no answer in time"));
  client->connect();
  ASSERT_TRUE(run_until([&] { return wires.size() == 2; }));
  wires[1]->send(kOpen);
  ASSERT_TRUE(run_until([&] { return recorder.count("error no answer in time") == 2; }));
}

TEST_F(ClientTest, ReportsARefusedConnection) {
  port.close();
  ClientOptions options = quick(port.url());
  options.reconnect = false;
  start(options);
  ASSERT_TRUE(run_until([&] { return recorder.log.size() == 1; }));
  EXPECT_TRUE(recorder.log[0].starts_with("error cannot connect to 127.0.0.1 port ")) << recorder.log[0];
}

TEST_F(ClientTest, ReportsAServerThatIsNone) {
  port.on_socket = [this](net::HttpRequest&, net::StreamPtr stream, std::span<char>) {
    net::refuse_upgrade(std::move(stream), net::HttpResponse::text(403, "go away"), loop);
  };
  ClientOptions options = quick(port.url());
  options.reconnect = false;
  start(options);
  ASSERT_TRUE(run_until([&] { return recorder.log.size() == 1; }));
  EXPECT_TRUE(recorder.log[0].starts_with("error no WebSocket: ")) << recorder.log[0];
}

TEST_F(ClientTest, ARefusedNamespaceIsNotTriedAgain) {
  script();
  start(quick(port.url("/nowhere")));
  ASSERT_TRUE(run_until([&] { return wires.size() == 1; }));
  wires[0]->send(kOpen);
  wires[0]->send(R"(44/nowhere,{"message":"Invalid namespace"})");
  ASSERT_TRUE(saw("error refused: Invalid namespace"));
  run_for(60);
  EXPECT_EQ(wires.size(), 1U);
}

TEST_F(ClientTest, MalformedPacketsEndTheConnection) {
  script();
  for (const char* text : {"", "x", "49", "42", "42{}", "42[1]", "42[\"a\"", "451-[\"a\"]x", "40{}", "0{}"}) {
    ClientOptions options = quick(port.url());
    options.reconnect = false;
    recorder.log.clear();
    start(options);
    join(wires.size());
    wires.back()->send(text);
    if (std::string_view(text) == "40{}") {  // joining twice is let pass
      run_for(20);
      EXPECT_TRUE(client->is_connected());
    } else if (std::string_view(text).starts_with("451-")) {
      wires.back()->connection->send(ws::Opcode::kBinary, "x");
      EXPECT_TRUE(saw("disconnect parse error")) << text;
    } else {
      EXPECT_TRUE(saw("disconnect parse error")) << text;
    }
  }
}

TEST_F(ClientTest, MalformedGreetingsFailTheAttempt) {
  script();
  for (const char* text : {"0", "0[]", "0{\"pingInterval\":0,\"pingTimeout\":1}", "40{}", "42[\"a\"]"}) {
    ClientOptions options = quick(port.url());
    options.reconnect = false;
    recorder.log.clear();
    start(options);
    const size_t wire = wires.size();
    ASSERT_TRUE(run_until([&] { return wires.size() > wire; }));
    wires[wire]->send(text);
    EXPECT_TRUE(saw("error connection lost: parse error")) << text;
  }
}

TEST_F(ClientTest, ReconnectsUntilItSucceeds) {
  script();
  start(quick(port.url()));
  join(0);
  port.close();
  wires[0]->connection.reset();  // as if the server had died
  ASSERT_TRUE(run_until([&] { return recorder.count("error cannot connect") >= 3; }));
  EXPECT_TRUE(recorder.log[1].ends_with(", again")) << recorder.log[1];
  EXPECT_FALSE(client->emit("while", "lost"));
  port.open(port.number);
  join(1);
  EXPECT_EQ(wires[1]->received[0], "40") << "nothing to recover was offered";
}

TEST_F(ClientTest, AsksForRecoveryWithTheLastOffset) {
  script();
  ClientOptions options = quick(port.url());
  options.auth = R"({"token":"t"})";
  start(options);
  join(0, R"(40{"sid":"s1","pid":"p\"1"})");
  wires[0]->send(R"(42["a","text","offset-1"])");
  wires[0]->send(R"(42["b",5])");
  ASSERT_TRUE(saw(R"(event ["b",5])"));
  client->drop();
  EXPECT_EQ(recorder.log.back(), "disconnect transport error, again");
  join(1, R"(40{"sid":"s1","pid":"p\"1"})");
  EXPECT_EQ(wires[1]->received[0], R"(40{"pid":"p\"1","offset":"offset-1","token":"t"})");
  EXPECT_EQ(recorder.log.back(), "recovered");
  wires[1]->connection.reset();
  join(2, R"(40{"sid":"s9","pid":"p2"})");
  EXPECT_EQ(recorder.log.back(), "connect");
  wires[2]->connection.reset();
  join(3, R"(40{"sid":"s9","pid":"p2"})");
  EXPECT_EQ(wires[3]->received[0], R"(40{"pid":"p2","token":"t"})") << "offsets of an older session are worth nothing";
}

TEST_F(ClientTest, StaysAwayAfterADisconnectByTheServer) {
  script();
  start(quick(port.url()));
  join(0);
  wires[0]->send("41");
  ASSERT_TRUE(saw("disconnect io server disconnect"));
  run_for(60);
  EXPECT_EQ(wires.size(), 1U);
  client->connect();
  join(1);
}

TEST_F(ClientTest, ClosingSendsWhatWasEmitted) {
  script();
  start(quick(port.url()));
  join(0);
  const std::string large(300'000, 'x');
  for (int i = 0; i < 10; ++i) client->emit("big", large);
  client->close();
  EXPECT_FALSE(client->emit("after", "close"));
  ASSERT_TRUE(saw("disconnect io client disconnect"));
  ASSERT_EQ(wires[0]->received.size(), 12U);
  EXPECT_EQ(wires[0]->received[11], "41");
  EXPECT_EQ(wires[0]->close_code, 1000);
  run_for(60);
  EXPECT_EQ(wires.size(), 1U);
}

TEST_F(ClientTest, ClosingWhileWaitingStopsTrying) {
  port.close();
  start(quick(port.url()));
  ASSERT_TRUE(run_until([&] { return !recorder.log.empty(); }));
  client->close();
  const size_t errors = recorder.log.size();
  run_for(80);
  EXPECT_EQ(recorder.log.size(), errors);
}

TEST_F(ClientTest, TellsWhenHeldBackBytesAreGone) {
  script();
  ClientOptions options = quick(port.url());
  options.ws.deflate = false;  // which would make little of it
  start(options);
  join(0);
  wires[0]->connection->pause_reading();
  const std::string large(900'000, 'x');
  for (int i = 0; i < 20; ++i) client->emit("big", large);
  run_for(50);
  EXPECT_GT(client->pending(), 0U);
  EXPECT_EQ(recorder.drained, 0);
  wires[0]->connection->resume_reading();
  ASSERT_TRUE(run_until([&] { return recorder.drained > 0; }));
  EXPECT_EQ(client->pending(), 0U);
}

TEST_F(ClientTest, MayBeDestroyedAtEveryStage) {
  script();
  start(quick(port.url()));
  client.reset();
  start(quick(port.url()));
  ASSERT_TRUE(run_until([&] { return wires.size() == 1; }));
  client.reset();
  start(quick(port.url()));
  join(1);
  client.reset();
  run_for(30);
  EXPECT_EQ(recorder.log, (std::vector<std::string>{"connect"}));
}

// Emits back what comes, and keeps the socket for the test.
struct Echo final : SocketHandler {
  void on_connect(Socket& which, json::Value) override { socket = &which; }
  void on_event(Socket& which, const Event& event) override {
    which.emit(event.name, event.text(0).value_or("no text"));
  }
  void on_disconnect(Socket&, std::string_view reason) override {
    socket = nullptr;
    left = reason;
  }
  Socket* socket = nullptr;
  std::string left;
};

TEST_F(ClientTest, TalksToOurServer) {
  Echo echo;
  serve({}, echo);
  start(quick(port.url()));
  recorder.on_connect = [this] { client->emit("hello", "wörld"); };
  ASSERT_TRUE(saw(R"(event ["hello","wörld"])"));
  EXPECT_EQ(client->id(), echo.socket->id());
  client->close();
  ASSERT_TRUE(saw("disconnect io client disconnect"));
  ASSERT_TRUE(run_until([&] { return !echo.left.empty(); }));
  EXPECT_EQ(echo.left, "client namespace disconnect");
  server.reset();
}

TEST_F(ClientTest, IsRefusedByOurServer) {
  Echo echo;
  serve({}, echo);
  start(quick(port.url("/unknown")));
  ASSERT_TRUE(saw("error refused: Invalid namespace"));
  server.reset();
}

TEST_F(ClientTest, RecoversWhatOurServerSentMeanwhile) {
  Echo echo;
  ServerOptions options;
  options.recovery_window_ms = 60'000;
  serve(options, echo);
  start(quick(port.url()));
  ASSERT_TRUE(saw("connect"));
  const std::string id = client->id();
  echo.socket->emit("n", "before");
  ASSERT_TRUE(run_until([&] { return recorder.count("event") == 1; }));
  client->drop();
  echo.socket->emit("n", "lost 1");
  ASSERT_TRUE(run_until([&] { return server->stats().suspended == 1; }) || server->stats().recovered == 1);
  if (echo.socket != nullptr) echo.socket->emit("n", "lost 2");
  ASSERT_TRUE(run_until([&] { return recorder.count("event") == 3; }));
  EXPECT_TRUE(recorder.saw("recovered"));
  EXPECT_EQ(client->id(), id);
  EXPECT_TRUE(recorder.log[recorder.log.size() - 2].starts_with(R"(event ["n","lost 1",)"));
  EXPECT_TRUE(recorder.log.back().starts_with(R"(event ["n","lost 2",)"));
  server.reset();
}

TEST(Backoff, DoublesWithinItsLimits) {
  Backoff backoff(100, 1'000, 0.5);
  for (const int expected : {100, 200, 400, 800, 1'000, 1'000}) {
    const int wait = backoff.next_ms();
    EXPECT_GE(wait, expected / 2);
    EXPECT_LE(wait, std::min(expected * 3 / 2, 1'000));
  }
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.next_ms(), 1'000);
  backoff.reset();
  EXPECT_LE(backoff.next_ms(), 150);
  Backoff exact(100, 1'000, 0);
  EXPECT_EQ(exact.next_ms(), 100);
  EXPECT_EQ(exact.next_ms(), 200);
}

}  // namespace
}  // namespace matchbus::socketio

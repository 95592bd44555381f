#include "ws/client.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/fake_stream.h"
#include "unit/ws/wire.h"
#include "ws/handshake.h"

namespace matchbus::ws {
namespace {

using test::close_body;
using test::decode_frames;
using test::FakeStream;
using test::FakeStreamState;
using test::masked;
using test::unmasked;
using test::WireFrame;

constexpr uint8_t kText = 1, kClose = 8, kPing = 9, kPong = 10;
constexpr uint8_t kRsv1 = 4;

class Recorder final : public Handler {
 public:
  void on_ws_message(Opcode, std::span<char> payload) override { events.emplace_back(payload.data(), payload.size()); }
  void on_ws_closed(uint16_t code, std::string_view reason) override {
    events.push_back("closed:" + std::to_string(code) + ":" + std::string(reason));
  }
  std::vector<std::string> events;
};

using Events = std::vector<std::string>;

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    options.host = "example.com:5200";
    options.target = "/api?x=1";
  }
  // Sends the request; `key` and `request` are known then.
  void begin() {
    handshake = ClientHandshake::begin(*context, loop, FakeStream::make(wire), options,
                                       [this](Result<std::unique_ptr<Connection>> result) {
                                         ++calls;
                                         handshake.reset();
                                         if (result) {
                                           connection = std::move(result.value());
                                         } else {
                                           error = result.error().message;
                                         }
                                       });
    request = wire.take();
    const size_t at = request.find("Sec-WebSocket-Key: ") + 19;
    key = request.substr(at, request.find("\r\n", at) - at);
  }
  std::string response(const std::string& more = {}) const {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           accept_key(key) + "\r\n" + more + "\r\n";
  }
  void open(const std::string& more = {}) {
    begin();
    wire.feed(response(more));
    ASSERT_TRUE(connection) << error;
    connection->set_handler(&handler);
    connection->start({});
  }
  // The error that this response ends in.
  std::string refusal(const std::string& bytes) {
    wire = {};
    error.clear();
    calls = 0;
    begin();
    wire.feed(bytes);
    EXPECT_EQ(calls, 1);
    EXPECT_FALSE(connection);
    EXPECT_TRUE(wire.destroyed);
    return error;
  }
  void pass(int64_t ms) {
    clock.advance(ms);
    loop.timers().advance(clock.monotonic_ms());
  }

  FakeClock clock;
  Log log{clock, LogLevel::kOff};
  net::Loop loop{clock, log};
  std::unique_ptr<Context> context = Context::create(loop);
  FakeStreamState wire;
  ClientOptions options;
  Recorder handler;
  std::unique_ptr<ClientHandshake> handshake;
  std::unique_ptr<Connection> connection;
  std::string request, key, error;
  int calls = 0;
};

TEST_F(ClientTest, AsksForAnUpgrade) {
  options.headers = {{"Authorization", "Bearer x"}};
  begin();
  EXPECT_TRUE(is_handshake_key(key));
  EXPECT_EQ(request,
            "GET /api?x=1 HTTP/1.1\r\nHost: example.com:5200\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
                key +
                "\r\nSec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n"
                "Authorization: Bearer x\r\n\r\n");
  const std::string first = key;
  options.ws.deflate = false;
  wire = {};
  begin();
  EXPECT_EQ(request.find("Extensions"), std::string::npos);
  EXPECT_NE(key, first);
}

TEST_F(ClientTest, OffersWhatTheOptionsSay) {
  options.offer_context_takeover = false;
  begin();
  EXPECT_NE(request.find("permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"),
            std::string::npos);
}

TEST_F(ClientTest, ConnectsAndTalks) {
  open();
  EXPECT_TRUE(connection->is_open());
  EXPECT_FALSE(connection->deflate_negotiated());
  connection->send(Opcode::kText, "Hello");
  std::vector<WireFrame> frames = decode_frames(wire.take());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_TRUE(frames[0].masked);
  EXPECT_EQ(frames[0].payload, "Hello");
  wire.feed(unmasked(kText, "from the server") + unmasked(kPing, "p"));
  EXPECT_EQ(handler.events, (Events{"from the server"}));
  frames = decode_frames(wire.take());
  EXPECT_EQ(frames.at(0).opcode, kPong);
  EXPECT_TRUE(frames.at(0).masked);
  EXPECT_EQ(calls, 1);
}

TEST_F(ClientTest, TakesTheResponseInPiecesAndMessagesRightBehindIt) {
  begin();
  const std::string bytes = response() + unmasked(kText, "early") + unmasked(kText, "cut");
  wire.drip(bytes.substr(0, bytes.size() - 12));
  wire.feed(bytes.substr(bytes.size() - 12, 10));
  ASSERT_TRUE(connection);
  connection->set_handler(&handler);
  EXPECT_TRUE(handler.events.empty());
  connection->start({});
  EXPECT_EQ(handler.events, (Events{"early"}));
  wire.feed(bytes.substr(bytes.size() - 2));
  EXPECT_EQ(handler.events, (Events{"early", "cut"}));
}

TEST_F(ClientTest, TakesMessagesInTheSameReadAsTheResponse) {
  begin();
  const std::string bytes = response() + unmasked(kText, "early") + unmasked(kText, "cut");
  wire.feed(bytes.substr(0, bytes.size() - 2));
  ASSERT_TRUE(connection);
  connection->set_handler(&handler);
  connection->start({});
  EXPECT_EQ(handler.events, (Events{"early"}));
  wire.feed(bytes.substr(bytes.size() - 2));
  EXPECT_EQ(handler.events, (Events{"early", "cut"}));
}

TEST_F(ClientTest, RefusesResponsesThatAreNoUpgrade) {
  EXPECT_EQ(refusal("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), "the server answered 403");
  EXPECT_EQ(refusal("HTTP/1.1 200 OK\r\n\r\n"), "the server answered 200");
  EXPECT_NE(refusal("SSH-2.0-OpenSSH\r\n\r\n"), "");
  EXPECT_NE(refusal("HTTP/1.1 101 Switching Protocols\r\nX: " + std::string(20'000, 'x')), "");
}

TEST_F(ClientTest, ChecksEveryPartOfTheResponse) {
  const auto spoiled = [this](const std::string& part, const std::string& by) {
    wire = {};
    error.clear();
    calls = 0;
    begin();
    std::string bytes = response();
    bytes.replace(bytes.find(part), part.size(), by);
    wire.feed(bytes);
    EXPECT_EQ(calls, 1);
    return error;
  };
  EXPECT_NE(spoiled("Upgrade: WebSocket", "Upgrade: h2c"), "");
  EXPECT_NE(spoiled("Upgrade: WebSocket\r\n", ""), "");
  EXPECT_NE(spoiled("keep-alive, Upgrade", "keep-alive"), "");
  EXPECT_NE(spoiled("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: x"), "");
  EXPECT_NE(spoiled("Sec-WebSocket-Accept", "Sec-WebSocket-Except"), "");
  EXPECT_NE(spoiled("HTTP/1.1", "HTTP/1.0"), "");
}

TEST_F(ClientTest, RefusesExtensionsAndProtocolsItDidNotOffer) {
  const auto with = [this](const std::string& header) {
    wire = {};
    error.clear();
    calls = 0;
    begin();
    wire.feed(response(header));
    EXPECT_EQ(calls, 1);
    return error;
  };
  EXPECT_NE(with("Sec-WebSocket-Extensions: x-unknown\r\n"), "");
  EXPECT_NE(with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10\r\n"), "");
  EXPECT_NE(with("Sec-WebSocket-Extensions: permessage-deflate; =\r\n"), "");
  EXPECT_NE(with("Sec-WebSocket-Protocol: chat\r\n"), "");
  options.ws.deflate = false;
  EXPECT_NE(with("Sec-WebSocket-Extensions: permessage-deflate\r\n"), "");
  options.headers = {{"Sec-WebSocket-Protocol", "chat"}};
  EXPECT_EQ(with("Sec-WebSocket-Protocol: chat\r\n"), "");
}

TEST_F(ClientTest, GivesUpInTime) {
  begin();
  wire.feed("HTTP/1.1 101 ");
  pass(9'900);
  EXPECT_EQ(calls, 0);
  pass(200);
  EXPECT_EQ(calls, 1);
  EXPECT_NE(error, "");
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ClientTest, TellsOfAStreamThatEnds) {
  begin();
  wire.close();
  EXPECT_EQ(calls, 1);
  EXPECT_NE(error, "");
}

TEST_F(ClientTest, MayBeGivenUp) {
  begin();
  handshake.reset();
  EXPECT_TRUE(wire.destroyed);
  pass(60'000);
  EXPECT_EQ(calls, 0);
}

TEST_F(ClientTest, KeepsTheServersHistory) {
  open("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  test::PeerDeflate server;
  Events expected;
  for (int i = 0; i < 10; ++i) {
    expected.push_back("the state of the match, number " + std::to_string(i));
    wire.feed(unmasked(kText, server.message(expected.back()), true, kRsv1));
  }
  EXPECT_EQ(handler.events, expected);
}

TEST_F(ClientTest, KeepsNoHistoryOfItsOwn) {
  open("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n");
  const std::string text(3000, 'q');
  for (int i = 0; i < 2; ++i) {
    connection->send(Opcode::kText, text);
    const std::vector<WireFrame> frames = decode_frames(wire.take());
    EXPECT_EQ(frames.at(0).rsv, kRsv1);
    EXPECT_EQ(test::PeerInflate().message(frames.at(0).payload), text);
    wire.feed(unmasked(kText, test::deflate_message(text), true, kRsv1));
  }
  EXPECT_EQ(handler.events, (Events{text, text}));
}

TEST_F(ClientTest, RefusesMaskedFrames) {
  open();
  wire.feed(masked(kText, "masked"));
  EXPECT_EQ(decode_frames(wire.take()).at(0).payload.substr(0, 2), close_body(kProtocolError));
  EXPECT_TRUE(wire.finished);
}

TEST_F(ClientTest, LetsTheServerCloseTheStream) {
  open();
  wire.feed(unmasked(kClose, close_body(1001, "going")));
  EXPECT_EQ(decode_frames(wire.take()).at(0).payload, close_body(1001));
  EXPECT_FALSE(wire.finished);
  wire.close();
  EXPECT_EQ(handler.events, (Events{"closed:1001:going"}));
}

TEST_F(ClientTest, DropsAServerThatDoesNotCloseTheStream) {
  open();
  connection->close(kNormal, "");
  wire.feed(unmasked(kClose, close_body(1000)));
  pass(6'000);
  EXPECT_TRUE(wire.aborted);
  EXPECT_EQ(handler.events, (Events{"closed:1000:"}));
}

}  // namespace
}  // namespace matchbus::ws

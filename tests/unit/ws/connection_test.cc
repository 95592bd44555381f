#include "ws/connection.h"

#include "unit/ws/connection_fixture.h"
#include "ws/peer_connection.h"

namespace matchbus::ws {
namespace {

TEST_F(ConnectionTest, AnswersTheHandshakeAndReadsMessages) {
  open();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(connection->is_open());
  EXPECT_EQ(connection->peer_address(), "192.0.2.1");
  wire.feed(masked(kText, "Hello") + masked(kBinary, "x"));
  wire.drip(masked(kText, "again"));
  EXPECT_EQ(handler.events, (Events{"text:Hello", "binary:x", "text:again"}));
  EXPECT_EQ(context->stats().handshakes, 1u);
  EXPECT_EQ(context->stats().messages_in, 3u);
}

TEST_F(ConnectionTest, RefusesBadHandshakesWithAnHttpAnswer) {
  net::HttpRequest bad = request();
  bad.headers.back().second = "8";
  EXPECT_FALSE(Connection::accept(*context, loop, bad, FakeStream::make(wire), options));
  EXPECT_TRUE(wire.written.starts_with("HTTP/1.1 426 ")) << wire.written;
  EXPECT_NE(wire.written.find("Sec-WebSocket-Version: 13\r\n"), std::string::npos) << wire.written;
  EXPECT_TRUE(wire.destroyed);

  FakeStreamState other;
  bad = request();
  bad.headers.pop_back();
  bad.headers.pop_back();
  bad.headers.emplace_back("sec-websocket-version", "13");
  EXPECT_FALSE(Connection::accept(*context, loop, bad, FakeStream::make(other), options));
  EXPECT_TRUE(other.written.starts_with("HTTP/1.1 400 ")) << other.written;
  EXPECT_EQ(context->stats().refused_handshakes, 2u);
  EXPECT_EQ(context->stats().handshakes, 0u);
}

TEST_F(ConnectionTest, ReadsBytesThatCameWithTheHandshake) {
  const std::string two = masked(kText, "one") + masked(kText, "two");
  open({}, two.substr(0, two.size() - 2));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  wire.feed(two.substr(two.size() - 2));
  EXPECT_EQ(handler.events, (Events{"text:one", "text:two"}));
}

TEST_F(ConnectionTest, KeepsBytesThatComeBeforeTheStart) {
  connection = Connection::accept(*context, loop, request(), FakeStream::make(wire), options);
  const std::string two = masked(kText, "one") + masked(kText, "two");
  wire.feed(two.substr(0, 5));
  connection->set_handler(&handler);
  std::string early = two.substr(5);
  connection->start(early);
  EXPECT_EQ(handler.events, (Events{"text:one", "text:two"}));
}

TEST_F(ConnectionTest, SendsMessages) {
  open();
  connection->send(Opcode::kText, "Hello");
  connection->send(Opcode::kBinary, std::string(70'000, 'b'));
  connection->send_frame(context->encode(Opcode::kText, "encoded once"));
  connection->ping("are you there");
  EXPECT_EQ(wire.take(), unmasked(kText, "Hello") + unmasked(kBinary, std::string(70'000, 'b')) +
                             unmasked(kText, "encoded once") + unmasked(kPing, "are you there"));
  EXPECT_EQ(context->stats().messages_out, 3u);
}

TEST_F(ConnectionTest, AnswersPings) {
  open();
  std::string pings;
  std::string pongs;
  for (int i = 0; i < 10; ++i) {
    pings += masked(kPing, "payload-" + std::to_string(i));
    pongs += unmasked(kPong, "payload-" + std::to_string(i));
  }
  wire.feed(pings + masked(kPong, "nobody asked"));
  EXPECT_EQ(wire.take(), pongs);
  EXPECT_TRUE(handler.events.empty());
}

TEST_F(ConnectionTest, KeepsOnlyTheLatestPongOfAPeerThatDoesNotRead) {
  open();
  wire.accept = 0;
  for (int i = 0; i < 100'000; ++i) wire.feed(masked(kPing, "number " + std::to_string(i)));
  EXPECT_LT(connection->pending(), 70'000u);
  wire.drain();
  const std::vector<WireFrame> pongs = sent();
  EXPECT_EQ(pongs.at(0).payload, "number 0");
  EXPECT_EQ(pongs.back().payload, "number 99999");
  EXPECT_LT(pongs.size(), 10'000u);
  EXPECT_EQ(handler.events, (Events{"drained"}));
  // And back to normal.
  wire.feed(masked(kPing, "a") + masked(kPing, "b"));
  EXPECT_EQ(wire.take(), unmasked(kPong, "a") + unmasked(kPong, "b"));
}

TEST_F(ConnectionTest, AnswersPingsBehindMessagesThatWait) {
  open();
  wire.accept = 0;
  connection->send(Opcode::kText, std::string(1'000'000, 'x'));
  wire.feed(masked(kPing, "first") + masked(kPing, "second"));
  wire.drain();
  const std::vector<WireFrame> frames = sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].opcode, kPong);
  EXPECT_EQ(frames[1].payload, "second");
}

TEST_F(ConnectionTest, SendsNoOlderPongBehindANewerOne) {
  open();
  wire.accept = 0;
  connection->send(Opcode::kText, std::string(100'000, 'x'));
  wire.feed(masked(kPing, "old"));
  wire.held.resize(10);  // the kernel has taken some, not all
  wire.feed(masked(kPing, "new"));
  wire.take();
  wire.drain();
  EXPECT_EQ(wire.take().substr(10), unmasked(kPong, "new"));
}

TEST_F(ConnectionTest, ChangesHandlersInsideACallback) {
  Recorder second;
  open();
  handler.on_message = [&](std::span<char>) { connection->set_handler(&second); };
  wire.feed(masked(kText, "one") + masked(kText, "two"));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  EXPECT_EQ(second.events, (Events{"text:two"}));
}

TEST_F(ConnectionTest, TellsWhenEverythingHasDrained) {
  open();
  wire.accept = 3;
  connection->send(Opcode::kText, "Hello");
  EXPECT_EQ(connection->pending(), 4u);
  wire.drain();
  EXPECT_EQ(connection->pending(), 0u);
  EXPECT_EQ(handler.events, (Events{"drained"}));
}

TEST_F(ConnectionTest, EchoesSixteenMegabytes) {
  options.max_message = 16 << 20;
  open();
  handler.on_message = [&](std::span<char> payload) {
    handler.events.clear();
    connection->send(Opcode::kBinary, {payload.data(), payload.size()});
  };
  std::string text;
  for (size_t i = 0; i < 16u << 20; ++i) text += static_cast<char>(i * i >> 3);
  const std::string input = masked(kBinary, text);
  for (size_t at = 0; at < input.size(); at += 65'536) wire.feed(input.substr(at, 65'536));
  EXPECT_EQ(wire.take(), unmasked(kBinary, text));
}

TEST(PeerConnectionSize, IsSmallWhileIdle) { EXPECT_LE(sizeof(PeerConnection), 120u); }

}  // namespace
}  // namespace matchbus::ws

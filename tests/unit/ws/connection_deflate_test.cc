// Compression as it was negotiated (RFC 7692).
#include "unit/ws/connection_fixture.h"
#include "ws/unfinished.h"

namespace matchbus::ws {
namespace {

TEST_F(ConnectionTest, CompressesFromTheThresholdOn) {
  open("permessage-deflate");
  EXPECT_TRUE(connection->deflate_negotiated());
  EXPECT_FALSE(connection->history_negotiated());
  connection->send(Opcode::kText, std::string(1023, 'a'));
  connection->send(Opcode::kText, std::string(1024, 'a'));
  const std::vector<WireFrame> frames = sent();
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].rsv, 0);
  EXPECT_EQ(frames[0].payload, std::string(1023, 'a'));
  EXPECT_EQ(frames[1].rsv, kRsv1);
  EXPECT_LT(frames[1].payload.size(), 50u);
  EXPECT_EQ(test::PeerInflate().message(frames[1].payload), std::string(1024, 'a'));
}

TEST_F(ConnectionTest, SendsPlainWhatCompressionWouldMakeLonger) {
  open("permessage-deflate");
  std::string noise;
  uint32_t state = 1;
  for (int i = 0; i < 2000; ++i) noise += static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  connection->send(Opcode::kBinary, noise);
  const std::vector<WireFrame> frames = sent();
  EXPECT_EQ(frames.at(0).rsv, 0);
  EXPECT_EQ(frames.at(0).payload, noise);
}

TEST_F(ConnectionTest, EncodesOnceWithCompression) {
  const std::string text(5000, 'c');
  const Bytes frame = context->encode_deflated(Opcode::kText, text, 3);
  const std::vector<WireFrame> frames = decode_frames(frame.view());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].rsv, kRsv1);
  EXPECT_FALSE(frames[0].masked);
  EXPECT_EQ(test::PeerInflate().message(frames[0].payload), text);
}

TEST_F(ConnectionTest, KeepsToTheWindowAsked) {
  open("permessage-deflate; server_max_window_bits=9");
  EXPECT_FALSE(connection->deflate_negotiated());  // frames encoded once have the full window
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i % 700);
  connection->send(Opcode::kText, text);
  const std::vector<WireFrame> frames = sent();
  EXPECT_EQ(frames.at(0).rsv, kRsv1);
  EXPECT_EQ(test::PeerInflate(9).message(frames.at(0).payload), text);
}

TEST_F(ConnectionTest, SendsPlainFramesForAWindowItCannotKeepTo) {
  open("permessage-deflate; server_max_window_bits=8");
  EXPECT_NE(response.find("server_max_window_bits=8"), std::string::npos);
  connection->send(Opcode::kText, std::string(5000, 'a'));
  EXPECT_EQ(wire.take(), unmasked(kText, std::string(5000, 'a')));
  wire.feed(masked(kText, deflate_message("in"), true, kRsv1));
  EXPECT_EQ(handler.events, (Events{"text:in"}));
}

TEST_F(ConnectionTest, KnowsWhetherHistoryMayBeShared) {
  options.shared_history = true;
  open("permessage-deflate; client_max_window_bits");
  EXPECT_TRUE(connection->history_negotiated());
  connection.reset();
  wire = {};
  open("permessage-deflate; server_no_context_takeover");
  EXPECT_FALSE(connection->history_negotiated());
  EXPECT_TRUE(connection->deflate_negotiated());
  connection.reset();
  wire = {};
  open("permessage-deflate; server_max_window_bits=14");
  EXPECT_FALSE(connection->history_negotiated());
  connection.reset();
  wire = {};
  open();
  EXPECT_FALSE(connection->history_negotiated());
}

TEST_F(ConnectionTest, NothingElseEntersAWindowThatIsShared) {
  options.shared_history = true;
  open("permessage-deflate");
  const std::string text(5'000, 'a');
  connection->send(Opcode::kText, text);
  EXPECT_EQ(wire.take(), unmasked(kText, text));
  connection.reset();
  wire = {};
  open("permessage-deflate; server_no_context_takeover");
  connection->send(Opcode::kText, text);
  EXPECT_LT(wire.take().size(), 100u);
}

TEST_F(ConnectionTest, RefusesCompressedFramesThatWereNotNegotiated) {
  open();
  wire.feed(masked(kText, deflate_message("x"), true, kRsv1));
  EXPECT_EQ(sent().at(0).payload.substr(0, 2), close_body(kProtocolError));
}

TEST_F(ConnectionTest, ReadsCompressedMessagesHoweverManyAreUnfinished) {
  constexpr size_t kOthers = 1'200;
  std::vector<FakeStreamState> wires(kOthers);
  std::vector<std::unique_ptr<Connection>> others;
  const std::string half = masked(kText, deflate_message("a longer text").substr(0, 5), false, kRsv1);
  for (FakeStreamState& other : wires) {
    others.push_back(
        Connection::accept(*context, loop, request("permessage-deflate"), FakeStream::make(other), options));
    others.back()->start({});
    other.feed(half);
  }
  EXPECT_EQ(context->unfinished().stats().messages, kOthers);
  open("permessage-deflate");
  wire.feed(masked(kText, deflate_message("hello"), true, kRsv1));
  EXPECT_EQ(handler.events, (Events{"text:hello"}));
  others.clear();
  EXPECT_EQ(context->unfinished().stats().messages, 0u);
  EXPECT_EQ(context->unfinished().stats().bytes, 0u);
}

}  // namespace
}  // namespace matchbus::ws

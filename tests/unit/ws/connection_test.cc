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

TEST_F(ConnectionTest, EchoesAPeersClose) {
  open();
  wire.feed(masked(kClose, close_body(1000, "bye")) + masked(kText, "too late"));
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1000)));
  EXPECT_TRUE(wire.finished);
  EXPECT_FALSE(connection->is_open());
  EXPECT_TRUE(handler.events.empty());  // the close frame is still to be sent
  wire.feed(masked(kText, "later still"));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1000:bye"}));
}

TEST_F(ConnectionTest, EchoesACloseWithoutACode) {
  open();
  wire.feed(masked(kClose, ""));
  EXPECT_EQ(wire.take(), unmasked(kClose, ""));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1005:"}));
}

TEST_F(ConnectionTest, ClosesAndWaitsForThePeer) {
  open();
  connection->close(kGoingAway, "moving house");
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1001, "moving house")));
  EXPECT_FALSE(connection->is_open());
  EXPECT_FALSE(wire.finished);
  connection->send(Opcode::kText, "unsent");
  connection->ping("unsent");
  connection->close(kNormal, "again");
  wire.feed(masked(kText, "crossed on the way") + masked(kPing, "") + masked(kClose, close_body(1001)));
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.finished);
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1001:"}));
  pass(60'000);
  EXPECT_EQ(handler.events.size(), 1u);
}

TEST_F(ConnectionTest, DropsAPeerThatNeverAnswersAClose) {
  options.close_timeout_ms = 3000;
  open();
  connection->close(kNormal, "");
  pass(2900);
  EXPECT_FALSE(wire.aborted);
  pass(200);
  EXPECT_TRUE(wire.aborted);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
}

TEST_F(ConnectionTest, TellsOfAConnectionThatBreaks) {
  open();
  wire.close(net::CloseReason::kError);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
  EXPECT_FALSE(connection->is_open());
  connection->send(Opcode::kText, "unsent");
  connection->close(kNormal, "");
  EXPECT_EQ(wire.take(), "");
}

TEST_F(ConnectionTest, FailsOnProtocolErrorsWithTheirCode) {
  const std::vector<std::pair<std::string, uint16_t>> cases = {
      {masked(3, ""), kProtocolError},
      {unmasked(kText, "a"), kProtocolError},
      {masked(kText, "\xC0\x80"), kInvalidPayload},
      {masked(kText, std::string(2000, 'x')), kTooBig},
      {masked(kClose, close_body(1006)), kProtocolError},
      {masked(kClose, close_body(1000, "\xFF")), kInvalidPayload},
  };
  options.max_message = 1000;
  for (const auto& [bytes, code] : cases) {
    wire = {};
    handler.events.clear();
    open();
    wire.feed(masked(kText, "good") + bytes + masked(kText, "never read"));
    const std::vector<WireFrame> frames = sent();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].opcode, kClose);
    EXPECT_EQ(frames[0].payload.substr(0, 2), close_body(code)) << code;
    EXPECT_TRUE(wire.finished);
    wire.feed(masked(kText, "nor this"));
    wire.close(net::CloseReason::kLocal);
    EXPECT_EQ(handler.events, (Events{"text:good", "closed:1006:"}));
    connection.reset();
  }
  EXPECT_EQ(context->stats().protocol_errors, cases.size());
  EXPECT_FALSE(log.lines.empty());
}

TEST_F(ConnectionTest, FailsOnceOnlyAfterItsOwnClose) {
  open();
  connection->close(kNormal, "");
  wire.take();
  wire.feed(masked(3, ""));
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.finished);
  pass(60'000);
  EXPECT_FALSE(wire.aborted);
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
}

TEST_F(ConnectionTest, RefusesCompressedFramesThatWereNotNegotiated) {
  open();
  wire.feed(masked(kText, deflate_message("x"), true, kRsv1));
  EXPECT_EQ(sent().at(0).payload.substr(0, 2), close_body(kProtocolError));
}

TEST_F(ConnectionTest, MayBeDestroyedByItsHandler) {
  open();
  std::string seen;
  handler.on_message = [&](std::span<char> payload) {
    connection.reset();
    seen.assign(payload.data(), payload.size());  // the payload outlives the connection
  };
  wire.feed(masked(kText, "a message") + masked(kText, "another"));
  EXPECT_EQ(seen, "a message");
  EXPECT_EQ(handler.events.size(), 1u);
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ConnectionTest, MayBeDestroyedByItsHandlerInTheMiddleOfALargeRead) {
  open("permessage-deflate");
  handler.on_message = [&](std::span<char> payload) {
    connection.reset();
    payload[0] = 'x';
  };
  const std::string big = masked(kText, deflate_message(std::string(90'000, 'a')), true, kRsv1);
  wire.feed(big + big);
  EXPECT_EQ(handler.events.size(), 1u);
}

TEST_F(ConnectionTest, MayBeDestroyedWhenItEnds) {
  handler.on_closed = [this] { connection.reset(); };
  open();
  wire.feed(masked(kClose, close_body(1000, "reason")));
  wire.close(net::CloseReason::kLocal);
  EXPECT_EQ(handler.events, (Events{"closed:1000:reason"}));
  EXPECT_TRUE(wire.destroyed);

  wire = {};
  handler.events.clear();
  open();
  connection->close(kNormal, "");
  pass(10'000);
  EXPECT_EQ(handler.events, (Events{"closed:1006:"}));
  EXPECT_TRUE(wire.destroyed);
}

TEST_F(ConnectionTest, TellsNobodyWhenDestroyed) {
  open();
  connection->close(kNormal, "");
  connection.reset();
  pass(10'000);
  EXPECT_TRUE(handler.events.empty());
}

TEST_F(ConnectionTest, ChangesHandlersInsideACallback) {
  Recorder second;
  open();
  handler.on_message = [&](std::span<char>) { connection->set_handler(&second); };
  wire.feed(masked(kText, "one") + masked(kText, "two"));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  EXPECT_EQ(second.events, (Events{"text:two"}));
}

TEST_F(ConnectionTest, ClosesInsideACallback) {
  open();
  handler.on_message = [&](std::span<char>) { connection->close(kPolicy, "enough"); };
  wire.feed(masked(kText, "one") + masked(kText, "two") + masked(kClose, close_body(1008)));
  EXPECT_EQ(handler.events, (Events{"text:one"}));
  EXPECT_EQ(wire.take(), unmasked(kClose, close_body(1008, "enough")));
  EXPECT_TRUE(wire.finished);
}

TEST_F(ConnectionTest, HandsNothingOnWhilePaused) {
  open();
  handler.on_message = [&](std::span<char>) { connection->pause_reading(); };
  std::string input;
  Events expected;
  for (int i = 0; i < 50; ++i) {
    const std::string text = std::string(static_cast<size_t>(i) * 20, 'x') + std::to_string(i);
    input += masked(kText, text);
    expected.push_back("text:" + text);
  }
  wire.feed(input.substr(0, input.size() - 3));
  EXPECT_FALSE(wire.reading);
  for (size_t i = 1; i < 50; ++i) {
    ASSERT_EQ(handler.events.size(), i);
    connection->resume_reading();
    ASSERT_EQ(handler.events.size(), i) << "not inside the call";
    pass(10);
  }
  EXPECT_TRUE(wire.reading);
  wire.feed(input.substr(input.size() - 3));
  EXPECT_EQ(handler.events, expected);
}

TEST_F(ConnectionTest, KeepsTheOrderOfWhatArrivesWhileItCatchesUp) {
  open();
  handler.on_message = [&](std::span<char>) {
    connection->pause_reading();
    if (handler.events.size() == 2) wire.feed(masked(kText, "four"));
  };
  wire.feed(masked(kText, "one") + masked(kText, std::string(5000, '2')) + masked(kText, std::string(5000, '3')));
  for (int i = 0; i < 5; ++i) {
    connection->resume_reading();
    pass(10);
  }
  EXPECT_EQ(handler.events,
            (Events{"text:one", "text:" + std::string(5000, '2'), "text:" + std::string(5000, '3'), "text:four"}));
}

TEST_F(ConnectionTest, ResumesInsideTheSameCallback) {
  open();
  handler.on_message = [&](std::span<char>) {
    connection->pause_reading();
    connection->resume_reading();
  };
  wire.feed(masked(kText, "one") + masked(kText, "two"));
  EXPECT_EQ(handler.events, (Events{"text:one", "text:two"}));
  EXPECT_TRUE(wire.reading);
}

TEST_F(ConnectionTest, HearsThePeersCloseAlthoughPaused) {
  open();
  handler.on_message = [&](std::span<char>) { connection->pause_reading(); };
  wire.feed(masked(kText, "one") + masked(kText, "two") + masked(kClose, close_body(1000)));
  connection->close(kNormal, "");
  connection->pause_reading();
  pass(10);
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(handler.events, (Events{"text:one"}));
}

TEST_F(ConnectionTest, MayBeDestroyedWhilePaused) {
  open();
  handler.on_message = [&](std::span<char>) { connection->pause_reading(); };
  wire.feed(masked(kText, "one") + masked(kText, "two"));
  connection->resume_reading();
  connection.reset();
  pass(100);
  EXPECT_EQ(handler.events, (Events{"text:one"}));
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

TEST_F(ConnectionTest, ConnectionsShareAReaderWithoutMixingUpTheirBytes) {
  FakeStreamState other_wire;
  Recorder other_handler;
  open("permessage-deflate");
  std::unique_ptr<Connection> other =
      Connection::accept(*context, loop, request("permessage-deflate"), FakeStream::make(other_wire), options);
  other->set_handler(&other_handler);
  other->start({});
  const std::string a = deflate_message("the first connection's message, in two fragments");
  const std::string b = deflate_message("the second connection's, at the same time");
  const std::string wire_a = masked(kText, a.substr(0, 10), false, kRsv1) + masked(0, a.substr(10));
  const std::string wire_b = masked(kText, b.substr(0, 20), false, kRsv1) + masked(0, b.substr(20));
  for (size_t i = 0; i < std::max(wire_a.size(), wire_b.size()); ++i) {
    if (i < wire_a.size()) wire.feed(wire_a.substr(i, 1));
    if (i < wire_b.size()) other_wire.feed(wire_b.substr(i, 1));
  }
  EXPECT_EQ(handler.events, (Events{"text:the first connection's message, in two fragments"}));
  EXPECT_EQ(other_handler.events, (Events{"text:the second connection's, at the same time"}));
}

TEST_F(ConnectionTest, AHandlerMayFeedAnotherConnection) {
  FakeStreamState other_wire;
  Recorder other_handler;
  open();
  std::unique_ptr<Connection> other =
      Connection::accept(*context, loop, request(), FakeStream::make(other_wire), options);
  other->set_handler(&other_handler);
  other->start({});
  std::string after;
  handler.on_message = [&](std::span<char> payload) {
    other_wire.feed(masked(kText, "inner"));
    after.assign(payload.data(), payload.size());
  };
  wire.feed(masked(kText, "outer"));
  EXPECT_EQ(after, "outer");
  EXPECT_EQ(other_handler.events, (Events{"text:inner"}));
}

TEST_F(ConnectionTest, ReadsLaterWhatArrivesInsideItsOwnCallback) {
  open();
  handler.on_message = [&](std::span<char>) {
    if (handler.events.size() == 1) wire.feed(masked(kText, "three"));
  };
  wire.feed(masked(kText, "one") + masked(kText, "two"));
  pass(10);
  EXPECT_EQ(handler.events, (Events{"text:one", "text:two", "text:three"}));
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

TEST_F(ConnectionTest, FailsWhatLeavesAMessageUnfinished) {
  context = Context::create(loop, {.message_timeout_ms = 1'000, .max_unfinished = 0});
  open();
  wire.feed(masked(kText, "one") + masked(kText, "half", false));
  pass(900);
  wire.feed(masked(kPing, "still here"));  // does not count as going on
  EXPECT_FALSE(wire.finished);
  pass(150);
  EXPECT_EQ(decode_frames(wire.take()).back().payload.substr(0, 2), close_body(kPolicy));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(context->unfinished().stats().too_long, 1u);
  connection.reset();
}

TEST_F(ConnectionTest, GivesEveryMessageItsOwnTime) {
  context = Context::create(loop, {.message_timeout_ms = 1'000, .max_unfinished = 0});
  open();
  const std::string frame = masked(kText, "a message");
  wire.feed(frame.substr(0, 5));
  for (int i = 0; i < 5; ++i) {
    pass(700);
    wire.feed(frame.substr(5) + frame.substr(0, 5));  // never between two messages
  }
  EXPECT_EQ(handler.events.size(), 5u);
  EXPECT_FALSE(wire.finished);
  connection->pause_reading();  // nor is it late when it is we who do not read
  pass(5'000);
  EXPECT_FALSE(wire.finished);
  connection->resume_reading();
  pass(10);
  wire.feed(frame.substr(5));
  EXPECT_EQ(handler.events.size(), 6u);
  connection.reset();
}

TEST_F(ConnectionTest, FailsTheOldestUnfinishedMessageWhenAllHoldTooMuch) {
  context = Context::create(loop, {.message_timeout_ms = 0, .max_unfinished = 100'000});
  open();
  wire.feed(masked(kText, std::string(50'000, 'x'), false));
  FakeStreamState other_wire;
  std::unique_ptr<Connection> other =
      Connection::accept(*context, loop, request(), FakeStream::make(other_wire), options);
  Recorder other_handler;
  other->set_handler(&other_handler);
  other->start({});
  EXPECT_FALSE(wire.finished);
  other_wire.feed(masked(kText, std::string(50'000, 'x'), false));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(decode_frames(wire.take()).back().payload.substr(0, 2), close_body(kTryAgainLater));
  EXPECT_EQ(context->unfinished().stats().too_much, 1u);
  EXPECT_EQ(context->stats().protocol_errors, 0u);
  other_wire.feed(masked(kContinuation, ""));
  EXPECT_EQ(other_handler.events.size(), 1u);
  EXPECT_EQ(context->unfinished().stats().bytes, 0u);
  other.reset();
  connection.reset();
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

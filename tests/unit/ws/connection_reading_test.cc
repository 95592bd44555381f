// Reading: paused and resumed, with a reader that all connections share, and only so long and so much unfinished.
#include <algorithm>

#include "unit/ws/connection_fixture.h"
#include "ws/unfinished.h"

namespace matchbus::ws {
namespace {

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

}  // namespace
}  // namespace matchbus::ws

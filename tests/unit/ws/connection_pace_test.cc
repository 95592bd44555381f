// What one connection may ask of the server: time, and what its messages inflate to.
#include <uv.h>

#include "unit/ws/connection_fixture.h"

namespace matchbus::ws {
namespace {

// Every message uses up a piece of reading.
class PaceTest : public ConnectionTest {
 protected:
  void SetUp() override {
    context = Context::create(loop, {.message_timeout_ms = 1'000, .read_piece_us = 1});
    handler.on_message = [](std::span<char>) {
      for (const uint64_t begin = uv_hrtime(); uv_hrtime() - begin < 2'000;) {
      }
    };
  }
  static std::string messages(int from, int to) {
    std::string bytes;
    for (int i = from; i < to; ++i) bytes += masked(kText, std::to_string(i));
    return bytes;
  }
  static Events texts(int to) {
    Events events;
    for (int i = 0; i < to; ++i) events.push_back("text:" + std::to_string(i));
    return events;
  }
};

TEST_F(PaceTest, ReadsAPieceAndGoesOnInItsTurns) {
  open();
  wire.feed(messages(0, 10) + masked(kText, "10").substr(0, 3));
  EXPECT_EQ(handler.events, texts(1));
  EXPECT_FALSE(wire.reading);
  wire.feed(masked(kText, "10").substr(3) + messages(11, 20));  // what the kernel had given already
  EXPECT_EQ(handler.events, texts(1));
  pass(2'000);  // nor is a message late that waits for us
  for (int i = 0; i < 100 && handler.events.size() < 20; ++i) turn();
  EXPECT_EQ(handler.events, texts(20));
  turn();
  EXPECT_TRUE(wire.reading);
  EXPECT_FALSE(wire.finished);
}

TEST_F(PaceTest, WhoUsedUpAPieceWaitsWithWhatComesNext) {
  open();
  wire.feed(messages(0, 1));
  EXPECT_EQ(handler.events, texts(1));
  EXPECT_TRUE(wire.reading);
  wire.feed(messages(1, 2));
  EXPECT_EQ(handler.events, texts(1));
  turn();
  EXPECT_EQ(handler.events, texts(2));
  handler.on_message = nullptr;
  EXPECT_TRUE(wire.reading);
}

TEST_F(PaceTest, MayEndWhileItWaits) {
  open();
  wire.feed(messages(0, 3));
  connection.reset();
  turn();
  EXPECT_EQ(handler.events, texts(1));
  connection.reset();
  wire = {};
  handler.events.clear();
  open();
  wire.feed(messages(0, 3));
  wire.close();
  turn();
  EXPECT_EQ(handler.events, (Events{"text:0", "closed:1006:"}));
}

TEST_F(PaceTest, PausesWhileItWaits) {
  open();
  wire.feed(messages(0, 3));
  connection->pause_reading();
  pass(5'000);
  EXPECT_EQ(handler.events, texts(1));
  connection->resume_reading();
  EXPECT_EQ(handler.events, texts(1));
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_EQ(handler.events, texts(3));
  wire.feed(messages(3, 5));
  connection->pause_reading();
  connection->resume_reading();
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_EQ(handler.events, texts(5));
  EXPECT_TRUE(wire.reading);
}

TEST_F(PaceTest, IsAdmittedWhileItWaits) {
  open();
  wire.feed(messages(0, 3));
  connection->admit(net::Standing::kTrusted);
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_EQ(handler.events, texts(3));
}

TEST_F(ConnectionTest, StrangersSendSmallMessages) {
  options.max_first = 100;
  open();
  wire.feed(masked(kText, std::string(100, 'a')));
  EXPECT_EQ(handler.events.size(), 1U);
  connection->admit(net::Standing::kTrusted);
  wire.feed(masked(kText, std::string(101, 'a')));
  EXPECT_EQ(handler.events.size(), 2U);
  connection.reset();
  wire = {};
  open();
  handler.on_message = [&](std::span<char>) {
    connection->admit(net::Standing::kTrusted);
  };  // from the next message on
  wire.feed(masked(kText, "logon") + masked(kText, std::string(5'000, 'a')));
  EXPECT_EQ(handler.events.size(), 4U);
  connection.reset();
  wire = {};
  open();
  wire.feed(masked(kText, std::string(101, 'a')));
  EXPECT_EQ(sent().back().payload.substr(0, 2), close_body(kTooBig));
}

// What is corrupt would be told.
TEST_F(ConnectionTest, InflatesNothingForWhoIsToGo) {
  open("permessage-deflate");
  connection->close(4401, "no token");
  wire.take();
  wire.feed(masked(kText, "no deflate stream at all", true, kRsv1) + masked(kText, std::string(2'000'000, 'a')) +
            masked(kPing, "ping"));
  EXPECT_EQ(context->stats().protocol_errors, 0U);
  EXPECT_FALSE(wire.finished);
  wire.feed(masked(kClose, close_body(4401)));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(handler.events, Events{});
}

TEST_F(ConnectionTest, WaitsForWhatInflatesTooFast) {
  context = Context::create(loop, {.max_inflate_rate = 1'000'000});
  open("permessage-deflate");
  const std::string small = masked(kText, deflate_message(std::string(60'000, 'a')), true, kRsv1);
  const std::string large = masked(kText, deflate_message(std::string(500'000, 'a')), true, kRsv1);
  wire.feed(small);
  wire.feed(large);
  EXPECT_EQ(handler.events.size(), 2U);
  EXPECT_FALSE(wire.reading);
  wire.feed(small);
  pass(490);
  EXPECT_EQ(handler.events.size(), 2U);
  pass(30);
  EXPECT_EQ(handler.events.size(), 3U);
  EXPECT_TRUE(wire.reading);
  wire.feed(large);
  connection->admit(net::Standing::kTrusted);
  connection.reset();  // while it rests
  pass(1'000);
  EXPECT_EQ(handler.events.size(), 4U);
}

TEST_F(ConnectionTest, RefusesWhatInflatesTooFar) {
  context = Context::create(loop, {.max_inflate_ratio = 250});
  open("permessage-deflate");
  wire.feed(masked(kText, deflate_message(std::string(65'536, 'a')), true, kRsv1));
  std::string text;  // about 10 to one
  for (int i = 0; i < 20'000; ++i) text += "{\"name\":\"" + std::to_string(i % 100) + "\"}";
  wire.feed(masked(kText, deflate_message(text), true, kRsv1));
  EXPECT_EQ(handler.events.size(), 2U);
  wire.feed(masked(kText, deflate_message(std::string(900'000, 'a')), true, kRsv1));
  EXPECT_EQ(handler.events.size(), 2U);
  EXPECT_EQ(sent().back().payload.substr(0, 2), close_body(kTooBig));
  connection.reset();
  wire = {};
  open("permessage-deflate");
  connection->admit(net::Standing::kTrusted);
  wire.feed(masked(kText, deflate_message(std::string(900'000, 'a')), true, kRsv1));
  EXPECT_EQ(handler.events.size(), 3U) << "of a client that is known much may be alike";
}

}  // namespace
}  // namespace matchbus::ws

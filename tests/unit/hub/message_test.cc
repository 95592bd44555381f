// Which form a connection gets, that each is made once, and that receivers with a zlib window of their own can read
// what was compressed for all of them together.
#include "hub/message.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace matchbus::hub {
namespace {

class QuietLog final : public Log {
 public:
  using Log::Log;
  void emit(LogLevel, std::string_view) override {}
};

// A connection whose client decompresses as browsers do: one inflater for its whole life, or one for each message.
class Receiver final : public ws::Connection {
 public:
  enum class Kind : uint8_t { kPlain, kNoHistory, kHistory };
  explicit Receiver(Kind kind) : kind_(kind) { inflateInit2(&stream_, -15); }
  ~Receiver() override { inflateEnd(&stream_); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  void send_frame(Bytes frame) override {
    const auto* bytes = reinterpret_cast<const uint8_t*>(frame.data());
    const size_t head = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;
    std::string payload(frame.view().substr(head));
    last_size = frame.size();
    last_compressed = (bytes[0] & 0x40) != 0;
    if (last_compressed) payload = inflate_message(payload);
    got.push_back(std::move(payload));
  }
  void set_handler(ws::Handler*) override {}
  void start(std::span<char>) override {}
  void send(ws::Opcode, std::string_view) override {}
  void ping(std::string_view) override {}
  void close(uint16_t, std::string_view) override {}
  void flush() override {}
  size_t pending() const override { return 0; }
  void pause_reading() override {}
  void resume_reading() override {}
  void admit(net::Standing) override {}
  bool deflate_negotiated() const override { return kind_ != Kind::kPlain; }
  bool history_negotiated() const override { return kind_ == Kind::kHistory; }
  bool is_open() const override { return true; }
  std::string peer_address() const override { return {}; }

  void take(const Message& message) { window = message.send(*this, window); }

  std::vector<std::string> got;
  size_t last_size = 0;
  bool last_compressed = false;
  uint64_t window = 0;

 private:
  std::string inflate_message(std::string payload) {
    if (kind_ == Kind::kNoHistory) inflateReset(&stream_);
    payload.append("\x00\x00\xff\xff", 4);
    std::string text(200'000, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(payload.data());
    stream_.avail_in = static_cast<uInt>(payload.size());
    stream_.next_out = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_out = static_cast<uInt>(text.size());
    const int result = ::inflate(&stream_, Z_SYNC_FLUSH);
    EXPECT_TRUE(result == Z_OK) << result;
    text.resize(text.size() - stream_.avail_out);
    return text;
  }
  Kind kind_;
  z_stream stream_{};
};
using Kind = Receiver::Kind;

class MessageTest : public testing::Test {
 protected:
  MessageTest() : log_(clock_), loop_(clock_, log_), ws_(ws::Context::create(loop_)) {}

  Message message(std::string_view text) { return {{*ws_, 1024, 3, &stats_}, Bytes::copy(text)}; }
  // Text that compresses as badly as states of a match do on their own.
  std::string state(size_t size) {
    std::string text;
    while (text.size() < size)
      text += "\"key" + std::to_string(random_() % 1000) + "\":" + std::to_string(random_()) + ",";
    return text;
  }

  FakeClock clock_;
  QuietLog log_;
  net::Loop loop_;
  std::unique_ptr<ws::Context> ws_;
  EncodingStats stats_;
  std::mt19937 random_{5};
};

TEST_F(MessageTest, EachFormIsMadeOnce) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (int i = 0; i < 30; ++i) {
    receivers.push_back(std::make_unique<Receiver>(i % 3 == 0   ? Kind::kPlain
                                                   : i % 3 == 1 ? Kind::kNoHistory
                                                                : Kind::kHistory));
  }
  std::string text = state(14'000);
  Message first = message(text);
  first.set_history(1, nullptr);
  for (auto& receiver : receivers) receiver->take(first);
  EXPECT_EQ(stats_.plain, 1U);
  EXPECT_EQ(stats_.deflated, 1U);
  EXPECT_EQ(stats_.shared, 0U);
  text[7'000] = '!';
  Message second = message(text);
  second.set_history(2, &first);
  for (auto& receiver : receivers) {
    receiver->take(second);
    EXPECT_EQ(receiver->got.back(), text);
  }
  EXPECT_EQ(stats_.plain, 2U);
  EXPECT_EQ(stats_.deflated, 2U);
  EXPECT_EQ(stats_.shared, 1U);
  EXPECT_FALSE(receivers[0]->last_compressed);
  EXPECT_GT(receivers[1]->last_size, 2'000U);
  EXPECT_LT(receivers[2]->last_size, 400U) << "only what is new";
}

TEST_F(MessageTest, NothingIsMadeThatNobodyNeeds) {
  const Message unused = message(state(5'000));
  EXPECT_EQ(stats_.plain + stats_.deflated + stats_.shared, 0U);
}

TEST_F(MessageTest, WhatIsSmallStaysPlainAndOutOfTheWindow) {
  Receiver receiver(Kind::kHistory);
  Message first = message(state(3'000));
  first.set_history(1, nullptr);
  receiver.take(first);
  Message small = message("small");
  small.set_history(2, &first);
  receiver.take(small);
  EXPECT_FALSE(receiver.last_compressed);
  EXPECT_EQ(receiver.window, 1U);
}

TEST_F(MessageTest, AForeignCompressedMessageEndsTheHistory) {
  Receiver receiver(Kind::kHistory);
  Message first = message(state(3'000));
  first.set_history(1, nullptr);
  receiver.take(first);
  receiver.take(message(state(2'000)));  // of no history
  Message second = message(state(3'000));
  second.set_history(2, &first);
  receiver.take(second);
  EXPECT_EQ(receiver.got.back(), second.payload().view());
  EXPECT_EQ(stats_.shared, 0U);
}

TEST_F(MessageTest, AnEmptyMessageIsNobodysPast) {
  Message never_written({*ws_, 1024, 3, &stats_});
  never_written.set_history(1, nullptr);
  Message message_two = message(state(3'000));
  message_two.set_history(2, &never_written);
  Receiver receiver(Kind::kHistory);
  receiver.window = 1;  // cannot be
  receiver.take(message_two);
  EXPECT_EQ(stats_.shared, 0U);
}

TEST_F(MessageTest, WrittenAgainInTheSameMemory) {
  Receiver receiver(Kind::kPlain);
  Message reused({*ws_, 1024, 3, &stats_});
  const char* place = nullptr;
  for (int i = 0; i < 5; ++i) {
    const std::string text = state(3'000).substr(0, 3'000);
    reused.reset();
    EXPECT_TRUE(reused.empty());
    BytesWriter out(reused.spare());
    out.append(text);
    reused.assign(out.take());
    if (i > 0) {
      EXPECT_EQ(reused.payload().data(), place);
    }
    place = reused.payload().data();
    receiver.take(reused);
    EXPECT_EQ(receiver.got.back(), text);
  }
  // Somebody who still holds the bytes keeps them.
  const Bytes held = reused.payload();
  const std::string before(held.view());
  reused.reset();
  BytesWriter out(reused.spare());
  out.append("other");
  reused.assign(out.take());
  EXPECT_EQ(held.view(), before);
}

// Receivers that miss messages, get others in between, or are new, with messages of all sizes, also beyond the window.
TEST_F(MessageTest, RandomReceiversReadEverything) {
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<Receiver>> receivers;
    std::unique_ptr<Message> previous;
    std::string text = state(500 + random_() % 80'000);
    for (uint64_t number = 1; number <= 30; ++number) {
      if (random_() % 10 == 0) text = state(500 + random_() % 80'000);
      for (int i = 0; i < 5; ++i) text[random_() % text.size()] = static_cast<char>('a' + random_() % 26);
      auto next = std::make_unique<Message>(message(text));
      next->set_history(number, previous.get());
      if (random_() % 4 == 0) receivers.push_back(std::make_unique<Receiver>(static_cast<Kind>(random_() % 3)));
      for (auto& receiver : receivers) {
        if (random_() % 10 == 0) continue;
        if (random_() % 15 == 0) receiver->take(message(state(3'000)));
        receiver->take(*next);
        ASSERT_EQ(receiver->got.back(), text);
      }
      previous = std::move(next);
    }
  }
  EXPECT_GT(stats_.shared, 200U);
}

}  // namespace
}  // namespace matchbus::hub

#include "broker/redis_bounds.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <memory>
#include <string>

namespace matchbus::broker {
namespace {

class RedisBoundsTest : public ::testing::Test {
 protected:
  RedisBoundsTest() { start({}); }
  void start(RedisLimits limits) {
    reader_.reset();
    bounds_ = std::make_unique<RedisBounds>(limits, [this] { return is_awaited_; });
    reader_.reset(redisReaderCreate());
    bounds_->attach(*reader_);
  }
  enum class Result : uint8_t { kAnswer, kMore, kRefused };
  // What becomes of the answer that begins, or goes on, with `bytes`.
  Result feed(const std::string& bytes) {
    redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) return Result::kRefused;
    if (reply == nullptr) return Result::kMore;
    freeReplyObject(reply);
    return Result::kAnswer;
  }

  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  bool is_awaited_ = true;
  std::unique_ptr<RedisBounds> bounds_;
  std::unique_ptr<redisReader, Free> reader_;
};

TEST_F(RedisBoundsTest, UsualAnswersPass) {
  for (const char* answer : {"+PONG\r\n", "-ERR no\r\n", ":5\r\n", "$2\r\nab\r\n", "$0\r\n\r\n", "$-1\r\n", "*0\r\n",
                             "*-1\r\n", "*2\r\n$1\r\na\r\n:1\r\n", "*2\r\n*1\r\n$-1\r\n*0\r\n"})
    EXPECT_EQ(feed(answer), Result::kAnswer) << answer;
  EXPECT_EQ(bounds_->refusal(), "");
}

TEST_F(RedisBoundsTest, WhatIsAnnouncedIsRefusedBeforeAnythingIsMade) {
  for (const char* answer : {"*1000000000\r\n", "*2147483647\r\n", "*10001\r\n", "*2\r\n*1000000000\r\n",
                             "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*10000\r\n"}) {
    start({});
    EXPECT_EQ(feed(answer), Result::kRefused) << answer;
    EXPECT_EQ(bounds_->refusal(), "an answer is too large") << answer;
  }
  start({});
  EXPECT_EQ(feed("*10000\r\n"), Result::kMore);
}

TEST_F(RedisBoundsTest, ArraysWithinAnAnswerCountTogether) {
  start({.bytes = 10, .elements = 10});
  EXPECT_EQ(feed("*3\r\n*3\r\n:1\r\n:1\r\n:1\r\n*4\r\n"), Result::kMore);
  EXPECT_EQ(feed(":1\r\n:1\r\n:1\r\n:1\r\n*1\r\n"), Result::kRefused);
  // An answer of its own has a bound of its own.
  start({.bytes = 10, .elements = 10});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(feed("*2\r\n$4\r\nabcd\r\n$6\r\nabcdef\r\n"), Result::kAnswer);
  EXPECT_EQ(feed("*2\r\n$4\r\nabcd\r\n$7\r\nabcdefg\r\n"), Result::kRefused);
}

TEST_F(RedisBoundsTest, ATextWithoutAnEndIsNoticed) {
  start({.bytes = 10'000, .elements = 10});
  for (const char* begin : {"$4000000000\r\n", "+", "$", "*1\r\n$500000000\r\n"}) {
    start({.bytes = 10'000, .elements = 10});
    feed(begin);
    const std::string piece(16 * 1024, '1');
    int pieces = 0;
    // hiredis itself refuses a length of a thousand digits.
    while (bounds_->is_within(*reader_) && pieces < 100 && feed(piece) == Result::kMore) ++pieces;
    EXPECT_LE(pieces, 4) << begin;
  }
}

TEST_F(RedisBoundsTest, AnAnswerThatNobodyAskedForIsRefused) {
  is_awaited_ = false;
  for (const char* answer : {"+OK\r\n", "-ERR no\r\n", ":5\r\n", "$2\r\nab\r\n", "$-1\r\n", "*0\r\n", "*1\r\n"}) {
    start({});
    EXPECT_EQ(feed(answer), Result::kRefused) << answer;
    EXPECT_EQ(bounds_->refusal(), "an answer that nobody has asked for");
  }
}

}  // namespace
}  // namespace matchbus::broker

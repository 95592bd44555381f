#include "base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace matchbus {
namespace {

class MemoryLog final : public Log {
 public:
  using Log::Log;
  std::vector<std::pair<LogLevel, std::string>> lines;

 protected:
  void emit(LogLevel level, std::string_view text) override { lines.emplace_back(level, text); }
};

TEST(Log, WritesFromItsLevelUp) {
  const FakeClock clock;
  MemoryLog log(clock, LogLevel::kWarning);
  log.debug("a");
  log.info("b");
  log.warning("c");
  log.error("d");
  ASSERT_EQ(log.lines.size(), 2U);
  EXPECT_EQ(log.lines[0], std::pair(LogLevel::kWarning, std::string("c")));
  EXPECT_EQ(log.lines[1], std::pair(LogLevel::kError, std::string("d")));
  EXPECT_FALSE(log.enabled(LogLevel::kInfo));
  log.set_level(LogLevel::kOff);
  log.error("e");
  EXPECT_EQ(log.lines.size(), 2U);
}

TEST(Log, EscapesControlCharacters) {
  const FakeClock clock;
  MemoryLog log(clock);
  log.info(std::string_view("a\nb\x1b[31m\0\x7f\t\xc3\xa9", 13));
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(log.lines[0].second, "a\\x0ab\\x1b[31m\\x00\\x7f\\x09\xc3\xa9");
}

TEST(Log, LimitsATopicToOneLineASecond) {
  FakeClock clock;
  MemoryLog log(clock);
  for (int i = 0; i < 5; ++i) log.limited(LogLevel::kWarning, "bad packet", "from 192.0.2.1");
  log.limited(LogLevel::kWarning, "other topic", "x");
  ASSERT_EQ(log.lines.size(), 2U);
  clock.advance(999);
  log.limited(LogLevel::kWarning, "bad packet", "from 192.0.2.2");
  EXPECT_EQ(log.lines.size(), 2U);
  clock.advance(1);
  log.limited(LogLevel::kWarning, "bad packet", "from 192.0.2.3");
  ASSERT_EQ(log.lines.size(), 3U);
  EXPECT_EQ(log.lines[2].second, "from 192.0.2.3 (and 5 more like this)");
  clock.advance(1000);
  log.limited(LogLevel::kWarning, "bad packet", "from 192.0.2.4");
  EXPECT_EQ(log.lines[3].second, "from 192.0.2.4");
}

// Twenty observers that log on at the start of a tournament are twenty lines; twenty thousand are not.
TEST(Log, ATopicMayHaveSomeLinesAtOnce) {
  FakeClock clock;
  MemoryLog log(clock);
  for (int i = 0; i < 20'000; ++i) log.limited(LogLevel::kInfo, "logon", "somebody", 20);
  EXPECT_EQ(log.lines.size(), 20U);
  for (int second = 0; second < 10; ++second) {
    clock.advance(1'000);
    for (int i = 0; i < 100; ++i) log.limited(LogLevel::kInfo, "logon", "somebody", 20);
  }
  EXPECT_EQ(log.lines.size(), 30U);
  EXPECT_EQ(log.lines[20].second, "somebody (and 19980 more like this)");
  clock.advance(60'000);
  for (int i = 0; i < 100; ++i) log.limited(LogLevel::kInfo, "logon", "somebody", 20);
  EXPECT_EQ(log.lines.size(), 50U);
}

TEST(Log, TopicsAreBounded) {
  FakeClock clock;
  MemoryLog log(clock);
  for (size_t i = 0; i < 5 * Log::kMaxTopics; ++i) log.limited(LogLevel::kInfo, std::to_string(i), "x");
  EXPECT_EQ(log.lines.size(), Log::kMaxTopics + 1);
}

TEST(Log, WhatIsNotEnabledDoesNotCountAsLeftOut) {
  FakeClock clock;
  MemoryLog log(clock, LogLevel::kInfo);
  log.limited(LogLevel::kDebug, "topic", "a");
  log.limited(LogLevel::kInfo, "topic", "b");
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_EQ(log.lines[0].second, "b");
}

TEST(Log, LinesOnStandardErrorCarryTimeAndLevel) {
  const FakeClock clock;
  Log log(clock);
  testing::internal::CaptureStderr();
  log.warning("hello");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "2023-11-14T22:13:20.000Z warning hello\n");
}

}  // namespace
}  // namespace matchbus

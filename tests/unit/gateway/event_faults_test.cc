#include "gateway/event_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "match/event.h"
#include "match/reducer.h"

namespace matchbus::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EventFaultsTest : public ::testing::Test {
 protected:
  class MemoryLog final : public Log {
   public:
    using Log::Log;
    std::vector<std::string> lines;

   private:
    void emit(LogLevel, std::string_view text) override { lines.emplace_back(text); }
  };

  void note(match::EventType type, const match::Outcome& outcome, std::string_view group = "G",
            match::Writer writer = match::Writer::kObserver) {
    match::Envelope event;
    event.writer = writer;
    event.type = type;
    event.observer = name_;
    faults_.note(group, "P", event, outcome);
  }
  void refuse(match::EventType type, std::string_view field, json::Type found, std::string_view group = "G") {
    note(type, {.verdict = match::Verdict::kRefused, .reason = field, .found = found}, group);
  }
  void ignore(match::EventType type, std::string_view field, json::Type found) {
    const match::FieldFault fault{field, found};
    note(type, {.ignored = {&fault, 1}});
  }
  void pass(int64_t ms) {
    for (; ms > 0; ms -= 100) {
      clock_.advance(100);
      timers_.advance(clock_.monotonic_ms());
    }
  }
  std::vector<std::string> said() { return std::exchange(log_.lines, {}); }

  std::string name_ = "me";
  FakeClock clock_;
  MemoryLog log_{clock_};
  TimerWheel timers_{clock_.monotonic_ms()};
  EventFaults faults_{clock_, timers_, log_};
};

TEST_F(EventFaultsTest, ABurstIsOneLine) {
  for (int i = 0; i < 10; ++i) refuse(match::EventType::kRoster, "startTeam", json::Type::kString);
  EXPECT_THAT(said(), IsEmpty());
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre("observer 'me' of group 'G': 10 roster events refused: startTeam is a text"));
  pass(300'000);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(EventFaultsTest, OneLineAMinuteTellsWhatCameMeanwhile) {
  refuse(match::EventType::kRoster, "startTeam", json::Type::kString);
  pass(1'100);
  EXPECT_EQ(said().size(), 1U);
  for (int second = 0; second < 59; ++second) {
    ignore(match::EventType::kScoreboard, "kills", json::Type::kArray);
    pass(1'000);
  }
  EXPECT_THAT(said(), IsEmpty());
  pass(2'000);
  EXPECT_THAT(said(), ElementsAre("observer 'me' of group 'G': kills is a list in 59 scoreboard events, of which "
                                  "the rest was applied"));
}

TEST_F(EventFaultsTest, WhatAClientLeavesOutIsSaidOnce) {
  for (int minute = 0; minute < 5; ++minute) {
    ignore(match::EventType::kScoreboard, "initialArmor", json::Type::kMissing);
    pass(60'000);
  }
  EXPECT_THAT(said(), ElementsAre(HasSubstr("initialArmor is missing in 1 scoreboard event,")));
  // With other news the number is told again.
  refuse(match::EventType::kRoster, "sixth player", json::Type::kMissing);
  pass(60'000);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("initialArmor is missing in 4 scoreboard events")));
}

TEST_F(EventFaultsTest, SendersHaveLinesOfTheirOwn) {
  refuse(match::EventType::kRoster, "playerId", json::Type::kNull, "A");
  refuse(match::EventType::kRoster, "playerId", json::Type::kNull, "B");
  note(match::EventType::kAuxScoreboard, {.verdict = match::Verdict::kRefused, .reason = "no room for more text"}, "M",
       match::Writer::kAuxiliary);
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre("auxiliary client 'P' of match 'M': 1 aux_scoreboard event refused: no room for more "
                                  "text",
                                  "observer 'me' of group 'A': 1 roster event refused: playerId is null",
                                  "observer 'me' of group 'B': 1 roster event refused: playerId is null"));
}

TEST_F(EventFaultsTest, ASenderIsOneWhateverItCallsItself) {
  for (int i = 0; i < 2'000; ++i) {
    name_ = "n" + std::to_string(i);
    refuse(match::EventType::kRoster, "playerId", json::Type::kMissing);
  }
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre("observer 'n0' of group 'G': 2000 roster events refused: playerId is missing"));
  refuse(match::EventType::kRoster, "playerId", json::Type::kMissing, "H");
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("group 'H'")));
}

TEST_F(EventFaultsTest, ANewSendersFirstLineDoesNotWaitForAnothersSecond) {
  refuse(match::EventType::kRoster, "playerId", json::Type::kMissing, "G");
  pass(1'100);
  refuse(match::EventType::kRoster, "playerId", json::Type::kMissing, "G");
  said();
  refuse(match::EventType::kRoster, "playerId", json::Type::kMissing, "H");
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("group 'H'")));
}

TEST_F(EventFaultsTest, AnIgnoredEventIsCalledThat) {
  const match::FieldFault fault{match::kWholeData, json::Type::kNumber};
  note(match::EventType::kAuxCypherCam,
       {.verdict = match::Verdict::kIgnored, .reason = "neither true nor false", .ignored = {&fault, 1}});
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre("observer 'me' of group 'G': 1 aux_cypher_cam event ignored: data is a number that "
                                  "makes no sense there"));
}

TEST_F(EventFaultsTest, CountsByTypeAndField) {
  ignore(match::EventType::kScoreboard, "kills", json::Type::kArray);
  ignore(match::EventType::kScoreboard, "kills", json::Type::kMissing);
  refuse(match::EventType::kRoster, "startTeam", json::Type::kString);
  note(match::EventType::kMap, {});
  note(match::EventType::kUnknown, {.verdict = match::Verdict::kIgnored, .reason = "unknown type"});
  EXPECT_THAT(faults_.ignored(), ElementsAre(std::pair(std::pair("scoreboard", "kills"), 2)));
  EXPECT_THAT(faults_.refused(), ElementsAre(std::pair(std::pair("roster", "startTeam"), 1)));
}

TEST_F(EventFaultsTest, ManySendersAreBounded) {
  for (size_t i = 0; i < EventFaults::kMaxSenders + 10; ++i)
    refuse(match::EventType::kRoster, "startTeam", json::Type::kString, std::to_string(i));
  pass(1'100);
  EXPECT_EQ(said().size(), 20U) << "all are counted, and some told";
  // Those that have been silent for long make room.
  pass(20 * 60'000);
  refuse(match::EventType::kRoster, "startTeam", json::Type::kString, "late");
  pass(1'100);
  EXPECT_THAT(said(), ElementsAre(HasSubstr("'late'")));
}

}  // namespace
}  // namespace matchbus::gateway

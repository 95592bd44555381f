// Journals as sources, and what is said about them.
#include "app/replay_journal.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "app/replay_check.h"
#include "json/document.h"
#include "match/logon.h"
#include "match/version_range.h"

namespace matchbus::app {
namespace {

constexpr const char* kHeader =
    R"({"type":"authenticate","clientVersion":"0.3.20","obsName":"Obs","groupCode":"A/B",)"
    R"("leftTeam":{"name":"L","tricode":"LFT","url":"l","attackStart":true,"colour":"#f00"},)"
    R"("rightTeam":{"name":"R\"x","tricode":"RGT","url":"r","attackStart":false},)"
    R"("toolsData":{"timeoutDuration":30,"own":[1,{"b":2}]},"serverVersion":"0.1.0","logStartTime":1000000})";

std::string journal(const std::string& rest = "") {
  return std::string(kHeader) + ",\n" +
         R"({"obsName":"Obs","groupCode":"A/B","type":"map","data":"Ascent","timestamp":1000500})" + ",\n" +
         R"({"playerId":"p1","matchId":"m1","type":"aux_health","data":55.5,"timestamp":1000700})" + ",\n" +
         R"({"groupCode":"A/B","type":"server_registered","data":true,"timestamp":1000750})" + ",\n" +
         R"({"obsName":"Obs","groupCode":"A/B","type":"score","data":{"team_0":1,"team_1":2},"timestamp":1000600})" +
         ",\n" +
         R"({"obsName":"Obs","groupCode":"A/B","type":"round_info",)"
         R"("data":{"roundPhase":"game_end","roundNumber":3},"timestamp":1060000})" +
         rest;
}

json::Value parse(json::Document& document, std::string& text) {
  EXPECT_TRUE(document.parse_in_place(text).ok()) << text;
  return document.root();
}

TEST(JournalSource, MakesALogonThatAServerTakes) {
  auto source = JournalSource::open(journal(), {"", "the \"key\"", ""});
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::string text = (*source)->logon();
  json::Document document;
  const json::Value root = parse(document, text);
  const auto logon =
      match::read_observer_logon(root, match::VersionRange::parse(match::VersionRange::kDefault).value());
  ASSERT_TRUE(logon.ok()) << logon.error().message;
  EXPECT_EQ(logon->key, "the \"key\"");
  EXPECT_EQ(logon->group_code, "A/B");
  EXPECT_EQ(logon->observer_name, "Obs");
  EXPECT_EQ(logon->left, (match::TeamSetup{"L", "LFT", "l", true, R"("colour":"#f00")"}));
  EXPECT_EQ(logon->right, (match::TeamSetup{"R\"x", "RGT", "r", false}));
  EXPECT_EQ(logon->tools, R"({"timeoutDuration":30,"own":[1,{"b":2}]})");
  EXPECT_FALSE(root["serverVersion"].exists());
}

TEST(JournalSource, TellsAVersionThatServersTakeForOneThatTheyNoLongerDo) {
  for (const auto& [recorded, told] : {std::pair("0.3.20", "0.3.20"), {"0.2.9", "0.3.24"}, {"newest", "0.3.24"}}) {
    auto source = JournalSource::open("{\"clientVersion\":\"" + std::string(recorded) +
                                          "\",\"playerName\":\"O\",\"teamName\":\"T\"}\r\n"
                                          "{\"playerName\":\"O\",\"teamName\":\"T\",\"type\":\"map\",\"data\":\"Jam\","
                                          "\"timestamp\":1}\r\n",
                                      {"", "k", ""});
    ASSERT_TRUE(source.ok()) << source.error().message;
    std::string text = (*source)->logon();
    json::Document document;
    EXPECT_EQ(parse(document, text)["clientVersion"].string(), told);
  }
}

TEST(JournalSource, MayPlayUnderAnotherName) {
  auto source = JournalSource::open(journal(), {"OTHER", "k", "0.3.24"});
  ASSERT_TRUE(source.ok());
  std::string text = (*source)->logon();
  json::Document document;
  EXPECT_EQ(parse(document, text)["groupCode"].string(), "OTHER");
  EXPECT_EQ(document.root()["clientVersion"].string(), "0.3.24");
  std::string event((*source)->next()->text);
  EXPECT_EQ(parse(document, event)["groupCode"].string(), "OTHER");
}

TEST(JournalSource, GivesEventsAsAnObserverWouldSendThem) {
  auto source = JournalSource::open(journal(), {});
  ASSERT_TRUE(source.ok());
  for (int round = 0; round < 2; ++round) {
    auto event = (*source)->next();
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->at_ms, 500);
    EXPECT_EQ(event->type, "map");
    EXPECT_EQ(event->text, R"({"obsName":"Obs","groupCode":"A/B","type":"map","data":"Ascent"})");
    event = (*source)->next();
    EXPECT_EQ(event->at_ms, 700);
    EXPECT_EQ(event->text,
              R"({"obsName":"Obs","playerId":"p1","groupCode":"A/B","matchId":"m1","type":"aux_health","data":55.5})");
    event = (*source)->next();
    EXPECT_EQ(event->type, "score") << "the server's own events are left out";
    EXPECT_EQ(event->at_ms, 700) << "time does not run backwards";
    event = (*source)->next();
    EXPECT_EQ(event->at_ms, 60'000);
    EXPECT_FALSE((*source)->next().has_value());
    EXPECT_EQ((*source)->error(), "");
    (*source)->restart(1);
  }
}

TEST(JournalSource, PlaysUpToATornEnd) {
  auto source = JournalSource::open(journal(",\n{\"obsName\":\"Ob"), {});
  ASSERT_TRUE(source.ok());
  int events = 0;
  while ((*source)->next()) ++events;
  EXPECT_EQ(events, 4);
  EXPECT_EQ((*source)->error(), "");
}

TEST(JournalSource, TellsOfABrokenMiddle) {
  auto source =
      JournalSource::open(journal(",\nnonsense,\n"
                                  R"({"obsName":"Obs","groupCode":"A/B","type":"map","data":"x","timestamp":1060001})"),
                          {});
  ASSERT_TRUE(source.ok());
  int events = 0;
  while ((*source)->next()) ++events;
  EXPECT_EQ(events, 4);
  EXPECT_EQ((*source)->error(), "line 7 is no event");
}

TEST(JournalSource, RefusesWhatIsNoJournal) {
  for (const char* text : {"", "\n", "[]", "{}", "{\"a\":1", "#!/bin/sh\n"})
    EXPECT_FALSE(JournalSource::open(text, {}).ok()) << text;
}

std::string logon_of(const JournalSource& source, const char* member) {
  std::string text = source.logon();
  json::Document document;
  return std::string(parse(document, text)[member].string().value_or("(no text)"));
}

TEST(JournalSource, PlaysWhatOthersHaveRecorded) {
  const std::string text =
      "[\r\n{\"version\":\"0.1\"},\r\n"
      R"({"playerName":"Old","teamName":"TEAM","type":"map","data":"Jam","timestamp":500,"seq":[7],"key":"k"},)"
      R"({"type":"score","data":{"team_0":1,"team_1":0,"why":"x"},"timestamp":600}])";
  auto source = JournalSource::open(text, {});
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ(logon_of(**source, "groupCode"), "TEAM");
  EXPECT_EQ(logon_of(**source, "obsName"), "Old");
  const std::string version = logon_of(**source, "clientVersion");
  EXPECT_TRUE(match::VersionRange::parse(match::VersionRange::kDefault).value().contains(version)) << version;
  auto event = (*source)->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->text, R"({"obsName":"Old","groupCode":"TEAM","type":"map","data":"Jam","seq":[7]})");
  EXPECT_EQ(event->at_ms, 0);
  event = (*source)->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->text,
            R"({"obsName":"Old","groupCode":"TEAM","type":"score","data":{"team_0":1,"team_1":0,"why":"x"}})");
  EXPECT_EQ(event->at_ms, 100);
  EXPECT_FALSE((*source)->next());
  EXPECT_EQ((*source)->error(), "");
}

TEST(JournalSource, NeedsAGroupCodeFromSomewhere) {
  const char* const text = R"({"obsName":"O","type":"map","data":"Jam","timestamp":1})";
  const auto without = JournalSource::open(text, {});
  ASSERT_FALSE(without.ok());
  EXPECT_NE(without.error().message.find("--group"), std::string::npos);
  const auto with = JournalSource::open(text, {"G", "", "0.3.9"});
  ASSERT_TRUE(with.ok());
  EXPECT_EQ(logon_of(**with, "groupCode"), "G");
  EXPECT_EQ(logon_of(**with, "clientVersion"), "0.3.9");
}

TEST(ReadWholeFile, ReadsOrTellsWhyNot) {
  const std::string path = testing::TempDir() + "replay_journal_test_file";
  const std::string content = std::string(300'000, 'x') + '\0' + "end";
  std::ofstream(path, std::ios::binary) << content;
  const auto read = read_whole_file(path);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, content);
  EXPECT_TRUE(read_whole_file(path, content.size()).ok());
  const auto large = read_whole_file(path, content.size() - 1);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.error().message, path + ": larger than 300003 bytes");
  std::remove(path.c_str());
  const auto missing = read_whole_file(path);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, path + ": No such file or directory");
  EXPECT_FALSE(read_whole_file(testing::TempDir()).ok());
}

TEST(ExamineJournal, TellsWhatIsInIt) {
  const JournalReport report = examine_journal(journal());
  EXPECT_EQ(report.group_code, "A/B");
  EXPECT_EQ(report.teams[1], "R\"x (RGT)");
  EXPECT_EQ(report.map, "Ascent");
  EXPECT_EQ(report.rounds, 3);
  EXPECT_EQ(report.score[0], 1);
  EXPECT_EQ(report.score[1], 2);
  EXPECT_EQ(report.events, 5U);
  EXPECT_EQ(report.server_events, 1U);
  EXPECT_EQ(report.events_by_type.at("score"), 1U);
  EXPECT_EQ(report.length_ms, 60'000);
  EXPECT_TRUE(report.ended);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(report.remarks, (std::vector<std::string>{"1 events with a time before that of an earlier one"}));
  EXPECT_EQ(judge_journal(report), "remark: 1 events with a time before that of an earlier one\nsound: 5 events\n");
  const std::string text = describe_journal(report);
  EXPECT_NE(text.find("teams           L (LFT) and R\"x (RGT)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("recorded        1970-01-01T00:16:40Z, 0:01:00 long\n"), std::string::npos) << text;
  EXPECT_NE(text.find("score           1:2 in 3 rounds\n"), std::string::npos) << text;
}

TEST(ExamineJournal, FindsWhatIsWrong) {
  const JournalReport torn = examine_journal(journal(",\n{\"obs"));
  ASSERT_EQ(torn.problems.size(), 1U);
  EXPECT_EQ(torn.problems[0], "the last entry is torn: " + std::to_string(journal().size()) + " of " +
                                  std::to_string(journal().size() + 7) + " bytes are good");
  EXPECT_TRUE(judge_journal(torn).ends_with("not sound\n"));

  const JournalReport nothing = examine_journal("");
  EXPECT_EQ(nothing.problems, (std::vector<std::string>{"there is neither a logon nor an event in it"}));
  EXPECT_NE(describe_journal(nothing).find("events          0"), std::string::npos);

  std::string leaky = journal();
  leaky.insert(1, R"("key":"k","groupSecret":"s",)");
  EXPECT_EQ(examine_journal(leaky).problems,
            (std::vector<std::string>{"the header holds 'key'", "the header holds 'groupSecret'"}));
}

TEST(ExamineJournal, KnowsJournalsOfOthers) {
  const std::string foreign = std::string("[\n{\"version\":1},\n") +
                              R"({"playerName":"O","teamName":"T","type":"map","data":"Jam","timestamp":1000},)" +
                              R"({"note":1},{"playerName":"O","teamName":"T","type":"x","data":1,"timestamp":3000}])";
  const JournalReport report = examine_journal(foreign);
  EXPECT_EQ(report.problems, std::vector<std::string>{});
  EXPECT_EQ(report.group_code, "T");
  EXPECT_EQ(report.observer, "O");
  EXPECT_EQ(report.map, "Jam");
  EXPECT_EQ(report.events, 2U);
  EXPECT_EQ(report.length_ms, 2'000);
  EXPECT_EQ(report.remarks,
            (std::vector<std::string>{"1 events of unknown types", "1 entries that are no events",
                                      "not as this server writes journals: it can be played, but not brought back",
                                      "the match has not ended"}));
  EXPECT_NE(describe_journal(report).find("observer        O, client version not told\n"), std::string::npos);
  EXPECT_EQ(examine_journal(foreign.substr(0, foreign.size() - 2)).problems,
            (std::vector<std::string>{"the last entry is torn"}));
  EXPECT_EQ(examine_journal("{\"version\":1},\n{\"type\":\"authenticate\",\"groupCode\":\"T\",\"key\":\"k\"}").problems,
            (std::vector<std::string>{"line 2 holds 'key'"}));
}

TEST(ExamineJournal, FindsSecretsInEvents) {
  const std::string sound = std::string(kHeader) + ",\n" +
                            R"({"obsName":"key","groupCode":"G","type":"toast","data":["key"],"timestamp":1000001})";
  EXPECT_TRUE(examine_journal(sound).problems.empty());
  EXPECT_EQ(
      examine_journal(sound + ",\n" + R"({"obsName":"O","groupCode":"G","type":"x","data":1,"key":"k","timestamp":1})")
          .problems,
      (std::vector<std::string>{"line 3 holds 'key'"}));
  EXPECT_EQ(
      examine_journal(sound + ",\n" +
                      R"({"obsName":"O","groupCode":"G","type":"x","data":[{"a":{"groupSecret":"s"}}],"timestamp":1})")
          .problems,
      (std::vector<std::string>{"line 3 holds 'groupSecret'"}));
}

TEST(JournalSource, AClockThatWasSetMakesNoGap) {
  const auto source = JournalSource::open(std::string(kHeader) +
                                              R"(,
{"obsName":"O","groupCode":"G","type":"map","data":"Jam","timestamp":1000100},
{"groupCode":"G","type":"server_clock","data":3600000,"timestamp":4600150},
{"obsName":"O","groupCode":"G","type":"map","data":"Jam","timestamp":4600200})",
                                          {});
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->next()->at_ms, 100);
  EXPECT_EQ((*source)->next()->at_ms, 200);
  (*source)->restart(1);
  EXPECT_EQ((*source)->next()->at_ms, 100);
}

TEST(ExamineJournal, RemarksWhatIsOdd) {
  const std::string odd =
      std::string(kHeader) + ",\n" + R"({"obsName":"O","groupCode":"X","type":"new","data":1,"timestamp":1000001})";
  EXPECT_EQ(
      examine_journal(odd).remarks,
      (std::vector<std::string>{"1 events of unknown types", "1 events of other groups", "the match has not ended"}));
}

}  // namespace
}  // namespace matchbus::app

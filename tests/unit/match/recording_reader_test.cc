// Journals of other servers and other times, and what is near enough to one.
#include "match/recording_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "match/journal_reader.h"

namespace matchbus::match {
namespace {

const std::string kLogon = R"({"type":"authenticate","clientVersion":"0.3.20","obsName":"Obs","groupCode":"GROUP1",)"
                           R"("leftTeam":{"name":"L","tricode":"LLL","url":"l","attackStart":false},)"
                           R"("rightTeam":{"name":"R","tricode":"RRR","url":"r","attackStart":true},)"
                           R"("toolsData":{"own":1},"serverVersion":"1.2.3","logStartTime":1000})";

std::string event(int64_t time, const std::string& data = R"("a {\" b")") {
  return R"({"obsName":"Obs","groupCode":"GROUP1","type":"map","data":)" + data + R"(,"timestamp":)" +
         std::to_string(time) + "}";
}

struct Read {
  std::optional<LogonHeader> header;
  std::vector<std::string> events;  // "type time observer group"
  std::string error;
  bool is_torn = false;
  size_t passed_over = 0;
};

Read read(const std::string& text) {
  Read result;
  RecordingReader reader(text);
  auto header = reader.read_header();
  if (header) result.header = *header;
  while (const auto event = reader.next()) {
    result.events.push_back(std::string(event->type_name) + ' ' + std::to_string(event->timestamp) + ' ' +
                            std::string(event->observer) + ' ' + std::string(event->group_code));
  }
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(header.ok() ? "" : header.error().message, header.ok() ? "" : reader.error());
  result.error = reader.error();
  result.is_torn = reader.is_torn();
  result.passed_over = reader.passed_over();
  return result;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
    text.replace(at, what.size(), by);
  return text;
}

TEST(RecordingReader, TakesEveryLayout) {
  const std::string own = kLogon + ",\n" + event(1'001) + ",\n" + event(1'002);
  const std::string lines = replaced(own, ",\n", "\n");
  const std::string pretty = "[\n  " + replaced(replaced(own, ",\n", "\n  ,\n  "), ",\"", ",\n    \"") + "\n]\n";
  for (const std::string& text :
       {own, own + "\n", "[" + own + "]", "[" + replaced(own, ",\n", ",") + "]", "[" + own + ",]", lines,
        replaced(own, "\n", "\r\n"), replaced(lines, "\n", "\r\n") + "\r\n", pretty, "\xef\xbb\xbf" + own,
        "\xef\xbb\xbf[" + own + "]", own + std::string(100, '\0'), "\n\n" + own}) {
    const Read result = read(text);
    ASSERT_TRUE(result.header) << text;
    EXPECT_EQ(result.header->logon.group_code, "GROUP1");
    EXPECT_EQ(result.header->logon.left, (TeamSetup{"L", "LLL", "l", false}));
    EXPECT_EQ(result.header->logon.tools, R"({"own":1})");
    EXPECT_EQ(result.header->server_version, "1.2.3");
    EXPECT_EQ(result.header->log_start_time, 1'000);
    EXPECT_EQ(result.events, (std::vector<std::string>{"map 1001 Obs GROUP1", "map 1002 Obs GROUP1"})) << text;
    EXPECT_EQ(result.error, "");
    EXPECT_FALSE(result.is_torn) << text;
    EXPECT_EQ(result.passed_over, 0U);
  }
}

TEST(RecordingReader, AVersionMayBeAllThereIsOfAHeader) {
  const Read result = read(R"({"version":"0.1"})"
                           ",\n" +
                           event(5'000));
  ASSERT_TRUE(result.header);
  EXPECT_EQ(result.header->server_version, "0.1");
  EXPECT_EQ(result.header->logon.client_version, "");
  EXPECT_EQ(result.header->logon.group_code, "GROUP1") << "the first event tells";
  EXPECT_EQ(result.header->logon.observer_name, "Obs");
  EXPECT_EQ(result.header->log_start_time, 5'000);
  EXPECT_TRUE(result.header->logon.left.attack_start);
  EXPECT_FALSE(result.header->logon.right.attack_start);
  EXPECT_FALSE(result.header->logon.left.name.empty());
  EXPECT_EQ(result.events.size(), 1U);
}

TEST(RecordingReader, AHeaderMayBeMissing) {
  const Read result = read(event(7) + "\n" + event(8));
  ASSERT_TRUE(result.header);
  EXPECT_EQ(result.header->logon.group_code, "GROUP1");
  EXPECT_EQ(result.events.size(), 2U);
}

TEST(RecordingReader, AHeaderMayBeTwoAndOneInAnEnvelope) {
  const Read result = read("[{\"version\":2},{\"type\":\"obs_logon\",\"data\":" + kLogon + "}," + event(1'001) + "]");
  ASSERT_TRUE(result.header);
  EXPECT_EQ(result.header->logon.client_version, "0.3.20");
  EXPECT_EQ(result.header->logon.right.name, "R");
  EXPECT_EQ(result.events.size(), 1U);
}

TEST(RecordingReader, KnowsTheNamesOfOlderClients) {
  const Read result =
      read(R"({"type":"authenticate","playerName":"Old","teamName":"OLDIES","leftTeam":{"name":"L"},"rightTeam":{}},)"
           R"({"playerName":"Old","teamName":"OLDIES","type":"map","data":"Jam","timestamp":"12"},)"
           R"({"playerName":"Other","type":"map","data":"Jam"})");
  ASSERT_TRUE(result.header);
  EXPECT_EQ(result.header->logon.observer_name, "Old");
  EXPECT_EQ(result.header->logon.group_code, "OLDIES");
  EXPECT_EQ(result.header->logon.left.name, "L");
  EXPECT_EQ(result.events, (std::vector<std::string>{"map 12 Old OLDIES", "map 12 Other "}));
}

TEST(RecordingReader, TellsWhoWrote) {
  const std::string text = R"({"type":"map","data":1,"groupCode":"G"},{"playerId":"p","type":"aux_health","data":1})"
                           R"({"groupCode":"G","type":"server_clock","data":5})";
  RecordingReader reader(text);
  ASSERT_TRUE(reader.read_header());
  EXPECT_EQ(reader.next()->writer, Writer::kObserver) << "a journal that names nobody";
  EXPECT_EQ(reader.next()->writer, Writer::kAuxiliary);
  EXPECT_EQ(reader.next()->writer, Writer::kServer);
}

TEST(RecordingReader, KeepsUnknownMembersInTheEntry) {
  const std::string text = event(1, R"({"a":{"b":[1]}})") + R"({"obsName":"O","type":"new","data":null,"more":[true]})";
  RecordingReader reader(text);
  ASSERT_TRUE(reader.read_header());
  EXPECT_EQ(reader.next()->data["a"]["b"].at(0).number(), 1);
  EXPECT_TRUE(reader.next());
  EXPECT_EQ(reader.entry()["more"].at(0).boolean(), true);
}

TEST(RecordingReader, PassesOverWhatIsNoEvent) {
  const Read result = read(kLogon + "\n" + event(1'001) + "\n{\"note\":\"pause\"}\n" + kLogon + "\n" + event(1'002));
  EXPECT_EQ(result.events.size(), 2U);
  EXPECT_EQ(result.passed_over, 2U);
  EXPECT_EQ(result.error, "");
}

// However many of its bytes a file lost at the end: whole events are kept, and nothing else.
TEST(RecordingReader, TornAtEveryByte) {
  const std::string head = "[" + kLogon + ",\n";
  const std::string first = event(1'001);
  const std::string whole = head + first + ",\n" + event(1'002) + "]";
  for (size_t size = head.size(); size <= whole.size(); ++size) {
    const Read result = read(whole.substr(0, size));
    const size_t events = size >= whole.size() - 1 ? 2 : size >= head.size() + first.size() ? 1 : 0;
    ASSERT_TRUE(result.header) << size;
    EXPECT_EQ(result.events.size(), events) << size;
    EXPECT_EQ(result.error, "") << size;
    const size_t ends[] = {head.size(), head.size() + first.size(), whole.size() - 1};
    const size_t over = size - ends[events];
    EXPECT_EQ(result.is_torn, over > (events == 1 ? 2U : events == 2 ? 1U : 0U)) << size;
  }
}

TEST(RecordingReader, NonsenseInTheMiddleIsAnError) {
  for (const char* junk : {"x", "\"text\"", "{\"type\":", "{]}", "{\"a\":\"", "{\"a\":01}"}) {
    const Read result = read(kLogon + ",\n" + event(1'001) + ",\n" + junk + ",\n" + event(1'003));
    EXPECT_EQ(result.events.size(), 1U) << junk;
    EXPECT_EQ(result.error, "line 3 is no event") << junk;
    EXPECT_FALSE(result.is_torn);
  }
  const Read behind = read(kLogon + ",\n" + event(1'001) + " x\n" + event(1'003));
  EXPECT_EQ(behind.error, "line 2 is no event");
}

// A file that is something else altogether costs no more than reading it.
TEST(RecordingReader, VeryMuchNonsenseIsAnErrorToo) {
  std::string text = kLogon;
  for (int i = 0; i < 200'000; ++i) text += "\n{";
  EXPECT_EQ(read(text).error, "line 2 is no event");
}

TEST(RecordingReader, NothingToPlayIsAnError) {
  for (const char* text :
       {"", "\n", "[]", "{}", "null", "x", "{\"a\":1", "[[]]", "{\"a\":1}", "\xef\xbb\xbf", "#!/bin/sh\n"}) {
    const Read result = read(text);
    EXPECT_FALSE(result.header) << text;
    EXPECT_NE(result.error, "") << text;
    EXPECT_FALSE(result.is_torn) << text;
  }
  EXPECT_EQ(read("x\n" + event(1)).error, "line 1 is no event");
}

// What the reader of our own journals takes, this one takes alike, however damaged it is.
TEST(RecordingReader, ReadsAtLeastWhatTheStrictReaderReads) {
  std::mt19937 random(11);
  std::string whole = kLogon;
  for (int i = 1; i <= 5; ++i) whole += ",\n" + event(1'000 + i, R"({"b":"\\","c":"}{"})");
  size_t compared = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string text = whole;
    for (size_t hits = random() % 3; hits > 0 && !text.empty(); --hits) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) {
        text[at] = static_cast<char>(random() % 256);
      } else {
        text.erase(at, random() % 40);
      }
    }
    std::string copy = text;
    JournalReader strict(copy);
    const auto header = strict.read_header();
    size_t events = 0;
    while (strict.next()) ++events;
    const Read result = read(text);
    if (!header || !strict.error().empty()) continue;
    ++compared;
    ASSERT_TRUE(result.header) << text;
    EXPECT_EQ(result.header->logon.left, header->logon.left);
    EXPECT_GE(result.events.size(), events) << text;
  }
  EXPECT_GT(compared, 1'000U);
}

}  // namespace
}  // namespace matchbus::match

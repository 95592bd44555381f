#include "match/journal_reader.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "json/writer.h"

namespace matchbus::match {
namespace {

std::string header_text() {
  ObserverLogon logon;
  logon.client_version = "0.3.20";
  logon.observer_name = "Observer";
  logon.key = "the-key";
  logon.group_secret = "the-secret";
  logon.group_code = "GROUP1";
  logon.left = {"Left", "L", "", true};
  logon.right = {"Right", "R", "", false};
  logon.tools = R"({"playercamsInfo":{"secret":"cam-secret","identifier":"i"},"other":[1,"\n"]})";
  BytesWriter out;
  write_logon_header(out, logon, "1.2.3", 1234);
  return std::string(out.view());
}

std::string event_text(int64_t timestamp, const std::string& data) {
  std::string data_text = data;
  json::Document document;
  EXPECT_TRUE(document.parse_in_place(data_text));
  Envelope event;
  event.observer = "Observer";
  event.group_code = "GROUP1";
  event.type = EventType::kMap;
  event.type_name = "map";
  event.data = document.root();
  event.timestamp = timestamp;
  BytesWriter out;
  write_event(out, event);
  return std::string(out.view());
}

std::string journal(int events) {
  std::string text = header_text();
  for (int i = 0; i < events; ++i) text += ",\n" + event_text(1'000 + i, R"("line one\nline, two")");
  return text;
}

struct Read {
  bool has_header = false;
  std::vector<int64_t> timestamps;
  std::string error;
  size_t good_size = 0;
  bool is_torn = false;
};

Read read(std::string text) {
  Read result;
  JournalReader reader(text);
  const auto header = reader.read_header();
  result.has_header = header.ok();
  EXPECT_EQ(header ? header->logon.group_code : "GROUP1", "GROUP1");
  while (const auto event = reader.next()) result.timestamps.push_back(event->timestamp);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.events(), result.timestamps.size());
  result.error = reader.error();
  result.good_size = reader.good_size();
  result.is_torn = reader.is_torn();
  return result;
}

TEST(JournalReader, ReadsHeaderAndEvents) {
  std::string text = journal(3);
  json::Document document;
  std::string array = "[" + text + "]";
  ASSERT_TRUE(document.parse_in_place(array)) << "a journal between brackets is a JSON array";
  EXPECT_EQ(document.root().size(), 4u);

  const std::string kept = text;
  JournalReader reader(text);
  const auto header = reader.read_header();
  ASSERT_TRUE(header);
  EXPECT_EQ(header->server_version, "1.2.3");
  EXPECT_EQ(header->log_start_time, 1234);
  const auto event = reader.next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type, EventType::kMap);
  EXPECT_EQ(event->data.string(), "line one\nline, two");
  while (reader.next()) continue;
  EXPECT_EQ(reader.error(), "");
  EXPECT_EQ(reader.good_size(), kept.size());
  EXPECT_FALSE(reader.is_torn());
}

TEST(JournalReader, HeaderHoldsNoSecret) {
  const std::string header = header_text();
  for (const char* secret : {"the-key", "the-secret", "cam-secret"}) {
    EXPECT_EQ(header.find(secret), std::string::npos) << header;
  }
}

TEST(JournalReader, HeaderAloneIsAJournal) {
  const Read result = read(header_text());
  EXPECT_TRUE(result.has_header);
  EXPECT_TRUE(result.timestamps.empty());
  EXPECT_EQ(result.error, "");
  EXPECT_FALSE(result.is_torn);
}

// However many of its bytes a file lost at the end: whole entries are kept, and nothing else.
TEST(JournalReader, TornAtEveryByte) {
  const std::string whole = journal(3);
  const size_t header_size = header_text().size();
  std::vector<size_t> ends = {header_size};  // of the entries
  for (int i = 1; i <= 3; ++i) ends.push_back(journal(i).size());
  for (size_t size = 0; size <= whole.size(); ++size) {
    const Read result = read(whole.substr(0, size));
    if (size < header_size) {
      EXPECT_FALSE(result.has_header);
      EXPECT_NE(result.error, "");
      continue;
    }
    size_t events = 0;
    while (events < 3 && ends[events + 1] <= size) ++events;
    EXPECT_TRUE(result.has_header);
    EXPECT_EQ(result.timestamps.size(), events) << size;
    EXPECT_EQ(result.error, "") << size;
    EXPECT_EQ(result.good_size, ends[events]) << size;
    EXPECT_EQ(result.is_torn, size != ends[events]) << size;
  }
}

TEST(JournalReader, ZerosAtTheEndAreTorn) {
  const std::string whole = journal(2);
  for (const size_t lost : {size_t{0}, size_t{5}}) {
    const Read result = read(whole.substr(0, whole.size() - lost) + std::string(4096, '\0'));
    EXPECT_EQ(result.timestamps.size(), lost == 0 ? 2u : 1u);
    EXPECT_EQ(result.error, "");
    EXPECT_TRUE(result.is_torn);
    EXPECT_EQ(result.good_size, lost == 0 ? whole.size() : journal(1).size());
  }
}

TEST(JournalReader, UnreadableInTheMiddleIsBroken) {
  const std::string whole = journal(3);
  const size_t second = journal(1).size() + 2;
  for (const char* junk : {"x", "{\"type\":\"map\"}", "[]", "null", ""}) {
    std::string text = whole;
    text.replace(second, journal(2).size() - second, junk);
    const Read result = read(text);
    EXPECT_EQ(result.timestamps.size(), 1u) << junk;
    EXPECT_NE(result.error.find("line 3"), std::string::npos) << result.error;
  }
  std::string zeros = whole;
  zeros.replace(second, 20, 20, '\0');
  EXPECT_NE(read(zeros).error, "");
}

TEST(JournalReader, SeveralUnreadableAtTheEndAreTorn) {
  const Read result = read(journal(2) + ",\nxx,\nyy");
  EXPECT_EQ(result.timestamps.size(), 2u);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.good_size, journal(2).size());
}

TEST(JournalReader, HeaderThatIsNoneIsBroken) {
  for (const char* text : {"", "\n", "[]", "{}", "null", "x", "{\"groupCode\":\"A\"}"}) {
    const Read result = read(text);
    EXPECT_FALSE(result.has_header) << text;
    EXPECT_NE(result.error, "") << text;
  }
}

// Any damage at all: never a crash, and what is called good reads again as the same entries.
TEST(JournalReader, RandomDamage) {
  std::mt19937 random(7);
  const std::string whole = journal(5);
  for (int i = 0; i < 3'000; ++i) {
    std::string text = whole;
    for (size_t hits = 1 + random() % 4; hits > 0; --hits) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, random() % 40);
          break;
        default:
          text.resize(at);
      }
      if (text.empty()) break;
    }
    JournalReader reader(text);
    const std::string damaged = text;
    const bool has_header = reader.read_header().ok();
    size_t events = 0;
    while (reader.next()) ++events;
    if (!has_header || !reader.error().empty()) continue;
    ASSERT_LE(reader.good_size(), damaged.size());
    std::string good = damaged.substr(0, reader.good_size());
    JournalReader again(good);
    ASSERT_TRUE(again.read_header());
    size_t events_again = 0;
    while (again.next()) ++events_again;
    EXPECT_EQ(events_again, events);
    EXPECT_FALSE(again.is_torn());
  }
}

}  // namespace
}  // namespace matchbus::match

#include "match/event.h"

#include "match_fixture.h"

namespace matchbus::match {
namespace {

using test::json_of;
using test::Parsed;

bool reads(std::string_view text, Writer writer = Writer::kObserver) {
  return read_envelope(Parsed(json_of(text)).root(), writer, 5).has_value();
}

TEST(Envelope, OfAnObserver) {
  const Parsed text(json_of("{'obsName':'O','groupCode':'G','type':'map','data':'Jam','timestamp':99}"));
  const auto event = read_envelope(text.root(), Writer::kObserver, 5);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->writer, Writer::kObserver);
  EXPECT_EQ(event->type, EventType::kMap);
  EXPECT_EQ(event->type_name, "map");
  EXPECT_EQ(event->observer, "O");
  EXPECT_EQ(event->player_id, "");
  EXPECT_EQ(event->group_code, "G");
  EXPECT_EQ(event->match_id, "");
  EXPECT_EQ(event->data.string(), "Jam");
  EXPECT_EQ(event->timestamp, 5);
}

TEST(Envelope, OfAnAuxiliaryClient) {
  const Parsed text(json_of("{'playerId':'P','matchId':'M','type':'aux_health','data':null}"));
  const auto event = read_envelope(text.root(), Writer::kAuxiliary, 5);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->player_id, "P");
  EXPECT_EQ(event->match_id, "M");
  EXPECT_TRUE(event->data.is_null());
}

TEST(Envelope, NeedsItsMembers) {
  EXPECT_TRUE(reads("{'obsName':'','groupCode':'','type':'','data':0}"));
  EXPECT_TRUE(reads("{'playerId':'','groupCode':'','type':'','data':0}"));
  EXPECT_TRUE(reads("{'obsName':'','matchId':'','type':'','data':0}"));
  for (const char* text :
       {"{'groupCode':'G','type':'map','data':'Jam'}", "{'obsName':'O','type':'map','data':'Jam'}",
        "{'obsName':'O','groupCode':'G','data':'Jam'}", "{'obsName':'O','groupCode':'G','type':'map'}",
        "{'obsName':'O','groupCode':7,'type':'map','data':'Jam'}",
        "{'obsName':'O','groupCode':'G','type':null,'data':'Jam'}",
        "{'obsName':'O','groupCode':null,'matchId':true,'type':'map','data':'Jam'}", "[]", "5", "'x'"})
    EXPECT_FALSE(reads(text)) << text;
  EXPECT_FALSE(reads("{'obsName':'O','groupCode':'" + std::string(300, 'x') + "','type':'map','data':'Jam'}"));
}

TEST(Envelope, WhatIsNoShortTextSaysNothing) {
  const std::string long_name(300, 'x');
  const Parsed text(json_of("{'obsName':'" + long_name +
                            "','playerId':[],'matchId':true,'groupCode':'G','type':'map','data':'Jam'}"));
  const auto event = read_envelope(text.root(), Writer::kObserver, 5);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->observer, "");
  EXPECT_EQ(event->player_id, "");
  EXPECT_EQ(event->match_id, "");
  EXPECT_EQ(event->group_code, "G");
  EXPECT_TRUE(reads("{'obsName':1,'groupCode':'G','type':'map','data':'Jam'}"));
}

TEST(EventType, NamesAndBack) {
  for (int i = 1; i <= static_cast<int>(EventType::kServerClock); ++i) {
    const auto type = static_cast<EventType>(i);
    EXPECT_EQ(event_type(event_name(type)), type) << i;
  }
  EXPECT_EQ(event_type("nonsense"), EventType::kUnknown);
  EXPECT_EQ(event_type(""), EventType::kUnknown);
  EXPECT_EQ(event_name(EventType::kUnknown), "unknown");
}

TEST(EventType, WhoMayWriteWhat) {
  EXPECT_TRUE(may_write(Writer::kObserver, EventType::kScore));
  EXPECT_TRUE(may_write(Writer::kObserver, EventType::kAuxHealth));
  EXPECT_FALSE(may_write(Writer::kObserver, EventType::kServerRegistered));
  EXPECT_TRUE(may_write(Writer::kAuxiliary, EventType::kAuxScoreboard));
  EXPECT_TRUE(may_write(Writer::kAuxiliary, EventType::kAuxCypherCam));
  EXPECT_FALSE(may_write(Writer::kAuxiliary, EventType::kScore));
  EXPECT_FALSE(may_write(Writer::kAuxiliary, EventType::kServerAuxGone));
  EXPECT_TRUE(may_write(Writer::kServer, EventType::kServerAuxGone));
  EXPECT_FALSE(may_write(Writer::kServer, EventType::kScore));
}

TEST(WrittenEvent, RoundTrip) {
  struct Case {
    Writer writer;
    const char* text;
  };
  for (const Case& it :
       {Case{Writer::kObserver, "{'obsName':'O\\n','groupCode':'G','type':'score','data':{'team_0':1,'team_1':0.5}}"},
        Case{Writer::kObserver, "{'obsName':'','playerId':'P','groupCode':'G','type':'x','data':[]}"},
        Case{Writer::kAuxiliary, "{'playerId':'','matchId':'M','type':'aux_health','data':null}"}}) {
    const Parsed text(json_of(it.text));
    const auto event = read_envelope(text.root(), it.writer, 1'700'000'000'000);
    ASSERT_TRUE(event);
    BytesWriter out;
    write_event(out, *event);
    EXPECT_EQ(out.view().find('\n'), std::string_view::npos);
    const Parsed again{std::string(out.view())};
    const auto read = read_written_event(again.root());
    ASSERT_TRUE(read) << out.view();
    EXPECT_EQ(read->writer, it.writer);
    EXPECT_EQ(read->type_name, event->type_name);
    EXPECT_EQ(read->type, event->type);
    EXPECT_EQ(read->observer, event->observer);
    EXPECT_EQ(read->player_id, event->player_id);
    EXPECT_EQ(read->group_code, event->group_code);
    EXPECT_EQ(read->match_id, event->match_id);
    EXPECT_EQ(read->timestamp, event->timestamp);
    BytesWriter twice;
    write_event(twice, *read);
    EXPECT_EQ(twice.view(), out.view());
  }
}

TEST(WrittenEvent, OfTheServer) {
  const Parsed data("true");
  Envelope event;
  event.writer = Writer::kServer;
  event.type = EventType::kServerRegistered;
  event.type_name = event_name(event.type);
  event.group_code = "G";
  event.data = data.root();
  event.timestamp = 7;
  BytesWriter out;
  write_event(out, event);
  EXPECT_EQ(out.view(), R"({"groupCode":"G","type":"server_registered","data":true,"timestamp":7})");
  const Parsed again{std::string(out.view())};
  EXPECT_EQ(read_written_event(again.root())->writer, Writer::kServer);
}

TEST(WrittenEvent, RefusesWhatIsNone) {
  for (const char* text :
       {"{}", "{'type':'map','data':1}", "{'type':'map','data':1,'timestamp':-1}",
        "{'type':'map','data':1,'timestamp':0.5}", "{'type':'map','timestamp':1}", "{'data':1,'timestamp':1}", "[]"})
    EXPECT_FALSE(read_written_event(Parsed(json_of(text)).root())) << text;
}

TEST(Envelope, NumbersAreTextsWhereThereIsRoomForThem) {
  const Parsed text(json_of("{'obsName':1,'playerId':99,'groupCode':7,'type':'map','data':'Jam'}"));
  EXPECT_FALSE(read_envelope(text.root(), Writer::kObserver, 5).has_value());
  json::TextReader texts;
  const auto event = read_envelope(text.root(), Writer::kObserver, 5, &texts);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->observer, "1");
  EXPECT_EQ(event->player_id, "99");
  EXPECT_EQ(event->group_code, "7");
}

TEST(Envelope, TellsWhoAnAuxiliaryClientSpeaksFor) {
  const auto speaker = [](std::string_view type, std::string_view data, std::string_view envelope = "") {
    const Parsed text(json_of("{'playerId':'" + std::string(envelope) + "','matchId':'M','type':'" + std::string(type) +
                              "','data':" + std::string(data) + "}"));
    return std::string(spoken_for(*read_envelope(text.root(), Writer::kAuxiliary, 1)));
  };
  EXPECT_EQ(speaker("aux_scoreboard", "{'playerId':'P'}"), "P");
  EXPECT_EQ(speaker("aux_scoreboard", "{'playerId':5}"), "");
  EXPECT_EQ(speaker("aux_scoreboard", "null"), "");
  EXPECT_EQ(speaker("aux_scoreboard", "{'playerId':'P'}", "E"), "P");
  EXPECT_EQ(speaker("aux_health", "{'playerId':'P'}"), "");
  EXPECT_EQ(speaker("aux_health", "50", "E"), "E");
  EXPECT_EQ(speaker("map", "'Jam'", "E"), "");
}

}  // namespace
}  // namespace matchbus::match

#include "gateway/bus_publish.h"

#include <gtest/gtest.h>

namespace matchbus::gateway {
namespace {

class PublishEntryTest : public testing::Test {
 protected:
  // Where the entry goes, as "room|room", or what is wrong, as "!field".
  std::string read(std::string json) {
    text = std::move(json);
    if (!document.parse_in_place(text)) return "?";
    if (const auto error = entry.read(document.root())) return "!" + error->field;
    std::string rooms;
    for (const bus::Target& target : entry.targets()) {
      if (!rooms.empty()) rooms += '|';
      rooms += bus::room_name(target);
    }
    return rooms;
  }

  std::string text;
  json::Document document;
  PublishEntry entry;
};

TEST_F(PublishEntryTest, GoesWhereItSays) {
  EXPECT_EQ(read(R"({"room":"sector:7","message":{"type":"x"}})"), "sector:7");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":"x"}})"), "global");
  EXPECT_EQ(read(R"({"topic":"market:ore","message":{"type":"x"}})"), "market:ore");
  EXPECT_EQ(entry.targets()[0].kind, bus::RoomKind::kTopic);
  EXPECT_EQ(read(R"({"room":null,"topic":"match:ABC","message":{"type":"x"}})"), "match:ABC");
  EXPECT_EQ(read(R"({"topic":"aria:u1","message":{"type":"x"}})"), "aria:u1");
  EXPECT_EQ(read(R"({"topic":"aria","message":{"type":"x","user_id":5}})"), "aria:5");
}

TEST_F(PublishEntryTest, GoesWhereItsTypeBelongs) {
  EXPECT_EQ(read(R"({"message":{"type":"notification","user_id":"u1","kind":1,"title":"t","body":"b"}})"),
            "personal:u1");
  EXPECT_EQ(read(R"({"message":{"type":"ship_destroyed","ship_id":1,"owner_id":2,"cause":"x","sector_id":7}})"),
            "sector:7|global");
  EXPECT_EQ(read(R"({"message":{"type":"ship_destroyed","ship_id":1,"owner_id":2,"cause":"x"}})"), "global");
  EXPECT_EQ(read(R"({"message":{"type":"combat_started","combat_id":9,"attacker_id":"a","defender_id":"d",)"
                 R"("sector_id":7}})"),
            "personal:a|personal:d|sector:7|combat:9");
  EXPECT_EQ(read(R"({"message":{"type":"market_update","station_id":"s","commodity":"ore","buy":1,"sell":2,"trend":0,)"
                 R"("supply":1,"demand":1}})"),
            "market:ore|market:station:s");
  EXPECT_EQ(read(R"({"message":{"type":"notification","kind":1,"title":"t","body":"b"}})"), "!room");
  EXPECT_EQ(read(R"({"message":{"type":"unheard_of"}})"), "!room");
}

TEST_F(PublishEntryTest, TellsWhatIsWrong) {
  EXPECT_EQ(read("7"), "!");
  EXPECT_EQ(read("{}"), "!message");
  EXPECT_EQ(read(R"({"message":[]})"), "!message");
  EXPECT_EQ(read(R"({"room":"global","message":{}})"), "!message.type");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":7}})"), "!message.type");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":"ship_destroyed","ship_id":1,"owner_id":null,"cause":1}})"),
            "!message.owner_id");
  for (const char* room : {R"("")", R"("sector:")", R"("sector")", R"("market:ore")", "7", "{}", R"(["global"])"})
    EXPECT_EQ(read(std::string(R"({"message":{"type":"x"},"room":)") + room + "}"), "!room") << room;
  for (const char* topic : {R"("")", R"("weather")", R"("market:")", "7", R"("aria:")"})
    EXPECT_EQ(read(std::string(R"({"message":{"type":"x"},"topic":)") + topic + "}"), "!topic") << topic;
  EXPECT_EQ(read(R"({"topic":"aria","message":{"type":"x"}})"), "!message.user_id");
  EXPECT_EQ(read(R"({"room":"global","topic":"market:ore","message":{"type":"x"}})"), "!topic");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":"x"},"class":"loud"})"), "!class");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":"x"},"class":1})"), "!class");
  EXPECT_EQ(read(R"({"room":"global","message":{"type":"x"},"exclude":[]})"), "!exclude");
}

TEST_F(PublishEntryTest, ClassAndExcludedUser) {
  read(R"({"room":"global","message":{"type":"chat_message","channel":"c","sender_id":1,"sender_name":"n","body":"b",)"
       R"("timestamp":"t"}})");
  EXPECT_EQ(entry.message_class(), bus::MessageClass::kCosmetic);
  EXPECT_EQ(entry.exclude(), "");
  read(R"({"room":"global","message":{"type":"x"},"class":"cosmetic","exclude":"u1"})");
  EXPECT_EQ(entry.message_class(), bus::MessageClass::kCosmetic);
  EXPECT_EQ(entry.exclude(), "u1");
  read(R"({"room":"global","message":{"type":"x"},"class":null,"exclude":17})");
  EXPECT_EQ(entry.message_class(), bus::MessageClass::kNormal);
  EXPECT_EQ(entry.exclude(), "17");
}

}  // namespace
}  // namespace matchbus::gateway

#include "socketio/packet.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace matchbus::socketio {
namespace {

// What was read, in one line: type attachments namespace id payload; "malformed" for what was not.
std::string read(std::string text) {
  const std::optional<PacketHead> head = parse_head(text);
  if (!head) return "malformed";
  return std::to_string(static_cast<int>(head->type)) + " " + std::to_string(head->attachments) + " " +
         std::string(head->namespace_name) + " " + (head->ack_id ? std::to_string(*head->ack_id) : "-") + " " +
         std::string(head->payload.data(), head->payload.size());
}

TEST(PacketHead, WellFormed) {
  EXPECT_EQ(read("0"), "0 0 / - ");
  EXPECT_EQ(read("0{\"a\":1}"), "0 0 / - {\"a\":1}");
  EXPECT_EQ(read("0/custom"), "0 0 /custom - ");
  EXPECT_EQ(read("0/custom,"), "0 0 /custom - ");
  EXPECT_EQ(read("0/custom,{}"), "0 0 /custom - {}");
  EXPECT_EQ(read("0/,{}"), "0 0 / - {}");
  EXPECT_EQ(read("1"), "1 0 / - ");
  EXPECT_EQ(read("1/custom,"), "1 0 /custom - ");
  EXPECT_EQ(read("2[\"a\"]"), "2 0 / - [\"a\"]");
  EXPECT_EQ(read("212[\"a\"]"), "2 0 / 12 [\"a\"]");
  EXPECT_EQ(read("2/custom,0[\"a,b\"]"), "2 0 /custom 0 [\"a,b\"]");
  EXPECT_EQ(read("3007[]"), "3 0 / 7 []");
  EXPECT_EQ(read("4{}"), "4 0 / - {}");
  EXPECT_EQ(read("51-[]"), "5 1 / - []");
  EXPECT_EQ(read("52-/custom,9[]"), "5 2 /custom 9 []");
  EXPECT_EQ(read("60-1[]"), "6 0 / 1 []");
  EXPECT_EQ(read("29007199254740991[]"), "2 0 / 9007199254740991 []");
}

TEST(PacketHead, Malformed) {
  for (const char* text : {"",
                           "7",
                           "a",
                           "/",
                           "-1",
                           "5",
                           "5[]",
                           "5-[]",
                           "51[]",
                           "5a-[]",
                           "51",
                           "59999999-[]",
                           "512345678901234567890123-[]",
                           "3[]",
                           "3/custom,[]",
                           "61-[]",
                           "01",
                           "11",
                           "0/custom,12{}",
                           "29007199254740992[]",
                           "299999999999999999999999[]"}) {
    EXPECT_EQ(read(text), "malformed") << text;
  }
}

bool valid(std::string text) {
  const std::optional<PacketHead> head = parse_head(text);
  if (!head) return false;
  json::Document document;
  if (head->payload.empty()) return is_valid_payload(*head, {});
  if (!document.parse_in_place(head->payload)) return false;
  return is_valid_payload(*head, document.root());
}

TEST(PacketPayload, WellFormed) {
  for (const char* text :
       {"0", "0{}", "0{\"a\":[1]}", "1", "2[\"a\"]", "2[\"a\",1,null,{}]", "21[\"\"]", "31[]", "31[1,2]",
        "4{\"message\":\"x\"}", "4\"x\"", "50-[\"a\"]", "51-[\"a\",{\"_placeholder\":true,\"num\":0}]", "51-[\"a\"]",
        "52-[\"a\",[{\"b\":{\"_placeholder\":true,\"num\":1}}]]", "51-[\"a\",{\"_placeholder\":false,\"num\":7}]",
        "2[\"a\",{\"_placeholder\":true,\"num\":7}]", "61-1[{\"_placeholder\":true,\"num\":0}]",
        "2[\"a\",\"connect\"]"}) {
    EXPECT_TRUE(valid(text)) << text;
  }
}

TEST(PacketPayload, Malformed) {
  for (const char* text : {"0[]",
                           "0null",
                           "0\"a\"",
                           "0true",
                           "1{}",
                           "1[]",
                           "2",
                           "2{}",
                           "2\"a\"",
                           "2[]",
                           "2[1]",
                           "2[null]",
                           "2[[\"a\"]]",
                           "2{\"0\":\"a\"}",
                           "2[\"connect\"]",
                           "2[\"connect_error\"]",
                           "2[\"disconnect\"]",
                           "2[\"disconnecting\"]",
                           "2[\"newListener\"]",
                           "2[\"removeListener\"]",
                           "31",
                           "31{}",
                           "4",
                           "4[]",
                           "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
                           "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
                           "51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]",
                           "51-[\"a\",{\"_placeholder\":true}]",
                           "51-[\"a\",[[{\"x\":{\"_placeholder\":true,\"num\":\"0\"}}]]]",
                           "61-1[{\"_placeholder\":true,\"num\":1}]",
                           "60-1{}",
                           "2[\"a\"",
                           "2[\"a\"]]"}) {
    EXPECT_FALSE(valid(text)) << text;
  }
}

std::string written(auto write) {
  BytesWriter out;
  write(out);
  return std::string(out.view());
}

TEST(PacketWriter, Events) {
  const auto event = [](const PacketTarget& target, std::string_view args, std::string_view offset = {}) {
    return written([&](BytesWriter& out) { write_event(out, target, "na\"me", args, offset); });
  };
  EXPECT_EQ(event({}, ""), R"(42["na\"me"])");
  EXPECT_EQ(event({}, "1,{}"), R"(42["na\"me",1,{}])");
  EXPECT_EQ(event({}, "", "7"), R"(42["na\"me","7"])");
  EXPECT_EQ(event({}, "1", "7"), R"(42["na\"me",1,"7"])");
  EXPECT_EQ(event({"/custom"}, "1"), R"(42/custom,["na\"me",1])");
  EXPECT_EQ(event({"/custom", 12}, "1"), R"(42/custom,12["na\"me",1])");
  EXPECT_EQ(event({"/", 0}, "1"), R"(420["na\"me",1])");
  EXPECT_EQ(event({"/", std::nullopt, 2}, "1"), R"(452-["na\"me",1])");
  EXPECT_EQ(event({"/custom", 3, 10}, "1"), R"(4510-/custom,3["na\"me",1])");
}

TEST(PacketWriter, TextEvents) {
  const auto event = [](std::string_view text, std::string_view offset) {
    return written([&](BytesWriter& out) { write_text_event(out, {}, "e", text, offset); });
  };
  EXPECT_EQ(event("", ""), R"(42["e",""])");
  EXPECT_EQ(event("{\"a\":\"\n\"}", ""), R"(42["e","{\"a\":\"\n\"}"])");
  EXPECT_EQ(event("x", "3"), R"(42["e","x","3"])");
}

TEST(PacketWriter, TheOthers) {
  EXPECT_EQ(written([](BytesWriter& out) { write_ack(out, {"/", 5}, ""); }), "435[]");
  EXPECT_EQ(written([](BytesWriter& out) { write_ack(out, {"/custom", 5, 1}, "1"); }), "461-/custom,5[1]");
  EXPECT_EQ(written([](BytesWriter& out) { write_connect(out, "/", "abc", ""); }), R"(40{"sid":"abc"})");
  EXPECT_EQ(written([](BytesWriter& out) { write_connect(out, "/custom", "abc", "def"); }),
            R"(40/custom,{"sid":"abc","pid":"def"})");
  EXPECT_EQ(written([](BytesWriter& out) { write_connect_error(out, "/x", "a \"b\""); }),
            R"(44/x,{"message":"a \"b\""})");
  EXPECT_EQ(written([](BytesWriter& out) { write_disconnect(out, "/"); }), "41");
  EXPECT_EQ(written([](BytesWriter& out) { write_disconnect(out, "/custom"); }), "41/custom,");
}

TEST(PacketWriter, WhatIsWrittenIsRead) {
  std::mt19937 random(4);
  for (int round = 0; round < 2'000; ++round) {
    PacketTarget target;
    if (random() % 2 == 0) target.namespace_name = "/a-namespace";
    if (random() % 2 == 0) target.ack_id = random();
    target.attachments = random() % 3 == 0 ? random() % 20 : 0;
    std::string text = written([&](BytesWriter& out) { write_event(out, target, "name", "1,[2]"); });
    text.erase(0, 1);
    const std::optional<PacketHead> head = parse_head(text);
    ASSERT_TRUE(head) << text;
    EXPECT_TRUE(head->is_event());
    EXPECT_EQ(head->is_binary(), target.attachments != 0);
    EXPECT_EQ(head->attachments, target.attachments);
    EXPECT_EQ(head->namespace_name, target.namespace_name);
    EXPECT_EQ(head->ack_id, target.ack_id);
    EXPECT_EQ(std::string(head->payload.data(), head->payload.size()), R"(["name",1,[2]])");
  }
}

}  // namespace
}  // namespace matchbus::socketio

#include "socketio/engine_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace matchbus::socketio {
namespace {

using testing::ElementsAre;
using Texts = std::vector<std::string>;

struct Read {
  Texts packets;  // type and data; binary ones as 'b' and data
  bool malformed = false;
};

Read read(std::string payload) {
  Read result;
  PayloadReader reader(payload);
  while (const std::optional<EnginePacket> packet = reader.next()) {
    const std::string data(packet->data.data(), packet->data.size());
    result.packets.push_back((packet->binary ? 'b' : static_cast<char>(packet->type)) + data);
    EXPECT_TRUE(!packet->binary || packet->type == EnginePacketType::kMessage);
  }
  result.malformed = reader.malformed();
  EXPECT_FALSE(reader.next().has_value()) << "it goes on after its end";
  return result;
}

TEST(EnginePacket, TypesAndData) {
  for (char type = '0'; type <= '6'; ++type) {
    std::string text = type + std::string("data");
    const std::optional<EnginePacket> packet = decode_packet(text);
    ASSERT_TRUE(packet);
    EXPECT_EQ(packet->type, EnginePacketType{type});
    EXPECT_EQ(std::string(packet->data.data(), packet->data.size()), "data");
    EXPECT_FALSE(packet->binary);
  }
}

TEST(EnginePacket, OtherTextsAreMalformed) {
  for (std::string text : {"", "7", "/", ":", "b!", "bA", "hello", " 4"}) EXPECT_FALSE(decode_packet(text)) << text;
}

TEST(PayloadReader, OnePacket) {
  EXPECT_THAT(read("4hello").packets, ElementsAre("4hello"));
  EXPECT_THAT(read("4").packets, ElementsAre("4"));
}

TEST(PayloadReader, ManyPackets) {
  const Read result = read(
      "4a\x1e"
      "bAQID\x1e"
      "2\x1e"
      "b\x1e"
      "4c");
  EXPECT_THAT(result.packets, ElementsAre("4a", "b\x01\x02\x03", "2", "b", "4c"));
  EXPECT_FALSE(result.malformed);
}

TEST(PayloadReader, StopsAtTheFirstMalformedPacket) {
  for (const char* bad : {"", "x", "b!", "bA", "9"}) {
    const Read result = read("4a\x1e" + std::string(bad) +
                             "\x1e"
                             "4b");
    EXPECT_THAT(result.packets, ElementsAre("4a")) << bad;
    EXPECT_TRUE(result.malformed) << bad;
  }
  EXPECT_TRUE(read("").malformed);
  EXPECT_TRUE(read("4a\x1e").malformed);
  EXPECT_TRUE(read("\x1e"
                   "4a")
                  .malformed);
}

TEST(PayloadWriter, SeparatesAndEncodes) {
  BytesWriter out;
  PayloadWriter payload(out);
  payload.text("4a");
  payload.binary("\x01\x02\x03");
  payload.text("2");
  EXPECT_EQ(out.view(),
            "4a\x1e"
            "bAQID\x1e"
            "2");
}

TEST(PayloadWriter, WhatIsWrittenIsRead) {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    BytesWriter out;
    PayloadWriter payload(out);
    Texts expected;
    for (size_t i = 0, count = 1 + random() % 5; i < count; ++i) {
      std::string data(random() % 40, '\0');
      const bool binary = random() % 2 == 0;
      for (char& c : data) c = binary ? static_cast<char>(random()) : static_cast<char>('a' + random() % 26);
      expected.push_back((binary ? 'b' : static_cast<char>('0' + random() % 7)) + data);
      binary ? payload.binary(data) : payload.text(expected.back());
    }
    const Read result = read(std::string(out.view()));
    EXPECT_EQ(result.packets, expected);
    EXPECT_FALSE(result.malformed);
  }
}

TEST(PayloadReader, NoiseIsReadOrRefused) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise(random() % 30, '\0');
    for (char& c : noise) c = "0123456b=AZaz+/\x1e\x1e\xc3 "[random() % 19];
    const size_t separators = static_cast<size_t>(std::count(noise.begin(), noise.end(), '\x1e'));
    const Read result = read(noise);
    EXPECT_EQ(result.packets.size() == separators + 1, !result.malformed) << noise;
  }
}

}  // namespace
}  // namespace matchbus::socketio

#include "ws/utf8_validator.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace matchbus::ws {
namespace {

// Where a strict decoder that knows only RFC 3629's table of ranges stops; npos: nowhere. `open` tells whether the text
// ends inside a character.
size_t naive_stop(const std::string& text, bool& open) {
  size_t at = 0;
  open = false;
  while (at < text.size()) {
    const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(at);
    size_t length = 0;
    if (lead <= 0x7F) length = 1;
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    if (length == 0) return at;
    for (size_t i = 1; i < length; ++i) {
      if (at + i == text.size()) {
        open = true;
        return std::string::npos;
      }
      unsigned low = 0x80;
      unsigned high = 0xBF;
      if (i == 1 && lead == 0xE0) low = 0xA0;
      if (i == 1 && lead == 0xED) high = 0x9F;
      if (i == 1 && lead == 0xF0) low = 0x90;
      if (i == 1 && lead == 0xF4) high = 0x8F;
      if (byte(at + i) < low || byte(at + i) > high) return at + i;
    }
    at += length;
  }
  return std::string::npos;
}

// The first byte at which the validator says no, fed one byte at a time.
size_t stop_of(const std::string& text) {
  Utf8Validator validator;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!validator.feed(std::string_view(text).substr(i, 1))) return i;
  }
  return std::string::npos;
}

TEST(Utf8Validator, TakesTheEdgesOfEveryRange) {
  for (const char* text :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8Validator, RefusesAtTheFirstImpossibleByte) {
  const std::vector<std::pair<std::string, size_t>> cases = {
      {"\x80", 0},              // a continuation without a lead
      {"ab\xBF", 2},            //
      {"\xC0\x80", 0},          // overlong
      {"\xC1\xBF", 0},          //
      {"\xE0\x9F\xBF", 1},      //
      {"\xF0\x8F\xBF\xBF", 1},  //
      {"\xED\xA0\x80", 1},      // surrogates
      {"\xED\xBF\xBF", 1},      //
      {"\xF4\x90\x80\x80", 1},  // above U+10FFFF
      {"\xF5\x80\x80\x80", 0},  //
      {"\xFE", 0},              //
      {"\xFF", 0},              //
      {"\xC3(", 1},             // cut off by ASCII
      {"\xE1\xBD"
       "a",
       2},                          //
      {"0123456789abcdef\xF8", 16}  // behind a run of ASCII
  };
  for (const auto& [text, stop] : cases) {
    EXPECT_EQ(stop_of(text), stop) << testing::PrintToString(text);
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
  }
}

TEST(Utf8Validator, KnowsThatTheTextMayNotEndInsideACharacter) {
  for (const char* text : {"\xC3", "\xE1\xBD", "\xF0\x90\x80", "abc\xF4"}) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(text));
    EXPECT_FALSE(validator.complete());
    validator.reset();
    EXPECT_TRUE(validator.complete());
  }
}

TEST(Utf8Validator, AgreesWithTheNaiveDecoderHoweverTheTextIsCut) {
  std::mt19937 random(7);
  const std::vector<std::string> parts = {"a",
                                          "hello world, this is ASCII",
                                          "\xC3\xA9",
                                          "\xE2\x82\xAC",
                                          "\xF0\x9F\x98\x80",
                                          "\xED\x9F\xBF",
                                          "\xEE\x80\x80",
                                          "\xF4\x8F\xBF\xBF"};
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t n = random() % 8; n > 0; --n) text += parts[random() % parts.size()];
    if (random() % 2 == 0 && !text.empty()) text[random() % text.size()] = static_cast<char>(random());
    bool open = false;
    const size_t stop = naive_stop(text, open);
    ASSERT_EQ(stop_of(text), stop) << testing::PrintToString(text);
    refused += stop != std::string::npos;

    Utf8Validator validator;
    bool good = true;
    for (size_t at = 0; at < text.size() && good;) {
      const size_t size = std::min<size_t>(1 + random() % 24, text.size() - at);
      good = validator.feed(std::string_view(text).substr(at, size));
      at += size;
    }
    ASSERT_EQ(good, stop == std::string::npos) << testing::PrintToString(text);
    if (good) {
      ASSERT_EQ(validator.complete(), !open) << testing::PrintToString(text);
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace matchbus::ws

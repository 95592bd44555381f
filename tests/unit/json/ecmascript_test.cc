#include "json/ecmascript.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace matchbus::json {
namespace {

// A JSON text parsed, for as long as it lives.
class Parsed {
 public:
  explicit Parsed(std::string text) : text_(std::move(text)) { EXPECT_TRUE(document_.parse_in_place(text_)); }
  Value root() const { return document_.root(); }

 private:
  std::string text_;
  Document document_;
};

TEST(EcmaScript, Truthiness) {
  for (const char* text : {"true", "1", "-0.5", "\"x\"", "\"0\"", "[]", "{}"})
    EXPECT_TRUE(is_truthy(Parsed(text).root())) << text;
  for (const char* text : {"false", "0", "-0.0", "\"\"", "null"}) EXPECT_FALSE(is_truthy(Parsed(text).root())) << text;
  EXPECT_FALSE(is_truthy(Value()));
}

TEST(EcmaScript, Numbers) {
  const auto number = [](const char* text) { return to_number(Parsed(text).root()); };
  EXPECT_EQ(number("5"), 5);
  EXPECT_EQ(number("true"), 1);
  EXPECT_EQ(number("false"), 0);
  EXPECT_EQ(number("\"5\""), 5);
  EXPECT_EQ(number("\" \\t-5.25e1\\n\""), -52.5);
  EXPECT_EQ(number("\"+7\""), 7);
  EXPECT_EQ(number("\"007\""), 7);
  EXPECT_EQ(number("\".5\""), 0.5);
  EXPECT_EQ(number("\"5.\""), 5);
  EXPECT_EQ(number("\"0x1F\""), 31);
  EXPECT_EQ(number("\"0b101\""), 5);
  EXPECT_EQ(number("\"0o17\""), 15);
  EXPECT_FALSE(std::signbit(*number("-0.0")));
  EXPECT_FALSE(std::signbit(*number("\"-0\"")));
  for (const char* text : {"null",      "[]",      "[5]",      "{}",      "\"\"",    "\" \"",        "\"abc\"",
                           "\"5x\"",    "\"5 5\"", "\"--5\"",  "\"+-5\"", "\"inf\"", "\"Infinity\"", "\"nan\"",
                           "\"1e999\"", "\"0x\"",  "\"-0x1\"", "\".\"",   "\"e5\"",  "\"1_000\""})
    EXPECT_EQ(number(text), std::nullopt) << text;
  EXPECT_EQ(to_number(Value()), std::nullopt);
}

TEST(EcmaScript, NumberTexts) {
  std::array<char, 32> room;
  for (const auto& [number, text] : {std::pair(0.0, "0"),
                                     {-0.0, "0"},
                                     {1e9, "1000000000"},
                                     {-1e15, "-1000000000000000"},
                                     {0.1, "0.1"},
                                     {1e21, "1e+21"},
                                     {1e20, "100000000000000000000"},
                                     {-5e-324, "-5e-324"},
                                     {1.7976931348623157e308, "1.7976931348623157e+308"}})
    EXPECT_EQ(number_text(number, room), text);
}

TEST(EcmaScript, TextsOfNumbersStayAsLongAsTheirReader) {
  const Parsed parsed("[5,\"text\",-0.5,1e21,null,true,{}]");
  TextReader texts;
  const auto whole = texts.read(parsed.root().at(0));
  const auto text = texts.read(parsed.root().at(1));
  const auto half = texts.read(parsed.root().at(2));
  const auto large = texts.read(parsed.root().at(3));
  EXPECT_EQ(whole, "5");
  EXPECT_EQ(text, "text");
  EXPECT_EQ(half, "-0.5");
  EXPECT_EQ(large, "1e+21");
  for (const size_t none : {4U, 5U, 6U}) EXPECT_EQ(texts.read(parsed.root().at(none)), std::nullopt) << none;
}

TEST(EcmaScript, ATextIsClippedBetweenCharacters) {
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("abcd", 3), "abc");
  EXPECT_EQ(clipped("ab\u00fc", 3), "ab");
  EXPECT_EQ(clipped("\U0001F600", 3), "");
}

}  // namespace
}  // namespace matchbus::json

#include "json/writer.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "unit/json/number_texts.h"

namespace matchbus::json {
namespace {

std::string number_text(double value) {
  BytesWriter out;
  write_number(out, value);
  return std::string(out.view());
}

std::string string_text(std::string_view value) {
  BytesWriter out;
  write_string(out, value);
  return std::string(out.view());
}

TEST(JsonWriter, NumbersAsEcmaScriptPrintsThem) {
  for (const NumberText& row : kNumberTexts) EXPECT_EQ(number_text(std::bit_cast<double>(row.bits)), row.text);
}

TEST(JsonWriter, NumbersThatAreNotFiniteAreNull) {
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number_text(-std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number_text(std::nan("")), "null");
}

TEST(JsonWriter, Integers) {
  for (const int64_t value : {int64_t{0}, int64_t{-1}, INT64_MAX, INT64_MIN, int64_t{1718000000123}}) {
    BytesWriter out;
    write_integer(out, value);
    EXPECT_EQ(out.view(), std::to_string(value));
  }
}

// Whatever is written reads back as the same double, and no shorter text would: dropping the last digit of a text with
// more than one changes the number.
TEST(JsonWriter, RandomDoublesComeBack) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::bit_cast<double>(uint64_t{random()});
    if (!std::isfinite(value)) continue;
    const std::string text = number_text(value);
    double back = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), back);
    ASSERT_TRUE(result.ec == std::errc() && result.ptr == text.data() + text.size()) << text;
    ASSERT_EQ(std::bit_cast<uint64_t>(back), std::bit_cast<uint64_t>(value)) << text;
  }
}

TEST(JsonWriter, EscapesOfEveryByte) {
  const std::vector<std::string> short_forms = {"\\b", "\\t", "\\n", "\\u000b", "\\f", "\\r"};
  for (int c = 0; c < 256; ++c) {
    std::string expected(1, static_cast<char>(c));
    if (c < 0x20) {
      const char* const hex = "0123456789abcdef";
      expected = std::string("\\u00") + hex[c / 16] + hex[c % 16];
      if (c >= 8 && c <= 13) expected = short_forms[static_cast<size_t>(c - 8)];
    }
    if (c == '"') expected = "\\\"";
    if (c == '\\') expected = "\\\\";
    // At every place of the eight-byte steps, between bytes that a sloppy test of eight at once takes for others.
    for (size_t before = 0; before < 18; ++before) {
      const std::string lead(before, before % 2 == 0 ? '#' : '\xa2');
      const std::string tail = "!\x7f]tail";
      EXPECT_EQ(string_text(lead + static_cast<char>(c) + tail), '"' + lead + expected + tail + '"') << c;
    }
  }
}

TEST(JsonWriter, StringsKeepTheirUtf8) {
  EXPECT_EQ(string_text(""), "\"\"");
  EXPECT_EQ(string_text("Zoë 日本 \xf0\x9f\x98\x80 \xe2\x80\xa8"), "\"Zoë 日本 \xf0\x9f\x98\x80 \xe2\x80\xa8\"");
  EXPECT_EQ(string_text(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
  EXPECT_EQ(string_text("</script>"), "\"</script>\"");
}

TEST(JsonWriter, RandomStringsAsANaiveWriterHasThem) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::string text(random() % 40, ' ');
    for (char& c : text) c = "ab\"\\\n\x01\x1f\x20\x7f\xc3\xa9#!]"[random() % 15];
    std::string expected = "\"";
    for (const char c : text)
      expected += c == '"' || c == '\\' ? std::string{'\\', c}
                  : c == '\n'           ? std::string("\\n")
                  : c == 1              ? std::string("\\u0001")
                  : c == 0x1f           ? std::string("\\u001f")
                  : c == 0              ? std::string("\\u0000")
                                        : std::string(1, c);
    ASSERT_EQ(string_text(text), expected + '"');
  }
}

TEST(JsonWriter, KeepsCommas) {
  BytesWriter out;
  Writer writer(out);
  writer.begin_object();
  writer.key("a").integer(1).key("b").begin_array().end_array();
  writer.key("c").begin_array().null().boolean(true).boolean(false).number(1.5).string("x").end_array();
  writer.key("d").begin_object().end_object().key("e\"").raw("{\"raw\":[1,2]}").key("f").begin_array();
  writer.begin_object().key("g").null().end_object().begin_array().end_array().end_array();
  writer.end_object();
  EXPECT_EQ(out.view(),
            R"({"a":1,"b":[],"c":[null,true,false,1.5,"x"],"d":{},"e\"":{"raw":[1,2]},"f":[{"g":null},[]]})");
}

TEST(JsonWriter, WritesParsedValues) {
  std::string text = R"( { "a" : [ 1.0, -0, 1e3, "\u00e9\/" , { } , [ ] ], "b" : {"c":null,"d":true}, "a": 2 } )";
  Document document;
  ASSERT_TRUE(document.parse_in_place(text).ok());
  BytesWriter out;
  write_value(out, document.root());
  EXPECT_EQ(out.view(), R"({"a":[1,0,1000,"é/",{},[]],"b":{"c":null,"d":true},"a":2})");
  BytesWriter missing;
  Writer(missing).begin_array().value(Value()).value(document.root()["b"]["d"]).end_array();
  EXPECT_EQ(missing.view(), "[null,true]");
}

TEST(JsonWriter, KeepsTheDigitsOfLongNumbersIfAsked) {
  const std::string json =
      R"({"id":9007199254740993,"n":[-9007199254740993,18446744073709551615,123456789012345678901234567890,)"
      R"(-9223372036854775808,0.1234567890123456789,1.00000000000000000001e-300,999999999999999,1e3,-0,7],)"
      R"("s":"9007199254740993","9007199254740993":{"a":1234567890123456789},"last":1234567890123456789})";
  std::string text = json;
  Document document;
  ASSERT_TRUE(document.parse_in_place(text).ok());
  BytesWriter exact;
  write_exact(exact, document.root());
  std::string expected = json;
  expected.replace(expected.find("1e3,-0"), 6, "1000,0");
  EXPECT_EQ(exact.view(), expected);
  BytesWriter rounded;
  Writer(rounded).begin_array().value(document.root()["id"]).exact(document.root()["id"]).end_array();
  EXPECT_EQ(rounded.view(), "[9007199254740992,9007199254740993]");
}

}  // namespace
}  // namespace matchbus::json

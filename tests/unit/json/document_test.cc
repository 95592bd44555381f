#include "json/document.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "json/writer.h"

namespace matchbus::json {
namespace {

// A document over a block of exactly the text's size, so that AddressSanitizer sees a byte read or written beyond.
struct Parsed {
  explicit Parsed(std::string_view source, size_t max_depth = Document::kMaxDepth)
      : text(new char[source.size()]), size(source.size()), document(max_depth) {
    std::memcpy(text.get(), source.data(), size);
    const Result<void> result = document.parse_in_place({text.get(), size});
    error = result.ok() ? "" : result.error().message;
  }
  bool ok() const { return error.empty(); }
  Value root() const { return document.root(); }
  std::string written() const {
    BytesWriter out;
    write_value(out, root());
    return std::string(out.view());
  }
  std::unique_ptr<char[]> text;
  size_t size;
  Document document;
  std::string error;
};

std::string string_of(std::string_view source) {
  const Parsed parsed(source);
  EXPECT_EQ(parsed.error, "") << source;
  return std::string(parsed.root().string().value_or("not a string"));
}

TEST(JsonDocument, NothingParsedNothingThere) {
  const Document document;
  EXPECT_FALSE(document.root().exists());
}

TEST(JsonDocument, Scalars) {
  EXPECT_TRUE(Parsed("null").root().is_null());
  EXPECT_EQ(Parsed(" true ").root().boolean(), true);
  EXPECT_EQ(Parsed("false").root().boolean(), false);
  EXPECT_EQ(Parsed("12").root().number(), 12.0);
  EXPECT_EQ(Parsed("\t-0.5e1\r\n").root().number(), -5.0);
  EXPECT_EQ(string_of("\"\""), "");
  EXPECT_EQ(string_of("\"hello\""), "hello");
}

TEST(JsonDocument, OtherTypesReadAsAbsent) {
  const Parsed parsed(R"({"n":1,"s":"1","b":true,"z":null,"a":[],"o":{}})");
  const Value root = parsed.root();
  EXPECT_EQ(root["s"].number(), std::nullopt);
  EXPECT_EQ(root["s"].integer(0, 9), std::nullopt);
  EXPECT_EQ(root["n"].string(), std::nullopt);
  EXPECT_EQ(root["n"].boolean(), std::nullopt);
  EXPECT_EQ(root["z"].string(), std::nullopt);
  EXPECT_EQ(root["a"].number(), std::nullopt);
  EXPECT_FALSE(root["a"]["x"].exists());
  EXPECT_FALSE(root["o"].at(0).exists());
  EXPECT_FALSE(root["s"].first().exists());
  EXPECT_EQ(root["s"].size(), 0U);
  EXPECT_FALSE(root["absent"].exists());
  EXPECT_FALSE(root["absent"]["deeper"].at(3).exists());
  EXPECT_FALSE(Value().after(Value()).exists());
}

TEST(JsonDocument, Integers) {
  const auto integer = [](std::string_view text, int64_t low, int64_t high) {
    return Parsed(text).root().integer(low, high);
  };
  EXPECT_EQ(integer("5", 0, 5), 5);
  EXPECT_EQ(integer("5.0", 0, 5), 5);
  EXPECT_EQ(integer("5e0", 5, 5), 5);
  EXPECT_EQ(integer("-3", -3, 5), -3);
  EXPECT_EQ(integer("6", 0, 5), std::nullopt);
  EXPECT_EQ(integer("-1", 0, 5), std::nullopt);
  EXPECT_EQ(integer("4.5", 0, 5), std::nullopt);
  EXPECT_EQ(integer("1e300", INT64_MIN, INT64_MAX), std::nullopt);
  EXPECT_EQ(integer("9223372036854775807", INT64_MIN, INT64_MAX), std::nullopt);  // 2^63 as a double
  EXPECT_EQ(integer("9223372036854774784", INT64_MIN, INT64_MAX), 9223372036854774784);
  EXPECT_EQ(integer("-9223372036854775808", INT64_MIN, INT64_MAX), INT64_MIN);
}

TEST(JsonDocument, Objects) {
  const Parsed parsed(R"({"a":{"x":[1,2,{"y":3}]},"b":2,"":0})");
  const Value root = parsed.root();
  EXPECT_EQ(root.size(), 3U);
  EXPECT_EQ(root["a"]["x"].at(2)["y"].number(), 3.0);
  EXPECT_EQ(root["b"].number(), 2.0);
  EXPECT_EQ(root[""].number(), 0.0);
  EXPECT_FALSE(root["x"].exists()) << "members of members are not members";
  EXPECT_FALSE(root["y"].exists());
}

TEST(JsonDocument, LastOfEqualKeysWins) {
  const Parsed parsed(R"({"a":1,"b":{"a":9},"a":2,"\u0061":3,"A":4})");
  EXPECT_EQ(parsed.root()["a"].number(), 3.0);
}

TEST(JsonDocument, NoKeyIsSpecial) {
  const Parsed parsed(R"({"__proto__":{"admin":true},"constructor":1,"a\u0000b":2})");
  EXPECT_EQ(parsed.root()["__proto__"]["admin"].boolean(), true);
  EXPECT_FALSE(parsed.root()["admin"].exists());
  EXPECT_FALSE(parsed.root()["toString"].exists());
  EXPECT_EQ(parsed.root()["constructor"].number(), 1.0);
  EXPECT_EQ(parsed.root()[std::string_view("a\0b", 3)].number(), 2.0);
  EXPECT_FALSE(parsed.root()["a"].exists());
}

TEST(JsonDocument, Walks) {
  const Parsed parsed(R"([[1,[2]],{"k":[3],"l":4},5])");
  std::vector<Type> types;
  for (Value v = parsed.root().first(); v.exists(); v = parsed.root().after(v)) types.push_back(v.type());
  EXPECT_EQ(types, (std::vector<Type>{Type::kArray, Type::kObject, Type::kNumber}));
  const Value object = parsed.root().at(1);
  std::vector<std::string> texts;
  for (Value v = object.first(); v.exists(); v = object.after(v)) {
    BytesWriter out;
    write_value(out, v);
    texts.emplace_back(out.view());
  }
  EXPECT_EQ(texts, (std::vector<std::string>{"\"k\"", "[3]", "\"l\"", "4"}));
  EXPECT_FALSE(Parsed("[]").root().first().exists());
  EXPECT_EQ(parsed.root().at(2).number(), 5.0);
  EXPECT_FALSE(parsed.root().at(3).exists());
}

TEST(JsonDocument, Escapes) {
  EXPECT_EQ(string_of(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(string_of(R"("\u0041\u00e9\u20ac\ud83d\ude00\uD83D\uDE00")"),
            "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
  EXPECT_EQ(string_of(R"("a\u0000b")"), std::string("a\0b", 3));
  EXPECT_EQ(string_of("\"long enough to be taken in steps of eight\\nand \\u00fc a rest of more than eight\""),
            "long enough to be taken in steps of eight\nand \xc3\xbc a rest of more than eight");
}

TEST(JsonDocument, Utf8StaysAsItIs) {
  // The edges of RFC 3629's table.
  for (const std::string text : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    for (size_t before = 0; before < 10; ++before) {
      const std::string padded = std::string(before, 'x') + text;
      EXPECT_EQ(string_of('"' + padded + '"'), padded);
    }
  }
}

TEST(JsonDocument, RefusesBadUtf8) {
  for (const std::string text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe"}) {
    for (size_t before = 0; before < 10; ++before) {
      EXPECT_FALSE(Parsed('"' + std::string(before, 'x') + text + "\"").ok());
      EXPECT_FALSE(Parsed('"' + std::string(before, 'x') + text).ok());
      EXPECT_FALSE(Parsed('"' + std::string(before, 'x') + text + "\\n\"").ok());
    }
  }
}

TEST(JsonDocument, HalfASurrogatePairIsTheReplacementCharacter) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("\ud83d")", "\ufffd"},
      {R"("\uDE00")", "\ufffd"},
      {R"("a\ud83dx")", "a\ufffdx"},
      {R"("\ud83d\u0041")", "\ufffdA"},
      {R"("\ude00\ud83d")", "\ufffd\ufffd"},
      {R"("\ud83d\ud83d\ude00")", "\ufffd\U0001f600"},
      {R"("\uD83D\uDE00\udfff")", "\U0001f600\ufffd"},
      {R"("\\ud83d")", "\\ud83d"},  // a backslash, and then letters
      {R"("\\\ud83d")", "\\\ufffd"},
      {R"("\ud7ff\ue000")", "\ud7ff\ue000"},
  };
  for (const auto& [json, text] : cases) EXPECT_EQ(Parsed(json).root().string(), text) << json;
  EXPECT_EQ(Parsed(R"({"\udc00":1})").root()["\ufffd"].number(), 1);
  for (const char* torn : {R"("\ud83)", R"("\ud83d)", R"("\)", R"("\ud83")", R"("\ud8zz")"})
    EXPECT_FALSE(Parsed(torn).ok());
}

TEST(JsonDocument, RefusesWhatIsNoJson) {
  for (const std::string_view text :
       {"",          " ",           "{",         "}",         "[",        "]",         "[1",         "[1,",
        "[1,]",      "[,1]",        "{\"a\"",    "{\"a\":",   "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
        "{'a':1}",   "{1:1}",       "{\"a\" 1}", "[1 2]",     "1 2",      "{}{}",      "[]]",        "nul",
        "nulll",     "tru",         "True",      "undefined", "NaN",      "Infinity",  "-Infinity",  "-",
        "+1",        "01",          "-01",       ".5",        "1.",       "1.e3",      "1e",         "1e+",
        "0x10",      "1_000",       "\"",        "\"a",       "\"\\\"",   "\"\\",      "\"\\x41\"",  "\"\\u\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"",  "\"a\tb\"",  "'a'",      "/*c*/1",    "1//c",       "\xef\xbb\xbf{}",
        "[1}",       "{\"a\":1]"}) {
    const Parsed parsed(text);
    EXPECT_FALSE(parsed.ok()) << text;
    EXPECT_FALSE(parsed.root().exists()) << text;
  }
}

TEST(JsonDocument, ANulIsNoEnd) {
  for (const std::string_view text :
       {std::string_view("{}\0", 3), std::string_view("\0", 1), std::string_view("1\0", 2),
        std::string_view("[1\0]", 4), std::string_view("{}\0{}", 5), std::string_view("\"a\0b\"", 5),
        std::string_view("[\0\0\0", 4)}) {
    EXPECT_FALSE(Parsed(text).ok());
  }
}

TEST(JsonDocument, ErrorsNameTheOffset) {
  EXPECT_EQ(Parsed("{\"a\":1,}").error, "Missing a name for object member (at byte 7)");
  EXPECT_EQ(Parsed("[1,2] x").error, "The document root must not be followed by other values (at byte 6)");
}

TEST(JsonDocument, DepthIsLimited) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(Parsed(nested(64)).ok());
  EXPECT_EQ(Parsed(nested(65)).error, "Nested too deep (at byte 64)");
  EXPECT_FALSE(Parsed(std::string(1'000'000, '[')).ok());
  EXPECT_TRUE(Parsed("[[1]]", 2).ok());
  EXPECT_FALSE(Parsed("[{\"a\":[1]}]", 2).ok());
  EXPECT_TRUE(Parsed("[[],[],[[]]]", 3).ok());
}

TEST(JsonDocument, NumbersAreExact) {
  for (const char* text :
       {"0", "1", "0.1", "1e22", "1e23", "9007199254740993", "18446744073709551615", "18446744073709551616",
        "123456789012345678901234567890", "2.2250738585072011e-308", "5e-324", "1.7976931348623157e308",
        "1480329999451498042611714812798071209885e-281",
        "0.000000000000000000000000000000000000000000000000000000000000000000000001e72",
        "9007199254740992.9999999999999999999999999999", "-1.5e-7", "100000000000000000000000e-23"}) {
    double expected = 0;
    std::from_chars(text, text + std::strlen(text), expected);
    EXPECT_EQ(Parsed(text).root().number(), expected) << text;
    EXPECT_EQ(Parsed("[" + std::string(text) + ",1]").root().at(0).number(), expected) << text;
  }
  EXPECT_EQ(Parsed("1e-400").root().number(), 0.0);
  EXPECT_EQ(Parsed("0e5").root().number(), 0.0);
}

TEST(JsonDocument, LongNumbersHaveTheirText) {
  Document document;
  std::string text = R"([1,123456789012345,-1.5,[9007199254740993, -0.12345678901234567890 ],1234567890123456789,"x"])";
  ASSERT_TRUE(document.parse_in_place(text).ok());
  const Value root = document.root();
  ASSERT_EQ(root.size(), 6u);
  for (const size_t i : {0u, 1u, 2u, 5u}) EXPECT_EQ(root.at(i).number_text(), "") << i;
  const Value inner = root.at(3);
  EXPECT_EQ(inner.size(), 2u);
  EXPECT_EQ(inner.at(0).number_text(), "9007199254740993");
  EXPECT_EQ(inner.at(0).number(), 9007199254740992.0);
  EXPECT_EQ(inner.after(inner.first()).number_text(), "-0.12345678901234567890");
  EXPECT_FALSE(inner.after(inner.at(1)).exists());
  EXPECT_EQ(root.at(4).number_text(), "1234567890123456789");
  EXPECT_FALSE(root.at(4).string());
  EXPECT_EQ(root.after(root.at(4)).string(), "x");
  std::string alone = "12345678901234567890";
  ASSERT_TRUE(document.parse_in_place(alone).ok());
  EXPECT_EQ(document.root().number_text(), "12345678901234567890");
  EXPECT_EQ(Value().number_text(), "");
}

TEST(JsonDocument, ReadsNumbersBeyondDoubleAsNull) {
  for (const std::string& text : {std::string("1e999"), std::string("-1e999"), std::string("1.8e308"),
                                  std::string("1E+309"), std::string(400, '9'), "1" + std::string(310, '0') + ".5",
                                  std::string("1e99999999999"), std::string("1e99999999999999999999999"),
                                  "1" + std::string(400, '0') + "e-9", "0." + std::string(400, '0') + "1e800"}) {
    EXPECT_TRUE(Parsed(text).root().is_null()) << text;
    // What stands around it stays.
    const Parsed parsed("[\"" + text + "\", \"\\\"" + text + "\", " + text + ",{\"a\":" + text + "} ,5]");
    ASSERT_EQ(parsed.root().size(), 5U) << text << parsed.error;
    EXPECT_EQ(parsed.root().at(0).string(), text);
    EXPECT_EQ(parsed.root().at(1).string(), "\"" + text);
    EXPECT_TRUE(parsed.root().at(2).is_null());
    EXPECT_TRUE(parsed.root().at(3)["a"].is_null());
    EXPECT_EQ(parsed.root().at(4).number(), 5);
  }
}

TEST(JsonDocument, ReadsNumbersOfManyDigits) {
  const std::string zeros(400, '0');
  EXPECT_EQ(Parsed("1" + zeros + "e-200").root().number(), 1e200);
  EXPECT_EQ(Parsed("[1" + zeros + ".5e-400]").root().at(0).number(), 1);
  EXPECT_EQ(Parsed("0." + zeros + "1e401").root().number(), 1);
  EXPECT_EQ(Parsed("0." + zeros + "1e10").root().number(), 0);
  EXPECT_EQ(Parsed("1e-99999999999999999999999").root().number(), 0);
  EXPECT_EQ(Parsed("0e999").root().number(), 0);
}

TEST(JsonDocument, RefusesWhatIsNoNumber) {
  const std::string nines(400, '9');
  for (const auto& text : std::vector<std::string>{"+" + nines, "-", "1e", nines + "e", "." + nines, nines + ".",
                                                   "-e400", "-." + nines, "0" + nines, "01e400", "1e400e400", "1e400-"})
    EXPECT_FALSE(Parsed("[" + text + "]").ok()) << text;
}

TEST(JsonDocument, RandomNumbersAreExact) {
  std::mt19937_64 random(1);
  Document document;
  for (int i = 0; i < 100'000; ++i) {
    std::string text = std::to_string((random() >> (1 + random() % 62)) + 1);
    if (random() % 2 == 0) text += std::to_string(random());
    if (random() % 2 == 0) text += '.' + std::to_string(random() >> (random() % 64));
    if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 600) - 330);
    double expected = 0;
    const bool fits = std::from_chars(text.data(), text.data() + text.size(), expected).ec == std::errc();
    std::string copy = text;
    const bool ok = document.parse_in_place(copy).ok();
    ASSERT_TRUE(ok) << text;
    if (fits) {
      ASSERT_EQ(document.root().number(), expected) << text;
    } else if (!document.root().is_null()) {
      ASSERT_EQ(document.root().number(), 0.0) << text;
    }
  }
}

TEST(JsonDocument, IsUsedAgain) {
  Document document;
  std::string first = R"({"a":["x","y"]})";
  ASSERT_TRUE(document.parse_in_place(first).ok());
  const std::string_view kept = *document.root()["a"].at(0).string();
  std::string second = "[1";
  EXPECT_FALSE(document.parse_in_place(second).ok());
  EXPECT_FALSE(document.root().exists());
  std::string third = "[1]";
  ASSERT_TRUE(document.parse_in_place(third).ok());
  EXPECT_EQ(document.root().at(0).number(), 1.0);
  EXPECT_EQ(kept, "x") << "strings live as long as their text";
}

TEST(JsonDocument, LargeTexts) {
  std::string text = "[";
  for (int i = 0; i < 100'000; ++i) text += "1,";
  text += "{}]";
  Document document;
  ASSERT_TRUE(document.parse_in_place(text).ok());
  EXPECT_EQ(document.root().size(), 100'001U);
  std::string small = "[2]";
  ASSERT_TRUE(document.parse_in_place(small).ok());
  EXPECT_EQ(document.root().at(0).number(), 2.0);
  const std::string digits = "0." + std::string(5'000, '3');
  EXPECT_EQ(Parsed(digits).root().number(), 1.0 / 3);
}

// Random documents, printed with random white space and escapes, read as what they were made of: their text in
// ECMAScript's form, which a naive printer makes along the way.
class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  std::string loose;  // with white space and needless escapes
  std::string exact;  // as JSON.stringify has it

  void value(int depth) {
    space();
    switch (random_() % (depth > 0 ? 7 : 5)) {
      case 0:
        both("null");
        break;
      case 1:
        both(random_() % 2 == 0 ? "true" : "false");
        break;
      case 2:
        both(std::to_string(static_cast<int64_t>(random_()) / (1 << (random_() % 20)) % 1'000'000));
        break;
      case 3:
        both(std::to_string(random_() % 100) + ".5");
        break;
      case 4:
        string();
        break;
      case 5:
        container('[', ']', false, depth);
        break;
      default:
        container('{', '}', true, depth);
    }
    space();
  }

 private:
  void both(const std::string& text) {
    loose += text;
    exact += text;
  }
  void space() {
    while (random_() % 4 == 0) loose += " \t\r\n"[random_() % 4];
  }
  void string() {
    static const std::vector<std::pair<std::string, std::string>> kCharacters = {{"a", "a"},
                                                                                 {"\\u0062", "b"},
                                                                                 {"é", "é"},
                                                                                 {"\\u00E9", "é"},
                                                                                 {"\\\"", "\\\""},
                                                                                 {"\\/", "/"},
                                                                                 {"\\u005c", "\\\\"},
                                                                                 {"日", "日"},
                                                                                 {"/", "/"},
                                                                                 {"\\ud83d\\ude00", "😀"},
                                                                                 {"\\n", "\\n"},
                                                                                 {"\\u0001", "\\u0001"},
                                                                                 {"plain text", "plain text"}};
    both("\"");
    for (size_t n = random_() % 12; n > 0; --n) {
      const auto& [source, result] = kCharacters[random_() % kCharacters.size()];
      loose += source;
      exact += result;
    }
    both("\"");
  }
  void container(char open, char close, bool keys, int depth) {
    both(std::string(1, open));
    space();
    for (size_t n = random_() % 5; n > 0; --n) {
      if (keys) {
        space();
        string();
        space();
        both(":");
      }
      value(depth - 1);
      if (n > 1) both(",");
    }
    both(std::string(1, close));
  }
  std::mt19937 random_;
};

TEST(JsonDocument, RandomDocumentsReadAsTheyWereMade) {
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    RandomJson json(seed);
    json.value(5);
    const Parsed parsed(json.loose);
    ASSERT_EQ(parsed.error, "") << json.loose;
    ASSERT_EQ(parsed.written(), json.exact) << json.loose;
  }
}

// No prefix of an object is an object, and no changed byte leads beyond the text (AddressSanitizer watches).
TEST(JsonDocument, PrefixesAndMutationsAreHarmless) {
  std::mt19937 random(2);
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomJson json(seed);
    json.value(4);
    const std::string text = "{\"k\":" + json.loose + "}";
    for (size_t size = 0; size < text.size(); ++size) EXPECT_FALSE(Parsed(text.substr(0, size)).ok());
    for (int i = 0; i < 50; ++i) {
      std::string mutated = text;
      mutated[random() % mutated.size()] = static_cast<char>(random());
      const Parsed parsed(mutated);
      if (!parsed.ok()) continue;
      const Parsed again(parsed.written());
      ASSERT_TRUE(again.ok());
      ASSERT_EQ(again.written(), parsed.written());
    }
  }
}

}  // namespace
}  // namespace matchbus::json

#include "base/printable.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace matchbus {
namespace {

std::string utf8(char32_t value) {
  std::string out;
  if (value < 0x80) return out += static_cast<char>(value);
  if (value < 0x800) {
    out += static_cast<char>(0xC0 | (value >> 6));
  } else {
    out += static_cast<char>(0xE0 | (value >> 12));
    out += static_cast<char>(0x80 | (value >> 6 & 0x3F));
  }
  return out += static_cast<char>(0x80 | (value & 0x3F));
}

TEST(Printable, PlainTextStays) {
  for (const char* text : {"", "a b~", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xd7\xa9\xd7\x9c", "\\x1b"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, NoControlCharacterComesThrough) {
  for (char32_t value = 0; value < 0xA0; ++value) {
    if (value >= 0x20 && value < 0x7F) continue;
    for (const char c : printable("a" + utf8(value) + "b")) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << uint32_t{value};
  }
  EXPECT_EQ(printable("\x1b[2J\r\n"), "\\x1b[2J\\x0d\\x0a");
  EXPECT_EQ(printable(utf8(0x9B) + "2J"), "\\u009b2J");
}

TEST(Printable, NothingTurnsTheDirection) {
  for (const char32_t value : {0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066,
                               0x2067, 0x2068, 0x2069}) {
    const std::string said = printable("a" + utf8(value));
    EXPECT_EQ(said.size(), 7U) << uint32_t{value};
    EXPECT_TRUE(said.starts_with("a\\u")) << said;
  }
  for (const char32_t value : {0x061B, 0x061D, 0x200D, 0x2010, 0x2027, 0x202F, 0x2065, 0x206A})
    EXPECT_EQ(printable(utf8(value)), utf8(value)) << uint32_t{value};
}

TEST(Printable, BytesThatAreNoCharacterAreShownAsBytes) {
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "\\x9b2J");
  EXPECT_EQ(printable("\xc0\x9b"), "\\xc0\\x9b") << "overlong";
  EXPECT_EQ(printable("\xe0\x82\x9b"), "\\xe0\\x82\\x9b") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82") << "cut";
  EXPECT_EQ(printable("\xe2\xff\xac"), "\\xe2\\xff\\xac");
}

TEST(Printable, LinesAndJsonKeepTheirBreaks) {
  EXPECT_EQ(printable("a\n\tb\r\x7f", PrintableAs::kLines), "a\n\tb\\x0d\\x7f");
  EXPECT_EQ(printable("\"a\x7f\"\n\t\x1b" + utf8(0x202E) + "\xff", PrintableAs::kJson),
            "\"a\\u007f\"\n\t\\u001b\\u202e\\ufffd");
}

}  // namespace
}  // namespace matchbus
